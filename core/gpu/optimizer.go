//go:build gpu

package gpu

import (
	"errors"

	"github.com/fusemoe/fusemoe/core/kernel/cuda"
	"github.com/fusemoe/fusemoe/core/op"
)

// trained is the state of the optimizer on the device.
type trained struct {
	*cuda.Optimizer
	average *cuda.Average
	last    op.OptimizerStep[float32]
}

// Optimize begins, at the first step, with the moments and means of the host.
func (d *device) Optimize(s op.OptimizerStep[float32]) (norm float64, err error) {
	d.During(func() {
		if d.trained == nil {
			d.trained = d.begin(s)
		}
		t := d.trained
		t.last = s
		for _, p := range s.Parameters {
			w := d.gradient(p)
			if !w.written { // it had no part in the loss
				d.Clear(w.grad)
			}
			w.written = false
		}
		adam := s.Adam
		adam.Decay = s.Decay
		t.Step(d.Device, adam, s.Number, s.Clip)
		if t.average != nil {
			t.average.Update(d.Device, float64(s.Keep))
		}
		norm, err = t.Norm(d.Device)
	})
	return norm, errors.Join(err, d.Failure())
}

func (d *device) begin(s op.OptimizerStep[float32]) *trained {
	var values, gradients []cuda.Array
	var decays []bool
	for _, p := range s.Parameters {
		w := d.gradient(p)
		values, gradients, decays = append(values, w.value), append(gradients, w.grad), append(decays, p.Decays)
	}
	t := &trained{Optimizer: cuda.NewOptimizer(d.Device, values, gradients, decays)}
	for i := range values {
		d.Load(t.First[i], s.First[i])
		d.Load(t.Second[i], s.Second[i])
	}
	if s.Mean != nil {
		t.average = cuda.NewAverage(d.Device, values)
		for i, mean := range t.average.Mean {
			d.Load(mean, s.Mean[i])
		}
	}
	return t
}

// Pull reads the weights, the moments and the means.
func (d *device) Pull() error {
	t := d.trained
	if t == nil {
		return nil
	}
	d.During(func() {
		for i, p := range t.last.Parameters {
			d.read(p.Value, d.weights[p].value)
			d.read(t.last.First[i], t.First[i])
			d.read(t.last.Second[i], t.Second[i])
			if t.average != nil {
				d.read(t.last.Mean[i], t.average.Mean[i])
			}
		}
	})
	return d.Failure()
}

// read copies to the host. What fails is kept as the device's failure.
func (d *device) read(to []float32, from cuda.Array) { _ = d.Store(to, from) }
