//go:build gpu

package cuda

import "math"

// Doubles are numbers of 64 bits on a device.
type Doubles struct{ array Array }

// UploadDoubles is a new array with the content of x.
func (d *Device) UploadDoubles(x []float64) Doubles {
	words := make([]uint64, len(x))
	for i, v := range x {
		words[i] = math.Float64bits(v)
	}
	return Doubles{array: d.uploadWords(words)}
}

// FreeDoubles is Free.
func (d *Device) FreeDoubles(x Doubles) { d.Free(x.array) }

// WeighScalars computes y, one number, as the sum of x weighted; a weight of 0 leaves an
// entry out.
func (d *Device) WeighScalars(y, x Array, weights Doubles) {
	d.fitScalars(y, x, weights)
	d.launch("weigh_scalars", 1, 1, y, x, weights.array, x.length)
}

// SpreadScalars computes the gradients of those entries of x that have a weight.
func (d *Device) SpreadScalars(dx, dy Array, weights Doubles) {
	d.fitScalars(dy, dx, weights)
	d.launch("spread_scalars", 1, 1, dx, dy, weights.array, dx.length)
}

func (d *Device) fitScalars(y, x Array, weights Doubles) {
	fit(1, y)
	fit(2*x.length, weights.array)
}
