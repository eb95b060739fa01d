package core_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/fusemoe/fusemoe/core"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/sdk"
)

// pulse is a modality as its author writes it: the heart rate of a chart.
type pulse struct{}

func (pulse) Info() sdk.Info {
	return sdk.Info{Name: "pulse", Version: "0.1.0", Kind: sdk.Measurements, Accepts: []string{sdk.RowType}}
}

func (pulse) Configure(context.Context, sdk.Config) (dim int, err error) { return 1, nil }

func (pulse) Encode(_ context.Context, s sdk.Sample) (q sdk.Sequence, err error) {
	for _, item := range s.Items {
		if bpm, ok := item.Row.Value("heart_rate"); ok {
			q.Times = append(q.Times, item.Time)
			q.Values = append(q.Values, []float32{(bpm - 80) / 20})
		}
	}
	return q, nil
}

// chart makes a dataset in memory: patients with a fast heart deteriorate.
func chart(description data.Description, splits ...data.Split) (*data.Dataset, error) {
	b := data.NewBuilder(description)
	for i, split := range splits {
		id, fast := fmt.Sprintf("stay %d", i), i%2
		b.Sample(data.Sample{ID: id, Split: split, Labels: map[string][]float64{"deteriorates": {float64(fast)}}})
		for hour := range 4 {
			b.Row("monitor", id, float64(hour), []string{"heart_rate"}, []float32{float32(70 + 40*fast + (i*7+hour*3)%20)})
		}
	}
	return b.Build()
}

// Example trains on a small dataset in memory and predicts one more patient.
func Example() {
	if err := example(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// test AUROC 1.00
	// a fast heart is risky: true
}

func example(ctx context.Context) error {
	description := data.Description{
		Name: "ward", TimeUnit: "hours", Window: 6,
		Tasks:   []data.Task{{Name: "deteriorates", Kind: data.Binary, Columns: []string{"deteriorates"}}},
		Sources: []data.Source{{Name: "monitor", Kind: data.Rows, Columns: []string{"heart_rate"}}},
	}
	var splits []data.Split
	for i := range 80 {
		splits = append(splits, []data.Split{data.Train, data.Train, data.Val, data.Test}[i/2%4])
	}
	d, err := chart(description, splits...)
	if err != nil {
		return err
	}

	cfg := config.Default()
	cfg.Modalities = []config.Modality{{Name: "pulse", Plugin: "pulse", Source: "monitor"}}
	cfg.Model.Steps, cfg.Model.Width, cfg.Model.Heads, cfg.Model.Layers, cfg.Model.Hidden = 6, 16, 2, 1, 16
	cfg.Model.TimeWidth, cfg.Model.TimeHeads = 8, 2
	cfg.Model.Router.Experts, cfg.Model.Router.TopK, cfg.Model.Router.Hidden = 4, 2, 16
	cfg.Train.Epochs, cfg.Train.Batch, cfg.Train.Accumulate, cfg.Train.LearningRate = 20, 20, 1, 0.01
	cfg.Train.Stop.Metric = config.MetricLoss

	cache, err := os.MkdirTemp("", "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache)
	rt, err := core.Open(ctx, cfg, core.WithDataset(d), core.WithModality("pulse", pulse{}), core.WithCacheDir(cache))
	if err != nil {
		return err
	}
	defer rt.Close()
	if err := rt.Prepare(ctx); err != nil {
		return err
	}
	if _, err := rt.Train(ctx); err != nil {
		return err
	}
	test, err := rt.Evaluate(ctx, data.Test)
	if err != nil {
		return err
	}
	fmt.Printf("test AUROC %.2f\n", test.Metrics[0].Value("auroc"))

	newcomer := data.NewBuilder(description, data.Unlabelled())
	newcomer.Sample(data.Sample{ID: "newcomer"})
	newcomer.Row("monitor", "newcomer", 2.5, []string{"heart_rate"}, []float32{125})
	one, err := newcomer.Build()
	if err != nil {
		return err
	}
	predictions, err := rt.Predict(ctx, one)
	if err != nil {
		return err
	}
	fmt.Println("a fast heart is risky:", predictions[0].Scores["deteriorates"][0] > 0.8)
	return nil
}
