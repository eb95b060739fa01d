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
		var w64, m64, v64 [][]float64
		decays := []bool{true, false, true, false}
		for i, n := range []int{1, 1000, pieceSize, 2*pieceSize + 5} {
			w, wide := both(d, n, 1, uint64(i))
			values, gradients, w64 = append(values, w), append(gradients, d.New(n)), append(w64, wide)
			m64, v64 = append(m64, make([]float64, n)), append(v64, make([]float64, n))
		}
		o := NewOptimizer(d, values, gradients, decays)
		for step := 1; step <= 3; step++ {
			var g64 [][]float64
			square := 0.0
			for i, g := range gradients {
				x := kerneltest.Random[float32](g.Len(), 1, uint64(10*step+i))
				d.Load(g, x)
				g64 = append(g64, widen(x))
				square += kernel.SumSquares(nil, g64[i])
			}
			norm := math.Sqrt(square)
			for i, g := range g64 {
				if clip > 0 && norm > clip {
					kernel.Scale(nil, g, clip/norm)
				}
				own := a
				if !decays[i] {
					own.Decay = 0
				}
				kernel.AdamWStep(nil, own, step, w64[i], g, m64[i], v64[i])
			}
			o.Step(d, a, step, clip)
			got, err := o.Norm(d)
			if err != nil || math.Abs(got-norm) > 1e-6*norm {
				t.Errorf("the norm is %v, %v, want %v", got, err, norm)
			}
		}
		for i, w := range values {
			near(t, "weights", d, w, w64[i])
			near(t, "first", d, o.First[i], m64[i])
			near(t, "second", d, o.Second[i], v64[i])
			near(t, "gradients", d, gradients[i], make([]float64, w.Len()))
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
		average.Update(d, 0.25+float64(i)/2)
		kernel.Scale(nil, a64, 2)
		kernel.Scale(nil, b64, 2)
		kernel.Mix(nil, mean64[0], a64, 0.25+float64(i)/2)
		kernel.Mix(nil, mean64[1], b64, 0.25+float64(i)/2)
	}
	average.Swap(d)
	near(t, "weights", d, a, mean64[0])
	near(t, "more weights", d, b, mean64[1])
	near(t, "mean", d, average.Mean[0], a64)
	near(t, "more means", d, average.Mean[1], b64)
}
