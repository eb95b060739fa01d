package kernel

import (
	"math"
	"slices"
	"testing"
)

// elementKernel is a kernel over outs[i] and ins[i] of n entries each. Where it is exact,
// every path gives the bits of plain Go.
type elementKernel struct {
	name      string
	outs, ins int
	exact     bool
	run       func(s path, out, in [][]float32)
}

var elementKernels = []elementKernel{
	{"relu", 1, 1, true, func(s path, out, in [][]float32) { reluOn(s, out[0], in[0]) }},
	{"relu gradient", 1, 2, true, func(s path, out, in [][]float32) { reluGradientOn(s, out[0], in[0], in[1]) }},
	{"gelu gradient", 1, 2, false, func(s path, out, in [][]float32) { geluGradientOn(s, out[0], in[0], in[1]) }},
	{"blend", 1, 3, false, func(s path, out, in [][]float32) { blendOn(s, out[0], in[0], in[1], in[2]) }},
	{"blend gradients", 3, 4, false, func(s path, out, in [][]float32) {
		blendGradientsOn(s, out[0], out[1], out[2], in[0], in[1], in[2], in[3])
	}},
	{"assemble", 1, 3, true, func(s path, out, in [][]float32) { assembleOn(s, out[0], in[0], in[1], in[2], 3) }},
}

// inputs are arrays of n entries, with special values in front.
func (k elementKernel) inputs(n int) [][]float32 {
	in := make([][]float32, k.ins)
	for j := range in {
		in[j] = normals32(n, uint64(j+1))
		special := []float32{0, float32(math.Copysign(0, -1)), -100, 100, 1e-40, 3e38, float32(math.NaN())}
		copy(in[j], special[j:])
	}
	return in
}

func (k elementKernel) outputs(n int) [][]float32 {
	out := make([][]float32, k.outs)
	for j := range out {
		out[j] = normals32(n, uint64(j+50))
	}
	return out
}

// Every path computes what plain Go does, whatever the length; AVX2 and AVX-512 agree to
// the last bit, and so does a value that stands elsewhere.
func TestElementKernelsOnEveryPath(t *testing.T) {
	for _, k := range elementKernels {
		t.Run(k.name, func(t *testing.T) {
			for _, n := range []int{1, 3, 15, 16, 17, 31, 32, 33, 63, 65, 127, 513} {
				in, want := k.inputs(n), k.outputs(n)
				k.run(generic, want, in)
				var first [][]float32
				for _, s := range paths()[1:] {
					got := k.outputs(n)
					k.run(s, got, in)
					for j := range got {
						sameEntries(t, s, got[j], want[j], k.exact)
						if first != nil {
							sameEntries(t, s, got[j], first[j], true)
						}
					}
					first = got
				}
			}
		})
	}
}

// sameEntries fails unless the entries are equal, or near each other where not exact.
func sameEntries(t *testing.T, s path, got, want []float32, exact bool) {
	t.Helper()
	for i, v := range got {
		g, w := float64(v), float64(want[i])
		switch {
		case math.Float32bits(v) == math.Float32bits(want[i]) || g != g && w != w:
		case exact, !(math.Abs(g-w) <= 1e-6*(1+math.Abs(w))):
			t.Fatalf("%v: entry %d of %d is %v, want %v", s, i, len(got), v, want[i])
		}
	}
}

// Unwanted gradients of a blend change nothing in the others.
func TestBlendGradientsMayBeUnwanted(t *testing.T) {
	const n = 37
	k := elementKernels[4]
	in := k.inputs(n)
	for _, s := range paths() {
		want := k.outputs(n)
		k.run(s, want, in)
		for wanted := range 8 {
			got := k.outputs(n)
			for j := range got {
				if wanted>>j&1 == 0 {
					got[j] = nil
				}
			}
			k.run(s, got, in)
			for j := range got {
				if got[j] != nil {
					sameEntries(t, s, got[j], want[j], true)
				}
			}
		}
	}
}

// Columns are added up from the first row to the last on every path.
func TestRowsAreAddedInOrder(t *testing.T) {
	for _, width := range []int{1, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 80, 127, 192} {
		for _, rows := range []int{0, 1, 2, 65} {
			x, start := normals32(rows*width, 1), normals32(width, 2)
			want := slices.Clone(start)
			for i, v := range x {
				want[i%width] += v
			}
			for _, s := range paths() {
				got := slices.Clone(start)
				if addRowsOn(s, got, x); !slices.Equal(got, want) {
					t.Errorf("%v: %d rows of %d have other sums than one after the other", s, rows, width)
				}
			}
		}
	}
}

// The steps of a sample share what is added to all, on every path.
func TestAssembleRows(t *testing.T) {
	for _, width := range []int{15, 16, 48, 65} {
		x, position, kind := normals32(3*width, 1), normals32(3*width, 2), normals32(width, 3)
		want := make([]float32, len(x))
		for i, v := range x {
			want[i] = 5*(v+kind[i%width]) + position[i]
		}
		for _, s := range paths() {
			got := make([]float32, len(x))
			if assembleOn(s, got, x, kind, position, 5); !slices.Equal(got, want) {
				t.Errorf("%v: rows of %d differ", s, width)
			}
		}
	}
}
