package kernel

import (
	"slices"
	"testing"
)

// Weights packed once give the bits of the product that packs them itself, for any
// number of rows, and hold the last that they were given.
func TestSharedWeightsMatchMatMul(t *testing.T) {
	for _, s := range paths() {
		var w sharedWeights[float32]
		for _, shape := range []struct{ n, k int }{{1, 1}, {33, 17}, {64, 192}, {100, 700}, {4099, 9}, {16, 400}, {5, 0}} {
			for _, m := range []int{1, 2, 15, 128} {
				x := newMatrices(NT, m, shape.n, shape.k, 0, uint64(m))
				products := 1 + m%2
				w.take(s, products, x.b, x.n, x.k)
				for range products {
					c := slices.Clone(x.c)
					w.multiply(c, x.a, m)
					if !slices.Equal(c, x.on(s, nil, false)) {
						t.Errorf("%v: %v differs", s, &x)
					}
				}
			}
		}
	}
}
