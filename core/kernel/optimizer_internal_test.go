package kernel

import (
	"slices"
	"testing"
)

// Every path updates the same parameters to the same bits, for any length, and nothing
// beside them.
func TestAdamWIsTheSameOnEveryPath(t *testing.T) {
	f := adamWFactors[float32]{rate: 0.02, root: 1.5, keep: 0.99, epsilon: 1e-8, b1: 0.9, c1: 0.1, b2: 0.99, c2: 0.01}
	const most = 67
	start := [][]float32{normals32(most, 1), normals32(most, 2), normals32(most, 3), normals32(most, 4)}
	for i, x := range start[3] { // a mean of squares
		start[3][i] = x * x
	}
	start[1][0], start[2][0], start[3][0] = 0, 0, 0 // no gradient yet
	update := func(s path, n int) []float32 {
		var x [4][]float32
		for i := range x {
			x[i] = slices.Clone(start[i])
		}
		adamWOn(s, x[0][:n], x[1][:n], x[2][:n], x[3][:n], &f)
		return slices.Concat(x[:]...)
	}
	for n := range most {
		want := update(generic, n)
		for _, s := range paths()[1:] {
			if got := update(s, n); !slices.Equal(got, want) {
				t.Fatalf("%v: %d parameters become %v, want %v", s, n, got, want)
			}
		}
	}
}
