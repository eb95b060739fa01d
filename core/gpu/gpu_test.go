//go:build gpu

package gpu_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/gpu"
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/cuda/cudatest"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/routing"
)

func TestMain(m *testing.M) { cudatest.Main(m) }

func small() model.Config {
	return model.Config{
		Steps: 6, Width: 8, Heads: 2, TimeWidth: 6, TimeHeads: 2, Layers: 2, Hidden: 10,
		Dropout: 0.2, ModalityDropout: 0.2, Pooling: kernel.LastStep,
		Imputation: model.Imputation{Enabled: true, Kernel: 2, Gate: kernel.PerFeature},
		Router: routing.Config{
			Kind: routing.PerModality, Gate: kernel.Laplace, Unit: routing.Step, Experts: 6, TopK: 2, Hidden: 7, Noise: true,
		},
		Balance: 0.01, Entropy: 0.1,
	}
}

// networks have every operation that a config can ask for.
func networks() map[string]model.Config {
	all := map[string]model.Config{}
	for _, kind := range []routing.Kind{routing.Joint, routing.PerModality, routing.Disjoint} {
		for _, gate := range []kernel.Gate{kernel.Softmax, kernel.Laplace, kernel.Gaussian} {
			c := small()
			c.Router.Kind, c.Router.Gate = kind, gate
			if kind != routing.PerModality {
				c.Entropy = 0
			}
			all[fmt.Sprintf("%s, %v", kind, gate)] = c
		}
	}
	sample := small()
	sample.Router.Unit, sample.Pooling, sample.Imputation.Gate = routing.Sample, kernel.AttentionSteps, kernel.PerSample
	all["units of a sample, attention pooling, a gate a sample"] = sample
	plain := small()
	plain.Router.Noise, plain.Pooling, plain.Imputation.Enabled, plain.Missing = false, kernel.MeanSteps, false, model.Zeros
	all["no noise, mean pooling, no imputation, zeros"] = plain
	step := small()
	step.Imputation.Gate, step.Missing = kernel.PerStep, model.Means
	all["a gate a step, means"] = step
	return all
}

var (
	modalities = []model.Modality{
		{Name: "vitals", Width: 3, Measurements: true, Mean: []float64{0.1, 0.2, -0.3}},
		{Name: "labs", Width: 4, Measurements: true, Mean: []float64{0, 0, 1, 1}},
		{Name: "notes", Width: 5, Mean: []float64{0, 1, 0, 1, 0}},
	}
	tasks = []model.Task{
		{Name: "death", Kind: model.Binary, Outputs: 1, Weight: []float64{2}},
		{Name: "unit", Kind: model.Multiclass, Outputs: 3},
		{Name: "stay", Kind: model.Regression, Outputs: 1, Mean: 3, Deviation: 2},
	}
)

// cohort has samples with some modalities, and some labels unknown.
func cohort(samples int, seed uint64) model.Batch[float32] {
	b := model.Batch[float32]{Present: make([]bool, len(modalities)*samples)}
	for m, modality := range modalities {
		s := kernel.Series[float32]{Start: []int{0}, Width: modality.Width}
		for i := range samples {
			rows := 0
			if (i+m)%3 != 0 || i%2 == 0 {
				rows = 1 + (i*3+m)%5
				b.Present[m*samples+i] = true
			}
			for r := range rows {
				s.Times = append(s.Times, (float32(r)+0.5)/float32(rows))
			}
			s.Start = append(s.Start, len(s.Times))
		}
		s.Values = kerneltest.Random[float32](len(s.Times)*modality.Width, 1, seed+uint64(m+1))
		if modality.Measurements {
			s.Observed = make([]float32, len(s.Values))
			for i := range s.Observed {
				if i%3 != 2 {
					s.Observed[i] = 1
				} else {
					s.Values[i] = 0
				}
			}
		}
		b.Series = append(b.Series, s)
	}
	b.Labels = make([][]float32, len(tasks))
	for i := range samples {
		b.Labels[0] = append(b.Labels[0], float32(i%2))
		b.Labels[1] = append(b.Labels[1], float32(i%3))
		b.Labels[2] = append(b.Labels[2], float32(i))
	}
	b.Labels[0][0] = float32(math.NaN())
	return b
}

func open(t *testing.T) op.Device[float32] {
	t.Helper()
	d, _, err := gpu.Open(gpu.Options{Precision: "float32"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func build(t *testing.T, c model.Config, d op.Device[float32]) *model.Model[float32] {
	t.Helper()
	m, err := model.New[float32](c, modalities, tasks, 42)
	if err != nil {
		t.Fatal(err)
	}
	m.On(d)
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// TestTrainingMatchesThatOfTheProcessor makes the same optimizer steps, of two runs each, on
// both, and compares losses, norms, weights and predictions.
func TestTrainingMatchesThatOfTheProcessor(t *testing.T) {
	for name, c := range networks() {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			here, there := build(t, c, nil), build(t, c, d)
			compareTraining(t, newTrainer(here, nil), newTrainer(there, d))
			comparePredictions(t, here, there)
		})
	}
}

// TestPretrainingMatchesThatOfTheProcessor does the same with what is learned without labels.
func TestPretrainingMatchesThatOfTheProcessor(t *testing.T) {
	d := open(t)
	begin := func(m *model.Model[float32]) *model.Pretraining[float32] {
		var scales []model.Scale
		for _, modality := range modalities {
			scales = append(scales, model.Scale{Mean: make([]float64, modality.Width), Deviation: slices.Repeat([]float64{2}, modality.Width)})
		}
		p := m.Pretraining(0.3, scales, 5)
		t.Cleanup(func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
		return p
	}
	here, there := begin(build(t, small(), nil)), begin(build(t, small(), d))
	compareTraining(t, newTrainer(here, nil), newTrainer(there, d))
	s := op.Step{Seed: 7, Number: 1}
	want, err := here.Judge(nil, cohort(5, 3), s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := there.Judge(nil, cohort(5, 3), s)
	if err != nil {
		t.Fatal(err)
	}
	close(t, "judgement", []float32{float32(got)}, []float32{float32(want)})
}

// compareTraining makes the same steps on both.
func compareTraining(t *testing.T, here, there *trainer) {
	t.Helper()
	for step := 1; step <= 3; step++ {
		for run := range 2 {
			b := cohort(9-run, uint64(10*step+run))
			s := op.Step{Seed: 7, Number: uint64(2*step + run), Training: true, Weight: 0.5}
			want, got := here.run(t, b, s), there.run(t, b, s)
			for term, v := range want {
				close(t, fmt.Sprint("step ", step, ": loss ", term), []float32{float32(got[term])}, []float32{float32(v)})
			}
		}
		close(t, "norm", []float32{float32(there.step(t, step))}, []float32{float32(here.step(t, step))})
	}
	if err := there.device.Pull(); err != nil {
		t.Fatal(err)
	}
	for i, p := range here.learns.Parameters() {
		close(t, p.Name, there.learns.Parameters()[i].Value, p.Value)
		close(t, p.Name+": mean", there.optimizer.Mean[i], here.optimizer.Mean[i])
	}
}

// TestTrainingIsRepeatable trains twice, to the same bits.
func TestTrainingIsRepeatable(t *testing.T) {
	var first []float32
	for try := range 2 {
		d := open(t)
		m := build(t, small(), d)
		tr := newTrainer(m, d)
		tr.run(t, cohort(9, 1), op.Step{Seed: 7, Number: 1, Training: true})
		tr.step(t, 1)
		if err := d.Pull(); err != nil {
			t.Fatal(err)
		}
		var all []float32
		for _, p := range m.Parameters() {
			all = append(all, p.Value...)
		}
		if try == 0 {
			first = all
		} else if !slices.Equal(first, all) {
			t.Error("the weights differ")
		}
	}
}

func comparePredictions(t *testing.T, here, there *model.Model[float32]) {
	t.Helper()
	b := cohort(5, 3)
	want, err := here.Predict(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := there.Predict(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.Logits {
		close(t, "logits", got.Logits[i], want.Logits[i])
	}
	for l, layer := range want.Decisions {
		for i, d := range layer {
			close(t, "gates", got.Decisions[l][i].Gates, d.Gates)
		}
	}
}

// TestChangesOfTheHostAreSeen changes a weight between two predictions.
func TestChangesOfTheHostAreSeen(t *testing.T) {
	here, there := build(t, small(), nil), build(t, small(), open(t))
	comparePredictions(t, here, there)
	for _, m := range []*model.Model[float32]{here, there} {
		for _, p := range m.Parameters() {
			p.Value[0] += 0.5
			p.Changed()
		}
	}
	comparePredictions(t, here, there)
}

func TestADeviceThatIsNotThere(t *testing.T) {
	if _, _, err := gpu.Open(gpu.Options{Ordinal: 99}); !errors.Is(err, gpu.ErrNone) {
		t.Errorf("got %v", err)
	}
}

// trainer makes optimizer steps on the processor or on a device.
type trainer struct {
	learns    learner
	device    op.Device[float32]
	optimizer op.OptimizerStep[float32]
}

// learner is a model, or the pretraining of one.
type learner interface {
	Parameters() []*op.Parameter[float32]
	Train(*kernel.Pool, model.Batch[float32], op.Step) (model.Losses, error)
	EndStep()
}

func newTrainer(m learner, d op.Device[float32]) *trainer {
	s := op.OptimizerStep[float32]{
		Adam: kernel.AdamW{Rate: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-4}, Decay: 0.1, Clip: 1, Keep: 0.9,
		Parameters: m.Parameters(),
	}
	for _, p := range m.Parameters() {
		s.First, s.Second = append(s.First, make([]float32, len(p.Value))), append(s.Second, make([]float32, len(p.Value)))
		s.Mean = append(s.Mean, append([]float32{}, p.Value...))
	}
	return &trainer{learns: m, device: d, optimizer: s}
}

func (tr *trainer) run(t *testing.T, b model.Batch[float32], s op.Step) model.Losses {
	t.Helper()
	losses, err := tr.learns.Train(nil, b, s)
	if err != nil {
		t.Fatal(err)
	}
	return losses
}

func (tr *trainer) step(t *testing.T, number int) float64 {
	t.Helper()
	tr.learns.EndStep()
	o := tr.optimizer
	o.Number = number
	if tr.device != nil {
		norm, err := tr.device.Optimize(o)
		if err != nil {
			t.Fatal(err)
		}
		return norm
	}
	var arrays []kernel.Trained[float32]
	for i, p := range o.Parameters {
		arrays = append(arrays, kernel.Trained[float32]{
			Value: p.Value, Grad: p.Grad, First: o.First[i], Second: o.Second[i], Mean: o.Mean[i], Decays: p.Decays,
		})
	}
	adam := o.Adam
	adam.Decay = o.Decay
	return kernel.NewOptimizer(arrays).Step(nil, adam, number, o.Clip, o.Keep)
}

// close holds numbers to 1e-3 of the largest: a step of AdamW divides by a gradient that may
// be small, and float32 sums differ in their order.
func close(t *testing.T, what string, got, want []float32) {
	t.Helper()
	largest := 0.01
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	for i, v := range want {
		if !(math.Abs(float64(got[i]-v)) <= 1e-3*largest) {
			t.Fatalf("%s: entry %d is %v, want %v", what, i, got[i], v)
		}
	}
}
