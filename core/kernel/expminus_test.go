package kernel

import (
	"math"
	"testing"
)

// The vectorised exponential is within three units in the last place, for every
// length and wherever a value is.
func TestExpMinus(t *testing.T) {
	for _, n := range []int{1, 3, 7, 8, 9, 15, 16, 17, 100_001} {
		x := make([]float32, n)
		for i := range x {
			x[i] = 3 - float32(i)*(87.25/float32(n))
		}
		got := append([]float32(nil), x...)
		expMinus(got, 3)
		for i, v := range x {
			want := math.Exp(float64(v - 3))
			if e := math.Abs(float64(got[i])/want - 1); e > 3*0x1p-24 {
				t.Fatalf("exp(%v) = %v, want %v: off by %.3g", v-3, got[i], want, e)
			}
		}
	}
}

func TestExpMinusAtTheEnds(t *testing.T) {
	inf := float32(math.Inf(-1))
	for _, c := range []struct{ x, least, most float32 }{
		{0, 1, 1}, {-100, 0, 2e-38}, {-1e30, 0, 2e-38}, {inf, 0, 2e-38},
	} {
		x := []float32{c.x, 0, 0, 0, 0, 0, 0, 0, c.x}
		expMinus(x, 0)
		if x[0] < c.least || x[0] > c.most || x[8] != x[0] {
			t.Errorf("exp(%v) = %v and %v, want %v to %v", c.x, x[0], x[8], c.least, c.most)
		}
	}
	x := []float32{float32(math.NaN())}
	if expMinus(x, 0); !math.IsNaN(float64(x[0])) {
		t.Errorf("exp(NaN) = %v", x[0])
	}
}
