package page_test

import (
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report"
	"github.com/fusemoe/fusemoe/core/report/page"
)

// tasks are one of each kind, as a dataset would describe them.
var tasks = map[eval.Kind]eval.Task{
	eval.Binary:     {Name: "in-hospital death", Kind: eval.Binary, Columns: []string{"death"}},
	eval.Multilabel: {Name: "findings", Kind: eval.Multilabel, Columns: []string{"oedema", "effusion", "<pneumonia>"}},
	eval.Multiclass: {Name: "unit", Kind: eval.Multiclass, Columns: []string{"unit"}, Classes: []string{"medical", "surgical", "cardiac"}},
	eval.Regression: {Name: "days", Kind: eval.Regression, Columns: []string{"days"}},
}

// drawn are predictions of n samples that tell something of their labels.
func drawn(t eval.Task, n int, seed uint64) eval.Predictions {
	random := rand.New(rand.NewPCG(seed, 1))
	p := eval.Predictions{Task: t}
	for i := range n {
		p.Patients = append(p.Patients, strconv.Itoa(i/2))
		switch t.Kind {
		case eval.Regression:
			v := 3 + random.NormFloat64()
			p.Labels, p.Scores = append(p.Labels, float32(v)), append(p.Scores, v+random.NormFloat64())
		case eval.Multiclass:
			y := random.IntN(len(t.Classes))
			p.Labels = append(p.Labels, float32(y))
			row, sum := make([]float64, len(t.Classes)), 0.0
			for k := range row {
				row[k] = random.Float64()
				if k == y {
					row[k]++
				}
				sum += row[k]
			}
			for _, v := range row {
				p.Scores = append(p.Scores, v/sum)
			}
		case eval.Binary, eval.Multilabel:
			for range t.Columns {
				y := float64(random.IntN(4) / 3)
				p.Labels = append(p.Labels, float32(y))
				p.Scores = append(p.Scores, 1/(1+math.Exp(-(1.5*y-1+random.NormFloat64()))))
			}
		}
	}
	return p
}

// run is a run of tasks of these kinds with n test samples, trained with some seeds.
func run(n, seeds int, kinds ...eval.Kind) page.Run {
	r := page.Run{
		Name: "first", Version: "v0", Settings: "preset: small\n",
		Changed: []page.Setting{{Key: "model.width", Value: "32"}},
		Dataset: page.Dataset{Name: "ward", Window: 48, TimeUnit: "hours"},
		Modalities: []page.Modality{
			{Name: "vitals", Plugin: "vitals", Source: "chart", Width: 11, Present: []int{90, 20, n}, Length: 40},
			{Name: "notes", Plugin: "notes", Source: "notes", Width: 64, Present: []int{50, 10, n / 2}, Length: 3},
		},
		Patterns: []page.Pattern{
			{Present: []bool{true, true}, Samples: []int{50, 10, n / 2}},
			{Present: []bool{true, false}, Samples: []int{50, 10, n - n/2}},
		},
		Model: page.Model{Router: "per modality", Gate: "laplace", Unit: "step", Experts: 4, TopK: 2, Layers: 2, Width: 32, Steps: 24, Parameters: 452257},
	}
	for s := range seeds {
		r.Trainings = append(r.Trainings, training(uint64(s+1), kinds))
	}
	for _, split := range []string{"train", "val", "test"} {
		r.Dataset.Splits = append(r.Dataset.Splits, page.Split{
			Name: split, Samples: n, Patients: (n + 1) / 2,
			Labels: []page.Label{{Name: "death", Known: n, Positives: n / 4, Mean: page.Number(math.NaN()), Deviation: page.Number(math.NaN())}},
		})
	}
	for _, k := range kinds {
		r.Tasks = append(r.Tasks, task(tasks[k], n, seeds))
	}
	return r
}

func task(t eval.Task, n, seeds int) page.Task {
	val, test := drawn(t, n, 1), drawn(t, n, 2)
	tested := page.Tested{Subject: "seed 1", Val: val, Test: test, Resamples: 50, Seed: 1}
	for i := range n {
		tested.IDs = append(tested.IDs, "stay-"+strconv.Itoa(i))
	}
	half := page.Group{Of: "Age", Name: "below 65"}
	for i := range n / 2 {
		half.Rows = append(half.Rows, i)
	}
	tested.Groups = []page.Group{half, {Of: "Age", Name: "one", Rows: []int{0}}}
	tested.Thresholds = eval.Evaluate(val, eval.Options{}).Thresholds()
	calibration := eval.Calibrate(val, eval.Temperature)
	raw := test
	tested.Raw, tested.Test.Scores = &raw, calibration.Apply(t, test.Scores)
	results := []report.Result{{Split: "val", Task: t.Name}, {Split: "test", Task: t.Name}}
	for range seeds {
		results[0].Runs = append(results[0].Runs, eval.Evaluate(val, eval.Options{Resamples: 50, Seed: 1}))
		results[1].Runs = append(results[1].Runs, eval.Evaluate(tested.Test, eval.Options{Resamples: 50, Seed: 1, Thresholds: tested.Thresholds}))
	}
	return page.NewTask(results, tested)
}

func training(seed uint64, kinds []eval.Kind) page.Training {
	use := func(shift float64) eval.ExpertUseResult {
		layer := eval.LayerExpertUse{
			Use: []float64{0.4 - shift, 0.3, 0.3 + shift, 0}, Selected: []float64{0.5, 0.5, 0.5, 0},
			Share: [][]float64{{0.5, 0.5}, {0.1, 0.9}, {1, 0}, nil}, Entropy: []float64{0.6, 0.5 + shift},
		}
		return eval.ExpertUseResult{Modalities: []string{"vitals", "notes"}, Layers: []eval.LayerExpertUse{layer, layer}}
	}
	t := page.Training{Seed: seed, Experts: use(0)}
	for i := range 6 {
		experts := use(float64(i) / 50)
		e := page.Epoch{
			Epoch: i + 1, Losses: map[string]float64{"total": 1 / float64(i+1), "balance": 2, "entropy": -0.1}, Score: 0.8, Best: i < 3,
			Validation: map[string]page.Figures{}, Experts: &experts,
		}
		for _, k := range kinds {
			e.Losses[tasks[k].Name] = 0.9 / float64(i+1)
			e.Validation[tasks[k].Name] = page.Figures{"auroc": 0.8, "auprc": 0.5, "log_loss": 0.4, "mae": 1, "rmse": 1.2}
		}
		t.Epochs = append(t.Epochs, e)
		t.Pretraining = append(t.Pretraining, page.Epoch{
			Epoch: i + 1, Losses: map[string]float64{"reconstruction": 1 / float64(i+1)}, Score: page.Number(-0.8 / float64(i+1)), Best: true,
		})
	}
	return t
}
