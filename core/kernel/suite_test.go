package kernel_test

import (
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// cases are those of the suite, in short mode every fifth.
func cases() (some []kerneltest.Case) {
	for i, c := range kerneltest.Cases() {
		if !testing.Short() || i%5 == 0 {
			some = append(some, c)
		}
	}
	return some
}

// same says whether two results have the same bits, NaN excepted.
func same(a, b [][]float32) bool {
	return slices.EqualFunc(a, b, slices.Equal)
}

// The gradients of every kernel in float64, at every size and with every mask, are those
// of its outputs.
func TestKernelsHaveTheGradientsOfTheirOutputs(t *testing.T) {
	for _, c := range cases() {
		c.CheckDirection(t)
	}
}

// On every path, every kernel gives what it gives in float64, to the same bits for any
// number of workers, the first time and the second, and whichever gradients are wanted.
// The fast paths agree to the last bit.
func TestKernelsOnEveryPath(t *testing.T) {
	var pools []*kernel.Pool
	for _, workers := range []int{1, 2, 3, 8} {
		p := kernel.NewPool(workers)
		defer p.Close()
		pools = append(pools, p)
	}
	for _, c := range cases() {
		reference := c.Reference()
		var fast [][]float32
		for _, path := range kernel.Paths() {
			kernel.OnPath(path, func() {
				want := kerneltest.Results[float32](&c)
				c.Single()(nil, want, c.Inputs)
				c.Near(t, path, want, reference)
				checkWorkers(t, &c, path, pools, want)
				checkUnwanted(t, &c, path, want)
				checkPast(t, &c, path, want)
				if path == "generic" {
					return
				}
				if fast != nil && !same(fast, want) {
					t.Errorf("%s: %s differs from the other fast path", c.Name, path)
				}
				fast = want
			})
		}
	}
}

func checkWorkers(t *testing.T, c *kerneltest.Case, path string, pools []*kernel.Pool, want [][]float32) {
	t.Helper()
	pass := c.Single()
	for _, p := range pools {
		for range 2 {
			got := kerneltest.Results[float32](c)
			pass(p, got, c.Inputs)
			if !same(got, want) {
				t.Errorf("%s, %s: %d workers give other bits", c.Name, path, p.Workers())
			}
		}
	}
}

// checkUnwanted leaves out one gradient at a time, and all of them.
func checkUnwanted(t *testing.T, c *kerneltest.Case, path string, want [][]float32) {
	t.Helper()
	pass, outputs := c.Single(), len(c.Outputs)
	for i := outputs; i <= len(want) && outputs < len(want); i++ {
		got := kerneltest.Results[float32](c)
		if i == len(want) {
			clear(got[outputs:])
		} else {
			got[i] = nil
		}
		pass(nil, got, c.Inputs)
		for j, x := range got {
			if x != nil && !slices.Equal(x, want[j]) {
				t.Errorf("%s, %s: without gradient %d result %d has other bits", c.Name, path, i-outputs, j)
			}
		}
	}
}

// checkPast has the kernel see other inputs before: what is learned and the gradients of the
// outputs, each in reverse order.
func checkPast(t *testing.T, c *kerneltest.Case, path string, want [][]float32) {
	t.Helper()
	pass, others := c.Single(), slices.Clone(c.Inputs)
	for i, x := range others {
		if i < len(c.Gradients) || i >= len(others)-len(c.Outputs) {
			others[i] = slices.Clone(x)
			slices.Reverse(others[i])
		}
	}
	for _, inputs := range [][][]float32{others, c.Inputs} {
		got := kerneltest.Results[float32](c)
		pass(nil, got, inputs)
		if &inputs[0] == &c.Inputs[0] && !same(got, want) {
			t.Errorf("%s, %s: other bits after other inputs", c.Name, path)
		}
	}
}

// Every path gives what float64 gives, whatever the kernel and its sizes.
func FuzzKernels(f *testing.F) {
	for kind := range uint8(28) {
		f.Add(kind, kind%3, []byte{14, 32, 16, 7, 2, 64})
	}
	f.Fuzz(func(t *testing.T, kind, variant uint8, sizes []byte) {
		c := kerneltest.Pick(kind, variant, 131, sizes)
		// Among many shapes there is a sum that cancels out by chance and keeps the rounding
		// of its summands; what a wrong shape makes of a result is larger.
		c.Loose = 50 * max(c.Loose, 1)
		reference := c.Reference()
		for _, path := range kernel.Paths() {
			kernel.OnPath(path, func() {
				got := kerneltest.Results[float32](&c)
				c.Single()(nil, got, c.Inputs)
				c.Near(t, path, got, reference)
			})
		}
	})
}
