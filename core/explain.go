package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/report"
)

// Question says what Explain is to explain.
type Question struct {
	// Sample is an identifier of the dataset.
	Sample string
	// Task is the first one of the model where it is empty.
	Task string
	// Output is a label of a multilabel task or a class; empty: that of the highest score.
	Output string
}

// Explain says why the model predicts what it does of one sample: what each modality
// adds, which experts it used, and which observations mattered. Of an ensemble the first
// training is explained.
func (p *Predictor) Explain(ctx context.Context, d *data.Dataset, q Question) (e report.Explanation, err error) {
	defer recovered("explain", &err)
	row := slices.Index(d.IDs, q.Sample)
	if row < 0 {
		return e, fmt.Errorf("dataset %s has no sample with this identifier; column id of its samples has them all", d.Name)
	}
	task, err := p.taskNamed(q.Task)
	if err != nil {
		return e, err
	}
	one := d.Subset([]int{row})
	x := explaining{predictor: p, learner: p.members[0], dataset: one, task: task}
	if x.batches, err = p.batches(ctx, one); err != nil {
		return e, err
	}
	stage := p.progress.Stage("explain", 0)
	scores, err := p.meanOfMembers(ctx, x.batches, []int{0})
	if err != nil {
		return e, err
	}
	if x.output, err = p.outputNamed(task, q.Output, scores[task]); err != nil {
		return e, err
	}
	if e, err = x.explain(ctx); err != nil {
		return e, err
	}
	e.Score = scores[task][x.output]
	stage.Done()
	return e, nil
}

// Data is where the dataset of the run is; empty for the built-in example.
func (p *Predictor) Data() string { return p.data }

func (p *Predictor) taskNamed(name string) (int, error) {
	if name == "" {
		return 0, nil
	}
	names := p.network().taskNames()
	i := slices.Index(names, name)
	if i < 0 {
		return 0, unknownName("task", name, names)
	}
	return i, nil
}

func unknownName(what, name string, known []string) error {
	hint := ""
	if near := config.Nearest(name, known); near != "" {
		hint = "; did you mean " + near + "?"
	}
	return fmt.Errorf("the model has no %s %q; it has %s%s", what, name, strings.Join(known, ", "), hint)
}

// outputNamed finds a label or a class, or the one with the highest score.
func (p *Predictor) outputNamed(task int, name string, scores []float64) (int, error) {
	names := p.outputs(task)
	if name == "" {
		return slices.Index(scores, slices.Max(scores)), nil
	}
	i := slices.Index(names, name)
	if i < 0 {
		return 0, unknownName("label or class", name, names)
	}
	return i, nil
}

// outputs are the names of what a task's scores are of.
func (p *Predictor) outputs(task int) []string {
	if t := p.manifest.Tasks[task]; t.Kind == string(eval.Multiclass) {
		return t.Classes
	}
	return p.manifest.Tasks[task].Columns
}

// explaining is one sample under work.
type explaining struct {
	predictor    *Predictor
	learner      *learner
	dataset      *data.Dataset // of the sample alone
	batches      *data.Batcher
	task, output int
}

func (x *explaining) explain(ctx context.Context) (e report.Explanation, err error) {
	p, n := x.predictor, x.learner.network
	e = report.Explanation{
		Run: filepath.Base(filepath.Clean(p.dir)), Version: buildVersion(), Dataset: x.dataset.Name, Sample: x.dataset.IDs[0],
		Task: n.Tasks[x.task].Name, Kind: string(n.Tasks[x.task].Kind), Members: len(p.members), Seed: x.learner.seed,
		Window: n.Window, TimeUnit: n.TimeUnit,
	}
	if e.Kind != string(model.Regression) {
		e.Output = p.outputs(x.task)[x.output]
	}
	e.Truth = x.truth()
	b := modelBatch(x.batches.Batch(nil, []int{0}))
	a, err := x.learner.model.Attribute(x.learner.machine.pool, b, x.task, x.output)
	if err != nil {
		return e, err
	}
	e.Value, e.Average = a.Output, a.Baseline
	if err := x.observations(&e, b, a); err != nil {
		return e, err
	}
	if err := x.modalities(ctx, &e, b, a); err != nil {
		return e, err
	}
	if err := x.experts(&e, b, a); err != nil {
		return e, err
	}
	e.Sort()
	return e, ctx.Err()
}

// truth is the label of the sample, if it is known.
func (x *explaining) truth() string {
	t := x.learner.network.Tasks[x.task]
	labels, err := x.dataset.Labels(t.Name)
	if err != nil {
		return "" // a dataset that is only to be predicted
	}
	described, err := x.dataset.Task(t.Name)
	if err != nil || len(labels) != t.Columns() {
		return ""
	}
	y := float64(labels[0])
	switch t.Kind {
	case model.Multilabel:
		y = float64(labels[x.output])
	case model.Multiclass:
		if !math.IsNaN(y) {
			return described.Classes[int(y)]
		}
	case model.Binary, model.Regression:
	}
	switch {
	case math.IsNaN(y):
		return ""
	case t.Kind == model.Regression:
		return strconv.FormatFloat(y, 'g', 4, 64)
	case y == 1:
		return "yes"
	}
	return "no"
}

// value is what the network computes of a batch of one sample.
func (x *explaining) value(b model.Batch[float32]) (float64, [][][]float64, error) {
	out, err := x.learner.model.Predict(x.learner.machine.pool, b)
	if err != nil {
		return 0, nil, err
	}
	return float64(out.Logits[x.task][x.output]), x.learner.model.Gates(out, 1), nil
}

// modalities says what each adds. It counts on the observations.
func (x *explaining) modalities(ctx context.Context, e *report.Explanation, b model.Batch[float32], a model.Attribution[float32]) error {
	present := 0
	for _, there := range b.Present {
		if there {
			present++
		}
	}
	for i, m := range x.learner.network.Modalities {
		part := report.ModalityPart{Name: m.Name, Observed: observedIn(&b.Series[i])}
		for _, o := range e.Observations {
			if o.Modality == m.Name {
				part.Gradients += o.Part
			}
		}
		for _, layer := range a.Layers {
			if len(layer.Effect) == len(b.Series) && len(b.Series) > 1 {
				if part.Gates == nil {
					part.Gates = new(float64)
				}
				for _, effect := range layer.Effect[i] {
					*part.Gates += effect
				}
			}
		}
		if b.Present[i] && present > 1 {
			if err := ctx.Err(); err != nil {
				return err
			}
			rest := x.batches.Without(func(_ int, modality string) bool { return modality == m.Name })
			without, _, err := x.value(modelBatch(rest.Batch(nil, []int{0})))
			if err != nil {
				return err
			}
			left := e.Value - without
			part.Left = &left
		}
		e.Modalities = append(e.Modalities, part)
	}
	return nil
}

// cohort is what the routers of the run did with its test split, nil where that is not kept.
func (p *Predictor) cohort() (*eval.ExpertUseResult, error) {
	path := filepath.Join(p.first, expertsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // a checkpoint that was copied out of its run
	}
	var use eval.ExpertUseResult
	if err == nil {
		err = json.Unmarshal(text, &use)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return &use, nil
}
