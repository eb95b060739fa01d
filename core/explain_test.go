package core_test

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
)

// twoMonitors makes patients of whom those with a fast heart deteriorate. A second
// monitor says nothing, and some lack the first.
func twoMonitors(t *testing.T, lacks func(patient int) bool) *data.Dataset {
	t.Helper()
	b := data.NewBuilder(data.Description{
		Name: "ward", TimeUnit: "hours", Window: 6,
		Tasks: []data.Task{{Name: "deteriorates", Kind: data.Binary, Columns: []string{"deteriorates"}}},
		Sources: []data.Source{
			{Name: "monitor", Kind: data.Rows, Columns: []string{"heart_rate"}},
			{Name: "spare", Kind: data.Rows, Columns: []string{"heart_rate"}},
		},
	})
	for i := range 80 {
		id := string(rune('a'+i/26)) + string(rune('a'+i%26))
		split := []data.Split{data.Train, data.Train, data.Val, data.Test}[i/2%4]
		b.Sample(data.Sample{ID: id, Split: split, Labels: map[string][]float64{"deteriorates": {float64(i % 2)}}})
		if !lacks(i) {
			b.Row("monitor", id, 1, []string{"heart_rate"}, []float32{float32(70 + 40*(i%2))})
		}
		b.Row("spare", id, 2, []string{"heart_rate"}, []float32{80})
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// explainable trains on the two monitors and opens the run.
func explainable(t *testing.T, d *data.Dataset) *core.Predictor {
	t.Helper()
	c := config.Default()
	c.Out = filepath.Join(t.TempDir(), "run")
	c.Modalities = []config.Modality{{Name: "monitor", Plugin: "pulse"}, {Name: "spare", Plugin: "pulse"}}
	c.Model.Steps, c.Model.Width, c.Model.Heads, c.Model.Layers, c.Model.Hidden = 4, 8, 2, 2, 8
	c.Model.TimeWidth, c.Model.TimeHeads = 4, 2
	c.Model.Router.Experts, c.Model.Router.TopK, c.Model.Router.Hidden = 3, 2, 8
	c.Train.Epochs, c.Train.Batch, c.Train.Accumulate, c.Train.LearningRate = 12, 20, 1, 0.01
	c.Train.Seeds, c.Eval.Resamples = []uint64{1}, 10
	rt, err := core.Open(t.Context(), c, core.WithDataset(d), core.WithModality("pulse", pulse{}), core.WithCacheDir(t.TempDir()))
	if err == nil {
		_, err = rt.Run(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := rt.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := core.OpenRun(t.Context(), c.Out, core.WithModality("pulse", pulse{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// TestExplain explains one of whom the first monitor says it all.
func TestExplain(t *testing.T) {
	some := func(i int) bool { return i%5 == 0 }
	d := twoMonitors(t, some)
	p := explainable(t, d)
	const sick = 7 // in the test split
	e, err := p.Explain(t.Context(), d, core.Question{Sample: d.IDs[sick]})
	if err != nil {
		t.Fatal(err)
	}
	if e.Truth != "yes" || e.Output != "deteriorates" || e.Score < 0.5 {
		t.Errorf("truth %s of %s, score %v", e.Truth, e.Output, e.Score)
	}
	if got := 1 / (1 + math.Exp(-e.Value)); math.Abs(got-e.Score) > 1e-6 {
		t.Errorf("value %v, but score %v", e.Value, e.Score)
	}
	top := e.Observations[0]
	if top.Modality != "monitor" || math.Abs(top.Time-1) > 1e-6 || top.Part <= 0 {
		t.Errorf("most important: %+v", top)
	}
	if monitor, spare := e.Modalities[0], e.Modalities[1]; !(*monitor.Left > *spare.Left) || monitor.Observed != 1 {
		t.Errorf("the monitor adds %v, the spare one %v", *monitor.Left, *spare.Left)
	}
	// Leaving a modality out is what predict says of a sample that lacks it.
	lacking := twoMonitors(t, func(i int) bool { return some(i) || i == sick })
	all, err := p.Predict(t.Context(), lacking)
	if err != nil {
		t.Fatal(err)
	}
	score := all[sick].Scores["deteriorates"][0]
	if want := math.Log(score / (1 - score)); math.Abs(e.Value-*e.Modalities[0].Left-want) > 1e-5 {
		t.Errorf("without the monitor %v, predict says %v", e.Value-*e.Modalities[0].Left, want)
	}
	without, err := p.Explain(t.Context(), lacking, core.Question{Sample: d.IDs[sick]})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range without.Modalities {
		if m.Left != nil {
			t.Errorf("%s is the last modality, or missing, and was left out", m.Name)
		}
	}
	if without.Layers[0].Cohort[0] != nil || without.Layers[0].Cohort[1] == nil {
		t.Errorf("cohorts %v", without.Layers[0].Cohort)
	}
}

// TestExplainedGates are weights, and what differs from the cohort is told in full.
func TestExplainedGates(t *testing.T) {
	d := twoMonitors(t, func(int) bool { return false })
	p := explainable(t, d)
	e, err := p.Explain(t.Context(), d, core.Question{Sample: d.IDs[6], Task: "deteriorates", Output: "deteriorates"})
	if err != nil {
		t.Fatal(err)
	}
	for l, layer := range e.Layers {
		for _, gates := range [][][]float64{layer.Weight, layer.Cohort, layer.Average} {
			for row, weights := range gates {
				sum := 0.0
				for _, w := range weights {
					sum += w
				}
				if math.Abs(sum-1) > 1e-6 {
					t.Errorf("layer %d, row %d: weights %v", l, row, weights)
				}
			}
		}
	}
	if len(e.Shifts) != 2*2*3 {
		t.Errorf("%d shifts", len(e.Shifts))
	}
	for _, s := range e.Shifts {
		if math.Abs(s.Values+s.Recorded-(s.Weight-s.Cohort)) > 1e-9 {
			t.Errorf("%+v does not sum up", s)
		}
	}
	for name, c := range map[string]struct {
		q    core.Question
		want string
	}{
		"sample": {core.Question{Sample: "nobody"}, "dataset ward has no sample with this identifier"},
		"task":   {core.Question{Sample: d.IDs[6], Task: "deteriorate"}, `no task "deteriorate"; it has deteriorates; did you mean deteriorates?`},
		"output": {core.Question{Sample: d.IDs[6], Output: "x"}, `no label or class "x"; it has deteriorates`},
	} {
		if _, err := p.Explain(t.Context(), d, c.q); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "nobody") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
