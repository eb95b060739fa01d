package core_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
)

// TestEvaluateWithout takes the one modality that tells anything from the samples of a
// model that has learned with two.
func TestEvaluateWithout(t *testing.T) {
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
		b.Row("monitor", id, 1, []string{"heart_rate"}, []float32{float32(70 + 40*(i%2))})
		b.Row("spare", id, 1, []string{"heart_rate"}, []float32{80})
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Modalities = []config.Modality{{Name: "monitor", Plugin: "pulse"}, {Name: "spare", Plugin: "pulse"}}
	cfg.Model.Steps, cfg.Model.Width, cfg.Model.Heads, cfg.Model.Layers, cfg.Model.Hidden = 4, 8, 2, 1, 8
	cfg.Model.TimeWidth, cfg.Model.TimeHeads = 4, 2
	cfg.Model.Router.Experts, cfg.Model.Router.TopK, cfg.Model.Router.Hidden = 2, 1, 8
	cfg.Train.Epochs, cfg.Train.Batch, cfg.Train.Accumulate, cfg.Train.LearningRate = 20, 20, 1, 0.01
	cfg.Train.Stop.Metric = config.MetricLoss
	rt, err := core.Open(t.Context(), cfg, core.WithDataset(d), core.WithModality("pulse", pulse{}), core.WithCacheDir(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := rt.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	for hidden, want := range map[string]float64{"spare": 1, "monitor": 0.5, "": 1} {
		e, err := rt.EvaluateWithout(t.Context(), data.Test, func(_ int, modality string) bool { return modality == hidden })
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Metrics[0].Value("auroc"); got != want {
			t.Errorf("without %q: AUROC %v, want %v", hidden, got, want)
		}
	}
}
