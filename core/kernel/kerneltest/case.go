package kerneltest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// Sizes are odd ones and those beside the widths of vectors, tiles and blocks.
var Sizes = []int{1, 3, 15, 16, 17, 31, 33, 63, 65, 127}

// Pass is a forward and a backward pass of one kernel: from inputs it fills results, the
// outputs and then the gradients. A gradient that is nil is not wanted.
type Pass[F kernel.Float] func(p *kernel.Pool, results, inputs [][]F)

// Case is one kernel of one size, and inputs for it.
type Case struct {
	Name string
	// Inputs begin with those that have a gradient, in the order of the gradients. Those
	// that have none follow, such as masks and labels, and last the gradients of the
	// outputs, where there is a backward pass.
	Inputs [][]float32
	// Outputs and Gradients are the lengths of the results.
	Outputs, Gradients []int
	// Single and Double make a kernel without a past.
	Single func() Pass[float32]
	Double func() Pass[float64]
	// Loose multiplies the tolerance of Near where rounding is amplified; 0 means 1.
	Loose float64
	// Vanishing are results that are 0 but for the rounding of what cancels out.
	Vanishing []int
	// Kinked says that differences tell nothing: the function has kinks everywhere.
	Kinked bool
}

// family makes the cases of one kernel.
type family struct {
	name     string
	variants int     // kinds and masks
	bases    [][]int // the other sizes while one takes each of Sizes
	large    []int   // more than one worker's share
	build    func(variant int, n []int) Case
}

// Cases are all kernels with all their kinds and masks: every size of each takes every
// one of Sizes, alone, beside odd sizes and beside whole vectors, and together with others;
// and one case is large enough to be shared between workers.
func Cases() []Case {
	var all []Case
	for _, f := range families() {
		for variant := range f.variants {
			for _, n := range append(sweep(f.bases), f.large) {
				all = append(all, f.at(variant, n))
			}
		}
	}
	return all
}

// Pick is the case that the numbers choose: a kernel, its kind and its sizes, from 1 to
// most. It is for fuzzing.
func Pick(kind, variant uint8, most int, sizes []byte) Case {
	all := families()
	f := all[int(kind)%len(all)]
	n := slices.Clone(f.bases[0])
	for i := range min(len(n), len(sizes)) {
		n[i] = 1 + int(sizes[i])%most
	}
	return f.at(int(variant)%f.variants, shrink(n))
}

// At is a case of the kernel of that name, which there must be. It is for benchmarks.
func At(name string, variant int, n ...int) Case {
	for _, f := range families() {
		if f.name == name {
			return f.at(variant, n)
		}
	}
	panic("kerneltest: no kernel is called " + name)
}

func (f family) at(variant int, n []int) Case {
	c := f.build(variant, n)
	c.Name = fmt.Sprintf("%s %d %v", f.name, variant, n)
	return c
}

func families() []family {
	return slices.Concat(layerFamilies(), stepFamilies(), routingFamilies(), lossFamilies())
}

// sweep lists sizes: each one of Sizes in each place, and mixtures of them.
func sweep(bases [][]int) [][]int {
	var all [][]int
	for _, base := range bases {
		for i := range base {
			for _, size := range Sizes {
				n := slices.Clone(base)
				n[i] = size
				all = append(all, n)
			}
		}
	}
	for first := range Sizes {
		n := make([]int, len(bases[0]))
		for i := range n {
			n[i] = Sizes[(first*(2*i+1)+3*i)%len(Sizes)]
		}
		all = append(all, shrink(n))
	}
	return all
}

// shrink halves the largest sizes until their product takes no more than milliseconds.
func shrink(n []int) []int {
	const most = 1 << 16
	for {
		product, longest := 1, 0
		for i, size := range n {
			product *= size
			if size > n[longest] {
				longest = i
			}
		}
		if product <= most {
			return n
		}
		n[longest] /= 2
	}
}

// newCase has random inputs of deviation 1 for the given numbers of entries that have a
// gradient, then the others as they are, then random gradients of the outputs.
func newCase(gradients, outputs []int, others ...[]float32) Case {
	c := Case{Gradients: gradients, Outputs: outputs}
	for i, n := range gradients {
		c.Inputs = append(c.Inputs, Random[float32](n, 1, uint64(i+1)))
	}
	c.Inputs = append(c.Inputs, others...)
	if len(gradients) > 0 {
		for i, n := range outputs {
			c.Inputs = append(c.Inputs, Random[float32](n, 1, uint64(i+100)))
		}
	}
	return c
}

// with is the case with its passes.
func (c Case) with(single func() Pass[float32], double func() Pass[float64]) Case {
	c.Single, c.Double = single, double
	return c
}

// scale multiplies an input, so that sums over many entries stay of the size of one.
func (c Case) scale(input int, by float64) Case {
	for i := range c.Inputs[input] {
		c.Inputs[input][i] *= float32(by)
	}
	return c
}

// Results are slices for all results, full of NaN: an entry that is not written shows.
func Results[F kernel.Float](c *Case) [][]F {
	var results [][]F
	for _, n := range slices.Concat(c.Outputs, c.Gradients) {
		x := make([]F, n)
		for i := range x {
			x[i] = F(math.NaN())
		}
		results = append(results, x)
	}
	return results
}

// Doubles are the inputs in float64.
func (c *Case) Doubles() [][]float64 {
	var wide [][]float64
	for _, x := range c.Inputs {
		if x == nil {
			wide = append(wide, nil)
			continue
		}
		w := make([]float64, len(x))
		for i, v := range x {
			w[i] = float64(v)
		}
		wide = append(wide, w)
	}
	return wide
}

// Reference are the results in float64, on one worker.
func (c *Case) Reference() [][]float64 {
	results := Results[float64](c)
	c.Double()(nil, results, c.Doubles())
	return results
}

// Near fails where an entry of got is further from want than 2e-5 of the largest entry
// of its result, some hundred roundings of float32, or 2e-6 of the largest of all, which
// may have been its summands. A result that vanishes is held to ten times as much.
func (c *Case) Near(t testing.TB, what string, got [][]float32, want [][]float64) {
	t.Helper()
	all := largest(want...)
	for i, w := range want {
		size := max(largest(w), 0.1*all)
		if slices.Contains(c.Vanishing, i) {
			size = all
		}
		bound := 2e-5 * size * max(c.Loose, 1)
		for j, v := range got[i] {
			if !(math.Abs(float64(v)-w[j]) <= bound) {
				t.Errorf("%s, %s: entry %d of result %d is %v, want %v ± %.1g", c.Name, what, j, i, v, w[j], bound)
				break
			}
		}
	}
}

// largest is the largest magnitude of all entries.
func largest(all ...[]float64) (magnitude float64) {
	for _, x := range all {
		for _, v := range x {
			magnitude = max(magnitude, math.Abs(v))
		}
	}
	return magnitude
}
