//go:build gpu

package gpu

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fusemoe/fusemoe/core/kernel/cuda"
	"github.com/fusemoe/fusemoe/core/op"
)

// device is op.Device on a GPU.
type device struct {
	*cuda.Device
	weights map[*op.Parameter[float32]]*weights
	trained *trained
	sums    map[*op.Accumulator]*sums
}

var precisions = map[string]cuda.Precision{"float32": cuda.Float32, "tf32": cuda.TF32, "bf16": cuda.BF16}

// Open makes a device ready and describes it. It fails with ErrNone where there is none.
func Open(o Options) (op.Device[float32], Info, error) {
	d, err := cuda.Open(o.Ordinal)
	if errors.Is(err, cuda.ErrNoDriver) || errors.Is(err, cuda.ErrNoDevice) {
		return nil, Info{}, fmt.Errorf("%w: %w", ErrNone, err)
	}
	if err != nil {
		return nil, Info{}, err
	}
	d.Precision = precisions[o.Precision]
	return &device{
		Device: d, weights: map[*op.Parameter[float32]]*weights{}, sums: map[*op.Accumulator]*sums{},
	}, Info{Name: d.String(), Memory: d.Memory}, nil
}

// Close gives the device back with all that is on it.
func (d *device) Close() error { return errors.Join(d.Wait(), d.Device.Close()) }

// Forget gives the memory of a model's parameters and of its optimizer back.
func (d *device) Forget(parameters []*op.Parameter[float32]) {
	for _, p := range parameters {
		if w, ok := d.weights[p]; ok {
			d.Free(w.value, w.grad)
			delete(d.weights, p)
		}
	}
	if t := d.trained; t != nil && slices.ContainsFunc(t.last.Parameters, func(p *op.Parameter[float32]) bool { return d.weights[p] == nil }) {
		t.Release(d.Device)
		if t.average != nil {
			t.average.Release(d.Device)
		}
		d.trained = nil
	}
	for _, s := range d.sums {
		s.on.Release(d.Device)
	}
	clear(d.sums)
}

// weights are one parameter on the device. There is no gradient until one is asked for.
type weights struct {
	value, grad cuda.Array
	// version is the parameter's when it was copied last; written says that grad holds the
	// gradients of runs since the last step of the optimizer.
	version int
	written bool
}

// of is a parameter on the device, as it is on the host.
func (d *device) of(p *op.Parameter[float32]) *weights {
	w, ok := d.weights[p]
	if !ok {
		w = &weights{value: d.New(len(p.Value)), version: p.Version() - 1}
		d.weights[p] = w
	}
	if w.version != p.Version() {
		d.Load(w.value, p.Value)
		w.version = p.Version()
	}
	return w
}

// gradient is the memory of a parameter's gradient.
func (d *device) gradient(p *op.Parameter[float32]) *weights {
	w := d.of(p)
	if w.grad.Len() == 0 {
		w.grad = d.New(len(p.Value))
	}
	return w
}
