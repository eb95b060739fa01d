// Package kerneltest checks kernels and the operations built on them: seeded inputs,
// gradients against finite differences, and the suite of all kernels at odd sizes and with
// all kinds and masks, which every implementation of them runs.
package kerneltest

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

const (
	// step is the spacing of the finite differences. With four points their error is
	// of order step^4, about 1e-14, below what rounding leaves: about 1e-16 / step.
	step = 0x1p-11
	// tolerance bounds the relative error of a gradient.
	tolerance = 1e-6
	// rounding bounds the absolute error that the rounding of f leaves in a gradient,
	// relative to f: a few hundred units in its last place, divided by step.
	rounding = 1e-10
)

// CheckGradients compares analytic gradients with central differences of f, which
// reads the inputs. Every entry of every input is perturbed in place and put back;
// grads[i] == nil skips input i. The error must stay below 1e-6, relative to the
// gradient, so inputs keep 1e-3 away from the kinks of f.
func CheckGradients(t testing.TB, f func() float64, inputs, grads [][]float64) {
	t.Helper()
	if len(inputs) != len(grads) {
		t.Fatalf("%d inputs but %d gradients", len(inputs), len(grads))
	}
	for i, input := range inputs {
		if grads[i] == nil {
			continue
		}
		if len(grads[i]) != len(input) {
			t.Fatalf("input %d has %d entries, its gradient %d", i, len(input), len(grads[i]))
		}
		checkInput(t, f, i, input, grads[i])
	}
}

// checkInput reports the worst entry of one input.
func checkInput(t testing.TB, f func() float64, i int, input, grad []float64) {
	t.Helper()
	wrong, worst, worstExcess, worstNumeric := 0, 0, 0.0, 0.0
	for j := range input {
		numeric, size := derivative(f, &input[j])
		allowed := tolerance*max(math.Abs(numeric), math.Abs(grad[j])) + rounding*(1+size)
		excess := math.Abs(numeric-grad[j]) / allowed
		if excess <= 1 { // false for NaN too
			continue
		}
		wrong++
		if wrong == 1 || !(excess <= worstExcess) {
			worst, worstExcess, worstNumeric = j, excess, numeric
		}
	}
	if wrong > 0 {
		t.Errorf("input %d: %d of %d gradients are wrong; the worst is entry %d: %.12g, but differences give %.12g",
			i, wrong, len(input), worst, grad[worst], worstNumeric)
	}
}

// derivative is the central difference of f at x, of fourth order, and the largest
// value of f that went into it.
func derivative(f func() float64, x *float64) (slope, size float64) {
	at := *x
	defer func() { *x = at }()
	var value [4]float64
	for i, offset := range [4]float64{-2, -1, 1, 2} {
		*x = at + offset*step
		value[i] = f()
		size = max(size, math.Abs(value[i]))
	}
	return (value[0] - 8*value[1] + 8*value[2] - value[3]) / (12 * step), size
}

// Random fills a new slice of n values, normal with mean 0 and the given standard
// deviation, from seed.
func Random[F kernel.Float](n int, scale float64, seed uint64) []F {
	key := kernel.Key(seed)
	values := make([]F, n)
	for i := range values {
		values[i] = F(scale * kernel.Normal(key, uint64(i)))
	}
	return values
}
