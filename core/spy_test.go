package core_test

import (
	"context"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/sdk"
)

// spy is pulse that notes what it gets to see.
type spy struct {
	pulse
	mu              sync.Mutex
	fitted, encoded map[string]bool
	latest          float64
}

func (s *spy) see(seen *map[string]bool, sample sdk.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *seen == nil {
		*seen = map[string]bool{}
	}
	(*seen)[sample.ID] = true
	for _, item := range sample.Items {
		s.latest = max(s.latest, item.Time)
	}
}

func (s *spy) Fit(_ context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	for sample, err := range samples {
		if err != nil {
			return nil, err
		}
		s.see(&s.fitted, sample)
	}
	return []byte("fitted"), nil
}

func (s *spy) Encode(ctx context.Context, sample sdk.Sample) (sdk.Sequence, error) {
	s.see(&s.encoded, sample)
	return s.pulse.Encode(ctx, sample)
}

// A plugin sees nothing from the end of the window on, fits on the training split
// alone, and predicting encodes what is predicted and nothing else.
func TestPluginsSeeWhatTheyMay(t *testing.T) {
	description := data.Description{
		Name: "ward", TimeUnit: "hours", Window: 6,
		Tasks:   []data.Task{{Name: "deteriorates", Kind: data.Binary, Columns: []string{"deteriorates"}}},
		Sources: []data.Source{{Name: "monitor", Kind: data.Rows, Columns: []string{"heart_rate"}}},
	}
	splits := []data.Split{data.Train, data.Train, data.Val, data.Val, data.Test, data.Test}
	var training []string
	b := data.NewBuilder(description)
	for i, split := range splits {
		id := string(rune('a' + i))
		b.Sample(data.Sample{ID: id, Split: split, Labels: map[string][]float64{"deteriorates": {float64(i % 2)}}})
		for _, hour := range []float64{0, 5.999, 6, 6.001, 1000} {
			b.Row("monitor", id, hour, []string{"heart_rate"}, []float32{80})
		}
		if split == data.Train {
			training = append(training, id)
		}
	}
	d, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Modalities = []config.Modality{{Name: "pulse", Plugin: "spy", Source: "monitor"}}
	cfg.Model.Steps, cfg.Model.Width, cfg.Model.Heads, cfg.Model.Layers, cfg.Model.Hidden = 2, 4, 1, 1, 4
	cfg.Model.TimeWidth, cfg.Model.TimeHeads = 4, 1
	cfg.Model.Router.Experts, cfg.Model.Router.TopK, cfg.Model.Router.Hidden = 2, 1, 4
	cfg.Train.Epochs = 1
	s := &spy{}
	rt, err := core.Open(t.Context(), cfg, core.WithDataset(d), core.WithModality("spy", s), core.WithCacheDir(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := rt.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.latest != 5.999 {
		t.Errorf("the latest item seen is at %v, want 5.999", s.latest)
	}
	if got := seen(s.fitted); !slices.Equal(got, training) {
		t.Errorf("fitted on %v, want %v", got, training)
	}
	if _, err := rt.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.encoded = nil
	if _, err := rt.Predict(t.Context(), d.Subset([]int{4})); err != nil {
		t.Fatal(err)
	}
	if got := seen(s.encoded); !slices.Equal(got, []string{"e"}) || s.latest != 5.999 {
		t.Errorf("predicting e encodes %v, until %v", got, s.latest)
	}
}

func seen(ids map[string]bool) []string {
	var all []string
	for id := range ids {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}
