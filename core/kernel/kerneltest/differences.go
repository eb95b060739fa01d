package kerneltest

import (
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// CheckDirection compares the gradients of a case in float64 with the central difference
// of its outputs, weighted by their gradients, along one random direction of all inputs that
// have a gradient. Inputs that are 0 stay where they are: a gate, a mask or an unobserved
// value has a kink or no meaning beside 0.
func (c *Case) CheckDirection(t testing.TB) {
	t.Helper()
	if c.Kinked || len(c.Gradients) == 0 {
		return
	}
	inputs, loss := c.Doubles(), c.loss()
	_, size := loss(inputs)
	steps, slope, norm := c.direction(c.Reference()[len(c.Outputs):])
	at := func(h float64) float64 {
		moved := slices.Clone(inputs)
		for i, step := range steps {
			moved[i] = slices.Clone(inputs[i])
			for j, d := range step {
				moved[i][j] += h * d
			}
		}
		sum, _ := loss(moved)
		return sum
	}
	// The error of four points is of order h^4, 5e-20, below what rounding leaves.
	const h = 0x1p-16
	numeric := (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h)
	if allowed := 1e-6*norm + 1e-10*size; !(math.Abs(numeric-slope) <= allowed) {
		t.Errorf("%s: along the gradients the outputs rise by %.12g, but differences give %.12g", c.Name, slope, numeric)
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

// direction is one of random steps for the inputs that have a gradient, the slope that the
// gradients give along it and the root of the sum of the squares of that slope's parts.
func (c *Case) direction(gradients [][]float64) (steps [][]float64, slope, norm float64) {
	for i, gradient := range gradients {
		step := make([]float64, len(gradient))
		for j, x := range c.Inputs[i] {
			if x != 0 {
				step[j] = kernel.Normal(kernel.Key(7, uint64(i)), uint64(j))
				slope += step[j] * gradient[j]
				norm += step[j] * step[j] * gradient[j] * gradient[j]
			}
		}
		steps = append(steps, step)
	}
	return steps, slope, math.Sqrt(norm)
}
