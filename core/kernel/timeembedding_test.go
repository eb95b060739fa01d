package kernel

import (
	"math"
	"testing"
)

// Sine and cosine in float32 are those of the library, in every quadrant and beyond
// the range of the short reduction.
func TestSincos(t *testing.T) {
	for i := -30_000; i <= 30_000; i++ {
		x := float32(i) * 0.00731
		if i%7 == 0 {
			x *= 1000
		}
		wantSin, wantCos := math.Sincos(float64(x))
		sin, cos := sincos(x)
		if math.Abs(float64(sin)-wantSin) > 1e-7 || math.Abs(float64(cos)-wantCos) > 1e-7 {
			t.Fatalf("sin and cos of %v are %v and %v, want %v and %v", x, sin, cos, wantSin, wantCos)
		}
	}
	for _, x := range []float32{float32(math.Inf(1)), float32(math.NaN())} {
		if sin, cos := sincos(x); !math.IsNaN(float64(sin)) || !math.IsNaN(float64(cos)) {
			t.Errorf("sin and cos of %v are %v and %v", x, sin, cos)
		}
	}
}
