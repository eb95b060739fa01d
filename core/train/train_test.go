package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/train"
	"github.com/fusemoe/fusemoe/routing"
)

// planted is a small cohort whose label is the sign of the first value of the first
// row: any training that works finds it.
type planted struct {
	labels []float32
	values []float32
}

const width = 3

func plant(samples int) planted {
	p := planted{values: kerneltest.Random[float32](samples*2*width, 1, 4)}
	for i := range samples {
		label := float32(0)
		if p.values[i*2*width] > 0 {
			label = 1
		}
		p.labels = append(p.labels, label)
	}
	return p
}

// batch gives every sample two rows of one embedding modality.
func (p planted) batch(rows []int) model.Batch[float32] {
	s := kernel.Series[float32]{Start: []int{0}, Width: width}
	var labels []float32
	for _, r := range rows {
		s.Times = append(s.Times, 0.2, 0.7)
		s.Values = append(s.Values, p.values[r*2*width:(r+1)*2*width]...)
		s.Start = append(s.Start, len(s.Times))
		labels = append(labels, p.labels[r])
	}
	return model.Batch[float32]{
		Series: []kernel.Series[float32]{s}, Present: slices.Repeat([]bool{true}, len(rows)), Labels: [][]float32{labels},
	}
}

func network(t testing.TB) *model.Model[float32] {
	t.Helper()
	m, err := model.New[float32](model.Config{
		Steps: 4, Width: 8, Heads: 2, TimeWidth: 6, TimeHeads: 2, Layers: 1, Hidden: 8, Dropout: 0.1, Balance: 0.01,
		Router: routing.Config{Kind: routing.PerModality, Gate: kernel.Laplace, Unit: routing.Step, Experts: 4, TopK: 2, Hidden: 8},
	}, []model.Modality{{Name: "one", Width: width}}, []model.Task{{Name: "sign", Kind: model.Binary, Outputs: 1}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func options() train.Options {
	return train.Options{Seed: 7, Epochs: 12, Batch: 16, Accumulate: 2, LearningRate: 5e-3, Warmup: 0.1, Cosine: true, Clip: 1, WeightDecay: 0.01}
}

func sequence(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// accuracy of the model's current weights.
func accuracy(t testing.TB, m *model.Model[float32], p planted, rows []int) float64 {
	t.Helper()
	out, err := m.Predict(nil, p.batch(rows))
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, r := range rows {
		if (out.Logits[0][i] > 0) == (p.labels[r] == 1) {
			right++
		}
	}
	return float64(right) / float64(len(rows))
}

// fit trains on 160 samples and scores on 40 others.
func fit(t testing.TB, o train.Options, edit func(*train.Task)) (*model.Model[float32], train.Result, error) {
	t.Helper()
	p, m := plant(200), network(t)
	held := sequence(200)[160:]
	task := train.Task{Model: m, Rows: sequence(160), Batch: p.batch, Score: func(context.Context) (float64, any, error) {
		return accuracy(t, m, p, held), nil, nil
	}}
	if edit != nil {
		edit(&task)
	}
	result, err := train.Run(context.Background(), task, o)
	return m, result, err
}

func TestTrainingFindsThePlantedSignal(t *testing.T) {
	for _, average := range []float64{0, 0.9} {
		t.Run(fmt.Sprintf("average %v", average), func(t *testing.T) {
			o := options()
			o.Average = average
			_, result, err := fit(t, o, nil)
			if err != nil {
				t.Fatal(err)
			}
			if result.Best.Score < 0.85 {
				t.Errorf("accuracy is %v", result.Best.Score)
			}
		})
	}
}

// TestSameSeedSameWeights runs twice with one seed and once with another.
func TestSameSeedSameWeights(t *testing.T) {
	weights := func(seed uint64) []float32 {
		o := options()
		o.Seed, o.Epochs = seed, 2
		m, _, err := fit(t, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		var all []float32
		for _, p := range m.Parameters() {
			all = append(all, p.Value...)
		}
		return all
	}
	one, again, other := weights(1), weights(1), weights(2)
	if !slices.Equal(one, again) {
		t.Error("two trainings with one seed differ")
	}
	if slices.Equal(one, other) {
		t.Error("another seed gives the same weights")
	}
}

// TestBestWeightsRemain makes the first epoch the best: its weights must be in the
// model at the end.
func TestBestWeightsRemain(t *testing.T) {
	calls := 0
	var best []float32
	m, result, err := fit(t, options(), func(task *train.Task) {
		task.Score = func(context.Context) (float64, any, error) {
			calls++
			return -float64(calls), nil, nil
		}
		task.Best = func(train.EpochReport) error {
			best = slices.Clone(task.Model.Parameters()[0].Value)
			return nil
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if result.Best.Epoch != 1 || !slices.Equal(m.Parameters()[0].Value, best) {
		t.Errorf("best epoch %d; its weights are not the model's", result.Best.Epoch)
	}
}

func TestPatienceEndsTheTraining(t *testing.T) {
	o := options()
	o.Patience = 2
	_, result, err := fit(t, o, func(task *train.Task) {
		task.Score = func(context.Context) (float64, any, error) { return 0, nil, nil }
	})
	if err != nil {
		t.Fatal(err)
	}
	if result.Epochs != 3 || !result.Stopped {
		t.Errorf("%d epochs, stopped %v; want 3, true", result.Epochs, result.Stopped)
	}
}

func TestDivergenceIsSaid(t *testing.T) {
	_, _, err := fit(t, options(), func(task *train.Task) {
		batch := task.Batch
		task.Batch = func(rows []int) model.Batch[float32] {
			b := batch(rows)
			b.Series[0].Values[0] = float32(math.Inf(1))
			return b
		}
	})
	if !errors.Is(err, train.ErrDiverged) {
		t.Errorf("got error %v, want %v", err, train.ErrDiverged)
	}
}

// TestInterruptionKeepsTheBest cancels in the third epoch.
func TestInterruptionKeepsTheBest(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p, m := plant(64), network(t)
	result, err := train.Run(ctx, train.Task{
		Model: m, Rows: sequence(64), Batch: p.batch,
		Score: func(context.Context) (float64, any, error) { return 1, nil, nil },
		Stepped: func(s train.StepReport) {
			if s.Epoch == 3 {
				cancel()
			}
		},
	}, options())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	if result.Epochs != 2 {
		t.Errorf("%d epochs are in the result, want 2", result.Epochs)
	}
}

// TestEveryEpochSeesEverySample counts.
func TestEveryEpochSeesEverySample(t *testing.T) {
	seen := map[int]int{}
	var orders [][]int
	o := options()
	o.Epochs = 2
	_, _, err := fit(t, o, func(task *train.Task) {
		batch := task.Batch
		task.Batch = func(rows []int) model.Batch[float32] {
			for _, r := range rows {
				seen[r]++
			}
			orders = append(orders, slices.Clone(rows))
			return batch(rows)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for r := range 160 {
		if seen[r] != 2 {
			t.Errorf("sample %d was seen %d times in 2 epochs", r, seen[r])
		}
	}
	if slices.Equal(orders[0], orders[len(orders)/2]) {
		t.Error("both epochs have the same order")
	}
}

// TestResumedTrainingIsTheSame stops after every epoch in turn and goes on from the
// snapshot, in a new model: the weights must be those of the undisturbed training.
func TestResumedTrainingIsTheSame(t *testing.T) {
	for _, average := range []float64{0, 0.9} {
		o := options()
		o.Epochs, o.Average = 4, average
		var snapshots []train.Snapshot
		whole, want, err := fit(t, o, func(task *train.Task) {
			task.Saved = func(s train.Snapshot) error {
				for i := range s.Arrays {
					s.Arrays[i].Data = slices.Clone(s.Arrays[i].Data)
				}
				snapshots = append(snapshots, s)
				return nil
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range snapshots {
			m, got, err := fit(t, o, func(task *train.Task) { task.From = &s })
			if err != nil {
				t.Fatal(err)
			}
			if got.Best.Epoch != want.Best.Epoch || got.Best.Score != want.Best.Score || got.Epochs != want.Epochs {
				t.Errorf("average %v, after epoch %d: best epoch %d with %v, want %d with %v", average, s.Epoch,
					got.Best.Epoch, got.Best.Score, want.Best.Epoch, want.Best.Score)
			}
			for i, p := range m.Parameters() {
				if !slices.Equal(p.Value, whole.Parameters()[i].Value) {
					t.Fatalf("average %v, after epoch %d: %s differs", average, s.Epoch, p.Name)
				}
			}
		}
	}
}

func TestSnapshotOfAnotherModelIsRefused(t *testing.T) {
	_, _, err := fit(t, options(), func(task *train.Task) { task.From = &train.Snapshot{Epoch: 1} })
	if err == nil {
		t.Error("a snapshot without arrays was taken")
	}
}
