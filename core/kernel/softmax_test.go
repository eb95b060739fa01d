package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A softmax is that of float64, whatever the length; exp of a difference near 80 is
// known to 1e-5 only.
func TestSoftmaxMatchesFloat64(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := 1; n < 70; n++ {
		row, want, sum := make([]float32, n), make([]float64, n), 0.0
		for i := range row {
			row[i] = float32(40 * r.NormFloat64())
			want[i] = float64(row[i]) / 2
		}
		top := float64(maximum(row)) / 2
		for i := range want {
			want[i] = math.Exp(want[i] - top)
			sum += want[i]
		}
		softmax(row, 0.5)
		for i, v := range row {
			if w := want[i] / sum; math.Abs(float64(v)-w) > 1e-5*w+1e-37 {
				t.Fatalf("entry %d of %d is %v, want %v", i, n, v, w)
			}
		}
	}
}
