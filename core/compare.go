package core

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/fusemoe/fusemoe/core/checkpoint"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report"
)

// Compare measures every further run against the first one, task by task, on the test
// samples that both have: paired differences with intervals by bootstrap over patients.
//
// A path is a run folder, the folder of one seed, or a CSV file of predictions such as
// a run's predictions.csv, which any other program may have written; at least one is a
// folder, which says what the tasks are. The seeds of a run count by their mean, unless
// it has their ensemble, which is what it predicts with.
func Compare(ctx context.Context, paths []string, resamples int, with ...Option) (all []report.Comparison, err error) {
	defer recovered("compare", &err)
	runs, err := testedRuns(paths)
	if err != nil {
		return nil, err
	}
	o := newOptions(with)
	for i, run := range runs[1:] {
		stage := o.progress.Stage("compare "+filepath.Base(paths[i+1]), 0)
		found, err := runs[0].against(run, resamples)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		stage.Done()
	}
	return all, nil
}

// testedRuns reads runs, the folders first: they say what the tasks are.
func testedRuns(paths []string) (runs []tested, err error) {
	if len(paths) < 2 {
		return nil, errors.New("there must be two runs at least")
	}
	runs = make([]tested, len(paths))
	var tasks []eval.Task
	for i, path := range paths {
		if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
			if runs[i], err = testedIn(path); err != nil {
				return nil, err
			}
			if tasks == nil {
				tasks = runs[i].tasks
			}
		}
	}
	if tasks == nil {
		return nil, errors.New("at least one of them must be the folder of a run: it says what the tasks are")
	}
	for i, path := range paths {
		if runs[i].seeds == nil {
			if runs[i], err = testedFile(path, tasks); err != nil {
				return nil, err
			}
		}
	}
	return runs, nil
}

// tested is what one run predicted of its test samples.
type tested struct {
	path  string
	tasks []eval.Task
	seeds []testedSeed
}

type testedSeed struct {
	ids         []string
	predictions []eval.Predictions // by task
	thresholds  [][]float64        // by task; nil where unknown
}

// testedIn reads a run folder or that of one of its seeds.
func testedIn(dir string) (tested, error) {
	run := tested{path: dir}
	folders := []string{dir}
	if !hasCheckpoint(dir) {
		seeds, err := seedsIn(dir)
		if err != nil {
			return run, err
		}
		if len(seeds) == 0 {
			return foldsIn(dir)
		}
		folders = folders[:0]
		for _, seed := range seeds {
			folders = append(folders, seedFolder(dir, seed))
		}
	}
	for _, folder := range folders {
		m, _, err := checkpoint.Load(filepath.Join(folder, checkpointFolder))
		if err != nil {
			return run, err
		}
		run.tasks = evalTasks(m.Tasks)
		seed, err := readPredictions(filepath.Join(folder, predictionsFile), run.tasks)
		if err != nil {
			return run, err
		}
		for _, t := range m.Tasks {
			seed.thresholds = append(seed.thresholds, t.Thresholds)
		}
		run.seeds = append(run.seeds, seed)
	}
	together := filepath.Join(dir, predictionsFile)
	if _, err := os.Stat(together); len(folders) > 1 && err == nil {
		return testedFile(together, run.tasks)
	}
	return run, nil
}

// foldsIn reads the folder of a run over several folds, whose predictions are pooled.
func foldsIn(dir string) (run tested, err error) {
	first, err := repetitionIn(dir)
	if err != nil {
		return run, err
	}
	inside, err := testedIn(first)
	if err != nil {
		return run, err
	}
	if run, err = testedFile(filepath.Join(dir, predictionsFile), inside.tasks); errors.Is(err, fs.ErrNotExist) {
		return run, fmt.Errorf("%s has no predictions of all folds together: with several seeds it needs run.ensemble: true; "+
			"compare one repetition, such as %s", dir, first)
	}
	run.path = dir
	return run, err
}

// testedFile reads a file of predictions that some program has written.
func testedFile(path string, tasks []eval.Task) (tested, error) {
	seed, err := readPredictions(path, tasks)
	seed.thresholds = make([][]float64, len(tasks))
	return tested{path: path, tasks: tasks, seeds: []testedSeed{seed}}, err
}

func readPredictions(path string, tasks []eval.Task) (seed testedSeed, err error) {
	f, err := os.Open(path)
	if err != nil {
		return seed, fmt.Errorf("read predictions: %w", err)
	}
	seed.ids, seed.predictions, err = report.ReadPredictions(f, tasks)
	if err = errors.Join(err, f.Close()); err != nil {
		return seed, fmt.Errorf("%s: %w", path, err)
	}
	return seed, nil
}

// evalTasks are the tasks of a checkpoint.
func evalTasks(tasks []checkpoint.Task) []eval.Task {
	all := make([]eval.Task, len(tasks))
	for i, t := range tasks {
		all[i] = eval.Task{Name: t.Name, Kind: eval.Kind(t.Kind), Columns: t.Columns, Classes: t.Classes}
	}
	return all
}

// against compares the tasks that both runs have.
func (a tested) against(b tested, resamples int) ([]report.Comparison, error) {
	common := a.common(b)
	if len(common) == 0 {
		return nil, fmt.Errorf("%s and %s have no test sample in common", a.path, b.path)
	}
	var all []report.Comparison
	for i, task := range a.tasks {
		j := slices.IndexFunc(b.tasks, func(t eval.Task) bool { return sameTask(t, task) })
		if j < 0 {
			continue
		}
		left, right := a.contender(i, common), b.contender(j, common)
		for _, p := range slices.Concat(left.Seeds, right.Seeds) {
			if !slices.EqualFunc(p.Labels, left.Seeds[0].Labels, sameLabel) || !slices.Equal(p.Patients, left.Seeds[0].Patients) {
				return nil, fmt.Errorf("%s and %s disagree about the patients or labels of the same samples: they were not tested on the same dataset",
					a.path, b.path)
			}
		}
		all = append(all, report.Comparison{
			A: a.path, B: b.path, SeedsA: len(a.seeds), SeedsB: len(b.seeds), Task: task.Name,
			Samples: len(common), LeftOut: max(len(a.seeds[0].ids), len(b.seeds[0].ids)) - len(common),
			Differences: eval.Compare(left, right, eval.Options{Resamples: resamples, Seed: bootstrapSeed}),
		})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s and %s have no task in common", a.path, b.path)
	}
	return all, nil
}

func sameTask(a, b eval.Task) bool {
	return a.Name == b.Name && a.Kind == b.Kind && slices.Equal(a.Columns, b.Columns) && slices.Equal(a.Classes, b.Classes)
}

func sameLabel(a, b float32) bool { return a == b || a != a && b != b }

// common are the samples that every seed of both runs has, in the order of the first.
func (a tested) common(b tested) []string {
	seeds := slices.Concat(a.seeds, b.seeds)
	count := map[string]int{}
	for _, s := range seeds {
		for _, id := range s.ids {
			count[id]++
		}
	}
	return slices.DeleteFunc(slices.Clone(a.seeds[0].ids), func(id string) bool { return count[id] < len(seeds) })
}

// contender is a task of a run on the given samples.
func (a tested) contender(task int, ids []string) eval.Contender {
	var c eval.Contender
	for _, s := range a.seeds {
		at := map[string]int{}
		for i, id := range s.ids {
			at[id] = i
		}
		from := s.predictions[task]
		p := eval.Predictions{Task: from.Task}
		columns, outputs := len(from.Columns), from.Outputs()
		for _, id := range ids {
			i := at[id]
			p.Patients = append(p.Patients, from.Patients[i])
			p.Labels = append(p.Labels, from.Labels[i*columns:(i+1)*columns]...)
			p.Scores = append(p.Scores, from.Scores[i*outputs:(i+1)*outputs]...)
		}
		c.Seeds = append(c.Seeds, p)
		thresholds := s.thresholds[task]
		if thresholds == nil {
			thresholds = slices.Repeat([]float64{math.NaN()}, columns)
		}
		c.Thresholds = append(c.Thresholds, thresholds)
	}
	return c
}
