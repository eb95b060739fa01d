package kerneltest

import (
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// CheckDirection compares the gradients of a case in float64 with the central difference
// of its outputs, weighted by their gradients, along one random direction: each of its
// inputs with a gradient moves alone. Inputs that are 0 stay where they are: a gate, a mask
// or an unobserved value has a kink or no meaning beside 0.
func (c *Case) CheckDirection(t testing.TB) {
	t.Helper()
	if c.Kinked || len(c.Gradients) == 0 {
		return
	}
	results, inputs := c.Reference(), c.Doubles()
	loss := c.loss()
	_, size := loss(inputs)
	for i, gradient := range results[len(c.Outputs):] {
		direction, slope, norm := c.direction(i, gradient)
		at := func(h float64) float64 {
			moved := slices.Clone(inputs)
			moved[i] = slices.Clone(inputs[i])
			for j, d := range direction {
				moved[i][j] += h * d
			}
			sum, _ := loss(moved)
			return sum
		}
		// The error of four points is of order h^4, 5e-20, below what rounding leaves.
		const h = 0x1p-16
		numeric := (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h)
		if allowed := 1e-6*norm + 1e-10*size; !(math.Abs(numeric-slope) <= allowed) {
			t.Errorf("%s: along gradient %d the outputs rise by %.12g, but differences give %.12g", c.Name, i, slope, numeric)
		}
	}
}

// loss sums up the outputs for some inputs, weighted by their gradients, and the sizes of
// what it adds up.
func (c *Case) loss() func(inputs [][]float64) (sum, size float64) {
	pass, results, outputs := c.Double(), Results[float64](c), len(c.Outputs)
	clear(results[outputs:]) // no gradient is wanted
	return func(inputs [][]float64) (sum, size float64) {
		pass(nil, results, inputs)
		for i, y := range results[:outputs] {
			for j, dy := range inputs[len(inputs)-outputs+i] {
				sum += dy * y[j]
				size += math.Abs(dy * y[j])
			}
		}
		return sum, size
	}
}

// direction is one of random steps for input i, the slope that its gradient gives along it
// and the root of the sum of the squares of that slope's parts.
func (c *Case) direction(i int, gradient []float64) (steps []float64, slope, norm float64) {
	steps = make([]float64, len(gradient))
	for j, x := range c.Inputs[i] {
		if x != 0 {
			steps[j] = kernel.Normal(kernel.Key(7, uint64(i)), uint64(j))
			slope += steps[j] * gradient[j]
			norm = math.Hypot(norm, steps[j]*gradient[j])
		}
	}
	return steps, slope, norm
}
