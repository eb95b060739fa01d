package core

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
)

// splitsFile holds the splits of a repetition, in its folder.
const splitsFile = "splits.csv"

// repetition is one division of the samples into splits. In the run folder it has a
// folder of its name, which is a run folder itself.
type repetition struct {
	name    string
	dataset *data.Dataset
}

// repetitionIn is the folder of the first repetition of a run that has several.
func repetitionIn(dir string) (string, error) {
	for _, pattern := range []string{"fold-1", "splits-*"} {
		if found, err := filepath.Glob(filepath.Join(dir, pattern)); err == nil && len(found) > 0 {
			return found[0], nil
		}
	}
	return "", fmt.Errorf("%s holds no trained model; give the folder that `fusemoe run` wrote", dir)
}

// divide gives the samples the splits that the config asks for.
func (rt *Runtime) divide() error {
	c := rt.config.Data
	switch {
	case c.Folds > 0:
		task := rt.dataset.Tasks[0].Name
		if len(c.Tasks) > 0 {
			task = c.Tasks[0]
		}
		folds, err := rt.dataset.Folds(c.Folds, task)
		if err != nil {
			return fmt.Errorf("data.folds: %w", err)
		}
		for i, d := range folds {
			rt.repetitions = append(rt.repetitions, repetition{fmt.Sprintf("fold-%d", i+1), d})
		}
	default:
		for _, path := range c.Splits {
			d, err := rt.dataset.WithSplits(path)
			if err != nil {
				return fmt.Errorf("data.splits: %w", err)
			}
			name := "splits-" + strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
			for _, r := range rt.repetitions {
				if r.name == name {
					return fmt.Errorf("data.splits: two files are called %s; rename one", filepath.Base(path))
				}
			}
			rt.repetitions = append(rt.repetitions, repetition{name, d})
		}
	}
	if len(rt.repetitions) > 0 {
		rt.dataset = rt.repetitions[0].dataset
	}
	if len(rt.repetitions) == 1 {
		rt.repetitions = nil
	}
	return nil
}

// repeat runs every repetition in a folder of its own and summarises them.
func (rt *Runtime) repeat(ctx context.Context, dir string) (*Summary, error) {
	folder, err := rt.takeFolder(dir, true)
	if err != nil {
		return nil, err
	}
	defer folder.release()
	if !rt.resume {
		if err := folder.begin(rt.config.WriteYAML); err != nil {
			return nil, folder.end(nil, nil, err)
		}
	}
	// As the folder has it, so that those of the repetitions are the same when the run was
	// resumed, comments and all.
	kept, err := config.Load(config.Sources{File: filepath.Join(dir, configFile)})
	if err != nil {
		return nil, folder.end(nil, nil, err)
	}
	whole := &Summary{Dir: dir}
	var pooled pool
	for i, r := range rt.repetitions {
		summary, one, err := rt.runRepetition(ctx, r, *kept, filepath.Join(dir, r.name))
		if err != nil {
			return nil, rt.unfinished(folder, i, err)
		}
		whole.join(summary)
		pooled.add(r.dataset, one)
	}
	if rt.config.Data.Folds > 0 && pooled.of != nil {
		if err := rt.writePooled(ctx, &pooled, whole); err != nil {
			return nil, rt.unfinished(folder, len(rt.repetitions), err)
		}
	}
	return whole, whole.write()
}

// runRepetition runs one repetition as a run of its own: its config names its splits, so
// that it can be looked at, resumed and predicted with like any other.
func (rt *Runtime) runRepetition(ctx context.Context, r repetition, settings config.Config, dir string) (*Summary, []*Evaluation, error) {
	one := *rt
	settings.Out, settings.Data.Folds, settings.Data.Splits = dir, 0, []string{filepath.Join(dir, splitsFile)}
	one.config, one.dataset, one.repetitions, one.learner = &settings, r.dataset, nil, nil
	one.progress = named{rt.progress, r.name}
	if err := one.describe(); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", r.name, err)
	}
	if _, err := os.Stat(filepath.Join(dir, configFile)); err != nil && rt.resume {
		// This one was not begun, or only just: the folder may be there.
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", r.name, err)
		}
		if err := writeFile(filepath.Join(dir, configFile), settings.WriteYAML); err != nil {
			return nil, nil, err
		}
	}
	summary, evaluations, err := one.runOnce(ctx, dir)
	if one.learner != nil {
		err = errors.Join(err, one.learner.close())
	}
	return summary, evaluations, err
}

// keepSplits writes the splits of a repetition where its config says that they are.
func (rt *Runtime) keepSplits(dir string) error {
	path := filepath.Join(dir, splitsFile)
	if len(rt.config.Data.Splits) != 1 || rt.config.Data.Splits[0] != path {
		return nil
	}
	return writeFile(path, rt.dataset.WriteSplits)
}

// unfinished tells what the run folder keeps when repetition i did not end.
func (rt *Runtime) unfinished(folder *runFolder, i int, cause error) error {
	e := &UnfinishedError{Dir: folder.dir, Err: cause}
	for _, r := range rt.repetitions[:i] {
		e.Repetitions = append(e.Repetitions, r.name)
	}
	if inner := new(UnfinishedError); errors.As(cause, &inner) {
		e.Finished, e.Partial, e.Pretrained = inner.Finished, inner.Partial, inner.Pretrained
		e.Repetition, e.Err = rt.repetitions[i].name, inner.Err
	}
	if len(e.Repetitions)+e.seeds() == 0 {
		return folder.end(nil, nil, cause)
	}
	return e
}

// join adds the metrics of one more repetition.
func (s *Summary) join(more *Summary) {
	for i, r := range more.Results {
		if i == len(s.Results) {
			s.Results = append(s.Results, r)
			continue
		}
		s.Results[i].Runs = append(s.Results[i].Runs, r.Runs...)
		s.Results[i].Ensembles = append(s.Results[i].Ensembles, r.Ensembles...)
	}
}

// pool gathers the test predictions of all folds: of every sample one, by a model that
// has not seen its patient.
type pool struct {
	ids []string
	of  []eval.Predictions // by task
}

func (p *pool) add(d *data.Dataset, evaluations []*Evaluation) {
	for _, e := range evaluations {
		if e.Split != data.Test {
			continue
		}
		for _, r := range d.Rows(data.Test) {
			p.ids = append(p.ids, d.IDs[r])
		}
		for t, more := range e.Predictions {
			if t == len(p.of) {
				p.of = append(p.of, eval.Predictions{Task: more.Task})
			}
			p.of[t].Patients = append(p.of[t].Patients, more.Patients...)
			p.of[t].Labels = append(p.of[t].Labels, more.Labels...)
			p.of[t].Scores = append(p.of[t].Scores, more.Scores...)
		}
	}
}

// writePooled measures the folds' predictions together, with intervals by bootstrap over
// patients, and writes them.
func (rt *Runtime) writePooled(ctx context.Context, p *pool, whole *Summary) error {
	stage := rt.progress.Stage("evaluate all folds", 0)
	for i, r := range whole.Results {
		for _, predictions := range p.of {
			if r.Split != data.Test.String() || r.Task != predictions.Name {
				continue
			}
			m := eval.Evaluate(predictions, eval.Options{Resamples: rt.config.Eval.Resamples, Seed: bootstrapSeed})
			whole.Results[i].Pooled = &m
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	stage.Done()
	return writePredictions(whole.Dir, p.ids, p.of)
}

// named is the progress of one of several repetitions.
type named struct {
	Progress
	name string
}

func (n named) Stage(name string, total int) Meter { return n.Progress.Stage(n.name+" "+name, total) }
