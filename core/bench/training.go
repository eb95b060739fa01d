package bench

import (
	"context"
	"fmt"
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/core/train"
	"github.com/fusemoe/fusemoe/routing"
)

// Training is the work of one training step: a network, and a batch of made-up
// measurements in which every sample has every modality.
type Training struct {
	Config model.Config
	// Widths are the numbers of values in a row, modality by modality.
	Widths []int
	// Samples is the size of the batch, Rows the number of rows that each sample has
	// of each modality. A share of observedShare of the values is observed.
	Samples, Rows int
	// Device is where it trains; nil means the processor.
	Device op.Device[float32]
}

// observedShare is about that of a row of the challenge's measurements.
const observedShare = 0.25

// PhysioNet is the step of the example of the PhysioNet 2012 challenge: its channels,
// the preset "small", a batch of 32.
func PhysioNet() Training {
	return Training{
		Config: model.Config{
			Steps: 24, Width: 32, Heads: 4, TimeWidth: 16, TimeHeads: 4, Layers: 2, Hidden: 64,
			Dropout: 0.3, ModalityDropout: 0.15,
			Imputation: model.Imputation{Enabled: true, Kernel: 1, Gate: kernel.PerFeature},
			Router: routing.Config{
				Kind: routing.PerModality, Gate: kernel.Laplace, Unit: routing.Step, Experts: 8, TopK: 2, Hidden: 64,
			},
			Balance: 0.01,
		},
		Widths:  []int{11, 6, 13, 5, 2, 7},
		Samples: 32, Rows: 40,
	}
}

// Model builds the network.
func (t Training) Model() (*model.Model[float32], error) {
	var modalities []model.Modality
	for i, width := range t.Widths {
		modalities = append(modalities, model.Modality{Name: fmt.Sprintf("m%d", i), Width: width, Measurements: true})
	}
	return model.New[float32](t.Config, modalities, []model.Task{{Name: "death", Kind: model.Binary, Outputs: 1}}, 1)
}

// Batch makes the batch.
func (t Training) Batch() model.Batch[float32] {
	b := model.Batch[float32]{Present: make([]bool, len(t.Widths)*t.Samples)}
	for i := range b.Present {
		b.Present[i] = true
	}
	for i, width := range t.Widths {
		b.Series = append(b.Series, series(t.Samples, t.Rows, width, observedShare, uint64(i)))
	}
	labels := make([]float32, t.Samples)
	for i := range labels {
		labels[i] = float32(i % 2)
	}
	b.Labels = [][]float32{labels}
	return b
}

// series has rows rows for each sample; the given share of the values is observed.
func series(samples, rows, width int, observed float64, key uint64) kernel.Series[float32] {
	s := kernel.Series[float32]{
		Start: []int{0}, Width: width, Times: make([]float32, samples*rows),
		Values: make([]float32, samples*rows*width), Observed: make([]float32, samples*rows*width),
	}
	for i := range s.Times {
		s.Times[i] = (float32(i%rows) + 0.5) / float32(rows)
	}
	for i := range samples {
		s.Start = append(s.Start, (i+1)*rows)
	}
	for i := range s.Values {
		if kernel.Uniform(key, uint64(2*i)) < observed {
			s.Observed[i], s.Values[i] = 1, float32(kernel.Normal(key, uint64(2*i+1)))
		}
	}
	return s
}

// repeat trains, optimizer and averaged weights included, one step for each time that
// next says so.
func (t Training) repeat(ctx context.Context, pool *kernel.Pool, next func() bool) error {
	m, err := t.Model()
	if err != nil {
		return err
	}
	m.On(t.Device)
	batch := t.Batch()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := !next()
	if stopped {
		return nil
	}
	_, err = train.Run(ctx, train.Task{
		Model: m, Pool: pool, Device: t.Device, Rows: make([]int, stepsPerEpoch*t.Samples),
		Batch: func([]int) model.Batch[float32] { return batch },
		Score: func(context.Context) (float64, any, error) { return 0, nil, nil },
		Stepped: func(train.StepReport) {
			if !stopped && !next() {
				stopped = true
				cancel()
			}
		},
	}, train.Options{
		Epochs: math.MaxInt32, Batch: t.Samples, Accumulate: 1,
		LearningRate: 1e-3, WeightDecay: 0.01, Clip: 1, Average: 0.99,
	})
	if err != nil && !stopped {
		return err
	}
	return m.Close()
}

// stepsPerEpoch is about that of the example.
const stepsPerEpoch = 64

// Run makes the given number of steps, the first of which builds the graph.
func (t Training) Run(ctx context.Context, pool *kernel.Pool, steps int) error {
	return t.repeat(ctx, pool, func() bool {
		steps--
		return steps >= 0
	})
}

// operations is the number of floating-point operations in the matrix products of one
// step: those of the forward pass, and twice as many of the backward pass.
func (t Training) operations() float64 {
	c, m := t.Config, len(t.Widths)
	steps, d, e := c.Steps, c.Width, c.TimeWidth
	sample, seen := 0, 0.0 // multiply-adds of one sample, forward; those of what was observed
	for _, width := range t.Widths {
		sample += t.Rows*e*e + steps*t.Rows*e // keys, scores
		seen += observedShare * float64(steps*t.Rows*c.TimeHeads*2*width)
		sample += steps * (c.TimeHeads + 1) * width * d
		if c.Imputation.Enabled {
			sample += steps * d * (2*width*c.Imputation.Kernel + 3*d)
		}
	}
	routed := 4*d*d + 2*steps*d + d*c.Router.Experts // of each step: attention and gates
	mixed := c.Router.TopK*c.Router.Hidden*(d+m*d) + 2*d*c.Hidden
	sample += c.Layers * m * steps * (routed + mixed)
	if c.Pooling == kernel.LastStep && c.Router.Unit == routing.Step {
		sample -= m * (steps - 1) * mixed // the last layer leaves out what nobody looks at
	}
	return 3 * 2 * float64(t.Samples) * (float64(sample) + seen)
}

// step is one optimizer step of t as a piece of work.
func (t Training) step(name string, workers int) work {
	return work{
		name: name, workers: workers, items: t.Samples, unit: "samples/s",
		operations: t.operations(), repeat: t.repeat,
	}
}
