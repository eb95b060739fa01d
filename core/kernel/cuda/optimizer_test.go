//go:build gpu

package cuda

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// TestOptimizerMatchesThatOfTheProcessor makes steps with and without clipping over arrays
// of less than a piece, a whole one and several.
func TestOptimizerMatchesThatOfTheProcessor(t *testing.T) {
	for _, clip := range []float64{0, 1, 1e6} {
		d := device(t)
		a := kernel.AdamW{Rate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Decay: 0.01}
		var values, gradients []Array
		var want []kernel.Trained[float64]
		decays := []bool{true, false, true, false}
		for i, n := range []int{1, 1000, pieceSize, 2*pieceSize + 5} {
			w, wide := both(d, n, 1, uint64(i))
			values, gradients = append(values, w), append(gradients, d.New(n))
			want = append(want, kernel.Trained[float64]{
				Value: wide, Grad: make([]float64, n), First: make([]float64, n), Second: make([]float64, n), Decays: decays[i],
			})
		}
		o, o64 := NewOptimizer(d, values, gradients, decays), kernel.NewOptimizer(want)
		for step := 1; step <= 3; step++ {
			for i, g := range gradients {
				x := kerneltest.Random[float32](g.Len(), 1, uint64(10*step+i))
				d.Load(g, x)
				copy(want[i].Grad, widen(x))
			}
			norm := o64.Step(nil, a, step, clip, 0)
			o.Step(d, a, step, clip)
			got, err := o.Norm(d)
			if err != nil || math.Abs(got-norm) > 1e-6*norm {
				t.Errorf("the norm is %v, %v, want %v", got, err, norm)
			}
		}
		for i, w := range values {
			near(t, "weights", d, w, want[i].Value)
			near(t, "first", d, o.First[i], want[i].First)
			near(t, "second", d, o.Second[i], want[i].Second)
			near(t, "gradients", d, gradients[i], want[i].Grad)
		}
	}
}

func TestAverageMatchesThatOfTheProcessor(t *testing.T) {
	d := device(t)
	a, a64 := both(d, 10, 1, 1)
	b, b64 := both(d, pieceSize+1, 1, 2)
	average := NewAverage(d, []Array{a, b})
	mean64 := [][]float64{append([]float64{}, a64...), append([]float64{}, b64...)}
	for i := range 2 {
		d.Scale(a, 2)
		d.Add(b, b)
		keep := 0.25 + float64(i)/2
		average.Update(d, keep)
		for m, w := range [][]float64{a64, b64} {
			for j := range w {
				w[j] *= 2
				mean64[m][j] = keep*mean64[m][j] + (1-keep)*w[j]
			}
		}
	}
	average.Swap(d)
	near(t, "weights", d, a, mean64[0])
	near(t, "more weights", d, b, mean64[1])
	near(t, "mean", d, average.Mean[0], a64)
	near(t, "more means", d, average.Mean[1], b64)
}
