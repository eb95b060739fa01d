//go:build gpu

package cuda

import (
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// mostBlocks bounds the grids of kernels that go through an array in strides: more blocks
// than that a device does not run at a time.
const mostBlocks = 2048

// Add adds y to x.
func (d *Device) Add(x, y Array) {
	fit(x.length, y)
	d.launch("add", min(blocks(x.length), mostBlocks), 1, x, y, x.length)
}

// Scale multiplies x by a.
func (d *Device) Scale(x Array, a float64) {
	d.launch("scale", min(blocks(x.length), mostBlocks), 1, x, float32(a), x.length)
}

// Optimizer is AdamW over all weights of a model with one norm for the whole gradient.
type Optimizer struct {
	// First and Second are the running means of the gradients and of their squares.
	First, Second []Array

	table pieces // of the gradients, the weights and both means
	parts Array  // float64, the sum of the squares of each piece of the gradients
	norm  Array  // that of the gradient, and the factor that clips it
}

// NewOptimizer begins to optimize values by their gradients; decays tells which of them the
// weight decay acts on.
func NewOptimizer(d *Device, values, gradients []Array, decays []bool) *Optimizer {
	o := &Optimizer{norm: d.New(2)}
	for _, v := range values {
		o.First, o.Second = append(o.First, d.New(v.length)), append(o.Second, d.New(v.length))
	}
	d.Clear(o.First...)
	d.Clear(o.Second...)
	d.Clear(o.norm)
	o.table = d.newPieces(decays, gradients, values, o.First, o.Second)
	o.parts = d.newDoubles(o.table.count)
	return o
}

// Step makes one step, which counts from 1, and clears the gradients. They are scaled down
// first where the norm of all is above clip; 0 means no limit.
func (o *Optimizer) Step(d *Device, a kernel.AdamW, step int, clip float64) {
	d.launch("sum_squares", o.table.count, 1, o.parts, o.table.lines, 4)
	d.launch("clip_norm", 1, 1, o.norm, o.parts, o.table.count, float32(clip))
	d.launch("adamw", o.table.count, 1, o.table.lines, o.norm,
		float32(a.Rate/(1-math.Pow(a.Beta1, float64(step)))), float32(1-a.Rate*a.Decay),
		float32(a.Beta1), float32(1-a.Beta1), float32(a.Beta2), float32(1-a.Beta2),
		float32(1/math.Sqrt(1-math.Pow(a.Beta2, float64(step)))), float32(a.Epsilon))
}

// Norm waits for the last step and returns the gradient's norm before clipping.
func (o *Optimizer) Norm(d *Device) (float64, error) {
	var norm [1]float32
	err := d.Store(norm[:], o.norm.Slice(0, 1))
	return float64(norm[0]), err
}

// Release gives the memory of the optimizer back.
func (o *Optimizer) Release(d *Device) {
	d.Free(o.First...)
	d.Free(o.Second...)
	d.Free(o.table.lines, o.parts, o.norm)
}

// Average is a running mean of the weights of a model.
type Average struct {
	Mean []Array

	table pieces // of the means and the weights
}

// NewAverage begins with the weights as they are.
func NewAverage(d *Device, values []Array) *Average {
	a := &Average{}
	for _, v := range values {
		mean := d.New(v.length)
		d.Copy(mean, v)
		a.Mean = append(a.Mean, mean)
	}
	a.table = d.newPieces(nil, a.Mean, values)
	return a
}

// Update makes the mean keep·mean + (1-keep)·weights.
func (a *Average) Update(d *Device, keep float64) {
	d.launch("mix", a.table.count, 1, a.table.lines, float32(keep))
}

// Release gives the memory of the means back.
func (a *Average) Release(d *Device) {
	d.Free(a.Mean...)
	d.Free(a.table.lines)
}

// Swap exchanges the weights and their mean.
func (a *Average) Swap(d *Device) { d.launch("swap", a.table.count, 1, a.table.lines) }
