package core

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/report"
	"github.com/fusemoe/fusemoe/core/report/page"
)

// document is what the page of a run says. one has the evaluations that the details
// are about, of the validation and of the test split; subject says whose they are.
func (rt *Runtime) document(folder *runFolder, results []report.Result, one []*Evaluation, subject string) (page.Run, error) {
	r := page.Run{
		Name: filepath.Base(filepath.Clean(folder.dir)), Version: buildVersion(),
		Dataset: rt.describeDataset(), Modalities: rt.describeModalities(), Patterns: rt.patterns(), Model: rt.describeModel(),
	}
	if err := rt.describeSettings(&r, folder.dir); err != nil {
		return r, err
	}
	for _, seed := range rt.config.Train.Seeds {
		t, err := readTraining(folder.seed(seed))
		if err != nil {
			return r, err
		}
		t.Seed = seed
		r.Trainings = append(r.Trainings, t)
	}
	rows := rt.dataset.Rows(data.Test)
	groups, err := rt.subgroups(rows)
	if err != nil {
		return r, err
	}
	var ids []string
	for _, row := range rows {
		ids = append(ids, rt.dataset.IDs[row])
	}
	val, test := one[0], one[1]
	for i, p := range test.Predictions {
		tested := page.Tested{
			Subject: subject, IDs: ids, Val: val.Predictions[i], Test: p, Groups: groups,
			Resamples: rt.config.Eval.Resamples, Seed: bootstrapSeed,
			Thresholds: eval.Evaluate(val.Predictions[i], eval.Options{}).Thresholds(),
		}
		if test.Raw != nil {
			tested.Raw = &test.Raw[i]
		}
		ofTask := slices.DeleteFunc(slices.Clone(results), func(r report.Result) bool { return r.Task != p.Name })
		r.Tasks = append(r.Tasks, page.NewTask(ofTask, tested))
	}
	return r, nil
}

// buildVersion is what the Go command has stamped into the executable.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// describeSettings shows them as the run's folder has them: of a resumed run that tells where
// each came from.
func (rt *Runtime) describeSettings(r *page.Run, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, configFile))
	if err != nil {
		return fmt.Errorf("read the run's config: %w", err)
	}
	r.Settings = string(text)
	changed, err := rt.config.Changed()
	if err != nil {
		return err
	}
	for _, s := range changed {
		if s.Key != "out" && !strings.HasPrefix(s.Key, "log.") {
			r.Changed = append(r.Changed, page.Setting(s))
		}
	}
	return nil
}

var splits = []data.Split{data.Train, data.Val, data.Test}

func (rt *Runtime) describeDataset() page.Dataset {
	d := page.Dataset{Name: rt.dataset.Name, Window: rt.dataset.Window, TimeUnit: rt.dataset.TimeUnit}
	for _, split := range splits {
		rows := rt.dataset.Rows(split)
		patients := map[string]bool{}
		for _, r := range rows {
			patients[rt.dataset.Patients[r]] = true
		}
		s := page.Split{Name: split.String(), Samples: len(rows), Patients: len(patients)}
		for _, t := range rt.network.Tasks {
			s.Labels = append(s.Labels, rt.describeLabels(t, rows)...)
		}
		d.Splits = append(d.Splits, s)
	}
	return d
}

// describeLabels counts each label or class of a task, or averages its values.
func (rt *Runtime) describeLabels(t model.Task, rows []int) []page.Label {
	labels, err := rt.dataset.Labels(t.Name)
	task, taskErr := rt.dataset.Task(t.Name)
	if err != nil || taskErr != nil {
		panic(errTask)
	}
	counts := labelStatistics(t, labels, rows)
	none := page.Number(math.NaN())
	switch t.Kind {
	case model.Regression:
		mean, deviation := counts.meanDeviation()
		return []page.Label{{Name: t.Name, Known: int(counts.known[0]), Mean: page.Number(mean), Deviation: page.Number(deviation)}}
	case model.Multiclass:
		var all []page.Label
		for k, class := range task.Classes {
			all = append(all, page.Label{Name: t.Name + ": " + class, Known: int(counts.known[0]), Positives: int(counts.positives[k]), Mean: none, Deviation: none})
		}
		return all
	case model.Binary, model.Multilabel:
	}
	var all []page.Label
	for k, column := range task.Columns {
		name := column
		if t.Kind == model.Binary {
			name = t.Name
		}
		all = append(all, page.Label{Name: name, Known: int(counts.known[k]), Positives: int(counts.positives[k]), Mean: none, Deviation: none})
	}
	return all
}

const errTask = "core: a task of the network is none of the dataset"

func (rt *Runtime) describeModalities() []page.Modality {
	var all []page.Modality
	for i, e := range rt.encoded {
		m := rt.modalities[i]
		one := page.Modality{Name: e.Name, Plugin: filepath.Base(m.Plugin), Source: m.Source, Kind: m.Kind, Width: e.Dim, Features: e.Features}
		var lengths []int
		for _, split := range splits {
			has := 0
			for _, r := range rt.dataset.Rows(split) {
				if n := len(e.Sequences[r].Times); n > 0 {
					has++
					lengths = append(lengths, n)
				}
			}
			one.Present = append(one.Present, has)
		}
		if slices.Sort(lengths); len(lengths) > 0 {
			one.Length = lengths[len(lengths)/2]
		}
		all = append(all, one)
	}
	return all
}

// patterns counts the combinations of modalities, the most frequent first.
func (rt *Runtime) patterns() []page.Pattern {
	var all []page.Pattern
	for i := range rt.dataset.IDs {
		has := rt.pattern(i)
		k := slices.IndexFunc(all, func(p page.Pattern) bool { return slices.Equal(p.Present, has) })
		if k < 0 {
			k = len(all)
			all = append(all, page.Pattern{Present: has, Samples: make([]int, len(splits))})
		}
		all[k].Samples[rt.dataset.Splits[i]]++
	}
	total := func(p page.Pattern) (n int) {
		for _, s := range p.Samples {
			n += s
		}
		return n
	}
	slices.SortStableFunc(all, func(a, b page.Pattern) int { return total(b) - total(a) })
	return all
}

func (rt *Runtime) describeModel() page.Model {
	c := rt.config.Model
	m := page.Model{
		Router: strings.ReplaceAll(string(c.Router.Kind), "_", " "), Gate: string(c.Router.Gate), Unit: string(c.Router.Unit),
		Experts: c.Router.Experts, TopK: c.Router.TopK, Layers: c.Layers, Width: c.Width, Steps: c.Steps,
		Balance: c.Router.Balance, Entropy: c.Router.Entropy,
	}
	if rt.learner == nil {
		return m
	}
	for _, p := range rt.learner.model.Parameters() {
		m.Parameters += len(p.Value)
	}
	return m
}

// readTraining reads what a training has left in its folder.
func readTraining(dir string) (t page.Training, err error) {
	if t.Epochs, err = readEpochs(dir); err != nil {
		return t, err
	}
	if hasPretraining(dir) {
		if t.Pretraining, err = readEpochs(filepath.Join(dir, pretrainingFolder)); err != nil {
			return t, err
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, expertsFile))
	if err == nil {
		err = json.Unmarshal(text, &t.Experts)
	}
	if err != nil {
		return t, fmt.Errorf("read %s: %w", filepath.Join(dir, expertsFile), err)
	}
	return t, nil
}

// readEpochs reads the log of a training.
func readEpochs(dir string) (epochs []page.Epoch, err error) {
	text, err := os.ReadFile(filepath.Join(dir, trainingLog))
	if err != nil {
		return nil, fmt.Errorf("read the training log: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		var e page.Epoch
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", filepath.Join(dir, trainingLog), len(epochs)+1, err)
		}
		epochs = append(epochs, e)
	}
	return epochs, nil
}
