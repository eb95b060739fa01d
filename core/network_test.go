package core

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/core/train"
)

// TestPaperPresetTrains builds the network with the published sizes (Table 6) and six
// modalities, and trains it on a patient or two.
func TestPaperPresetTrains(t *testing.T) {
	c, err := config.Load(config.Sources{
		File: "test", Text: []byte("preset: paper\nmodalities: [{name: m, plugin: vitals}]\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	var modalities []model.Modality
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		modalities = append(modalities, model.Modality{Name: name, Width: 3, Measurements: true})
	}
	m, err := model.New[float32](modelConfig(c.Model), modalities, []model.Task{{Name: "t", Kind: model.Binary, Outputs: 1}}, 42)
	if err != nil {
		t.Fatal(err)
	}
	pool := kernel.NewPool(0)
	defer pool.Close()
	batch := model.Batch[float32]{Labels: [][]float32{{0, 1}}}
	for range modalities {
		// The first channel of the first patient is observed twice: where there is one
		// observation to attend to, times and queries change nothing.
		batch.Series = append(batch.Series, kernel.Series[float32]{
			Start: []int{0, 2, 3}, Times: []float32{0.3, 0.8, 0.6}, Width: 3,
			Values: []float32{1, 0, -1, 3, 1, 0, 0, 2, 0}, Observed: []float32{1, 0, 1, 1, 1, 0, 1, 0, 1},
		})
		batch.Present = append(batch.Present, true, true)
	}
	// The second patient lacks the last modality, so that indicators learn too.
	last := &batch.Series[len(modalities)-1]
	last.Start[2], batch.Present[len(batch.Present)-1] = 2, false
	last.Times, last.Values, last.Observed = last.Times[:2], last.Values[:6], last.Observed[:6]
	losses, err := m.Train(pool, batch, op.Step{Seed: 42, Number: 1, Training: true})
	if err != nil {
		t.Fatal(err)
	}
	if l := losses["total"]; math.IsNaN(l) || l <= 0 {
		t.Errorf("the loss is %v", l)
	}
	for _, p := range m.Parameters() {
		if !slices.ContainsFunc(p.Grad, func(g float32) bool { return g != 0 }) {
			t.Errorf("%s receives no gradient", p.Name)
		}
	}
}

// TestLabelStatistics checks what the training split says about each kind of task.
func TestLabelStatistics(t *testing.T) {
	unknown := float32(math.NaN())
	binary := model.Task{Kind: model.Multilabel, Outputs: 2}
	got := labelStatistics(binary, []float32{1, 0, 0, unknown, 0, 1, 0, 1}, []int{0, 1, 2, 3}).balanced(binary)
	if want := []float64{3, 0.5}; !slices.Equal(got, want) {
		t.Errorf("weights of two labels are %v, want %v", got, want)
	}
	classes := model.Task{Kind: model.Multiclass, Outputs: 3}
	got = labelStatistics(classes, []float32{0, 0, 0, 1, 2, 2}, []int{0, 1, 2, 3, 4, 5}).balanced(classes)
	if want := []float64{6. / 9, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("weights of three classes are %v, want %v", got, want)
	}
	values := model.Task{Kind: model.Regression, Outputs: 1}
	mean, deviation := labelStatistics(values, []float32{1, 3, unknown, 99}, []int{0, 1, 2}).meanDeviation()
	if mean != 2 || deviation != 1 {
		t.Errorf("mean and deviation of the targets are %v and %v, want 2 and 1", mean, deviation)
	}
}

// TestScoresOfDifferentUnitsAreComparable adds up tasks: an error of two deviations
// counts the same, whether the target is in days or in minutes.
func TestScoresOfDifferentUnitsAreComparable(t *testing.T) {
	for _, unit := range []float64{1, 1440} {
		m := eval.Metrics{Values: []eval.Metric{{Name: "rmse", Value: 6 * unit}}}
		task := model.Task{Kind: model.Regression, Outputs: 1, Deviation: 3 * unit}
		if got := taskScore(m, task, config.MetricAUROC); got != -2 {
			t.Errorf("the score of an error of two deviations is %v, want -2", got)
		}
	}
}

// TestEpochsAreNotedAsPeopleKnowThem shows what chose the epoch by its own name and sign.
func TestEpochsAreNotedAsPeopleKnowThem(t *testing.T) {
	binary, regression := model.Task{Kind: model.Binary}, model.Task{Kind: model.Regression}
	for _, c := range []struct {
		tasks  []model.Task
		metric config.Metric
		score  float64
		want   string
	}{
		{[]model.Task{binary}, config.MetricAUROC, 0.75, "val auroc 0.7500"},
		{[]model.Task{binary}, config.MetricLoss, -0.25, "val loss 0.2500"},
		{[]model.Task{regression}, config.MetricAUROC, -0.5, "val error 0.5000"},
		{[]model.Task{binary, regression}, config.MetricAUROC, -0.125, "val score -0.1250"},
	} {
		e := train.EpochReport{Epoch: 3, Losses: model.Losses{"total": 0.5}, Best: true}
		got := epochNote(e, judgement(c.tasks, c.metric, c.score))
		if want := "epoch 3  loss 0.5000  " + c.want + " (best)"; got != want {
			t.Errorf("the note is %q, want %q", got, want)
		}
	}
}

// TestABugInAKernelIsAnInternalError breaks a kernel's contract and looks at what the
// caller of core is told: whoever reads it has made no mistake.
func TestABugInAKernelIsAnInternalError(t *testing.T) {
	run := func() (err error) {
		defer recovered("train", &err)
		g := op.NewGraph[float64](nil)
		x, _ := g.Input("x", 4, 2)
		g.Entropy(kernel.Entropy[float64]{Groups: 2, Rows: 2, Experts: 2}, x, func() []bool { return make([]bool, 3) })
		return errors.Join(g.Compile(nil), g.Run(op.Step{}), g.Close())
	}
	if err := run(); !errors.Is(err, ErrInternal) {
		t.Errorf("the error is %v, want one that is ErrInternal", err)
	}
}

// TestChannelMeans counts what the training split observed, and nothing else.
func TestChannelMeans(t *testing.T) {
	e := data.Encoded{Dim: 2, Sequences: []data.Sequence{
		{Times: []float64{0, 1}, Values: []float32{1, 0, 3, 8}, Observed: []bool{true, false, true, true}},
		{Times: []float64{0}, Values: []float32{100, 100}},
		{},
		{Times: []float64{2}, Values: []float32{5, 2}},
	}}
	if got, want := channelMeans(e, []int{0, 2, 3}), []float64{3, 5}; !slices.Equal(got, want) {
		t.Errorf("means are %v, want %v", got, want)
	}
}
