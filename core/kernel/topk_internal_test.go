package kernel

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The vector kernels choose what plain Go chooses, ties, infinities and NaN among them,
// and agree with each other to the last bit. Two exponentials of 2 ulp each and a sum in
// another order lie between them and plain Go.
func TestVectorTopKChoosesLikePlainGo(t *testing.T) {
	inf := float32(math.Inf(1))
	zero := float32(math.Copysign(0, -1))
	rapid.Check(t, func(t *rapid.T) {
		const rows = 3
		n := rapid.IntRange(1, 20).Draw(t, "experts")
		k := rapid.IntRange(1, n).Draw(t, "k")
		value := rapid.OneOf(
			rapid.SampledFrom([]float32{-2, zero, 0, 0.5, 7, -200, 88, float32(math.NaN()), inf, -inf, 1e-40}),
			rapid.Float32Range(-5, 5))
		logits := rapid.SliceOfN(value, rows*n, rows*n).Draw(t, "logits")
		want := make([]float32, rows*n)
		topKOn(generic, want, logits, n, make([]int32, rows*k), k)
		var first []float32
		for _, s := range paths()[1:] {
			got := slices.Repeat([]float32{9}, rows*n)
			topKOn(s, got, logits, n, make([]int32, rows*k), k)
			for i := range got {
				far := math.Abs(float64(got[i]-want[i])) > 2e-6*float64(want[i])+1e-37
				if isNaN(got[i]) != isNaN(want[i]) || far || (got[i] == 0) != (want[i] == 0) && want[i] > 1e-37 {
					t.Fatalf("%v: top %d of %v: %v, want %v", s, k, logits, got, want)
				}
			}
			if first == nil {
				first = got
			}
			for i := range got {
				if math.Float32bits(got[i]) != math.Float32bits(first[i]) && !isNaN(got[i]) {
					t.Fatalf("top %d of %v: the fast paths give %v and %v", k, logits, first, got)
				}
			}
		}
	})
}
