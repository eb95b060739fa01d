package kernel_test

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// A NaN in what is learned or computed reaches every result on the fast paths that it reaches in plain Go, so
// that a training that has gone wrong shows.
func TestKernelsHideNoNaN(t *testing.T) {
	const every = 4 // of the cases, for the time it takes
	for i, c := range cases() {
		for input := range c.Inputs {
			data := input >= len(c.Gradients) && input < len(c.Inputs)-len(c.Outputs) // of which a NaN label is unknown
			if i%every == input%every && !data {
				checkNaN(t, &c, input, i)
			}
		}
	}
}

// checkNaN puts a NaN into one place of an input, in turn where an entry is not 0: beside a
// mask or a gate of 0 nobody looks.
func checkNaN(t *testing.T, c *kerneltest.Case, input, turn int) {
	t.Helper()
	x := c.Inputs[input]
	if len(x) == 0 || x[turn%len(x)] == 0 {
		return
	}
	at := turn % len(x)
	defer func(was float32) { x[at] = was }(x[at])
	x[at] = float32(math.NaN())
	want := kerneltest.Results[float32](c)
	kernel.OnPath("generic", func() { c.Single()(nil, want, c.Inputs) })
	for _, path := range kernel.Paths()[1:] {
		got := kerneltest.Results[float32](c)
		kernel.OnPath(path, func() { c.Single()(nil, got, c.Inputs) })
		for r := range want {
			for j, w := range want[r] {
				if g := got[r][j]; w != w && g == g {
					t.Fatalf("%s, %s: a NaN at %d of input %d gives %v at %d of result %d", c.Name, path, at, input, g, j, r)
				}
			}
		}
	}
}
