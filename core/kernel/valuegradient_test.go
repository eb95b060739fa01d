package kernel_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// TestBackwardValues holds the gradients by the values of a series, of both branches of
// an encoder, to finite differences.
func TestBackwardValues(t *testing.T) {
	const samples, steps, heads, embed, width = 3, 5, 2, 6, 3
	for name, masked := range map[string]bool{"dense": false, "some not observed": true} {
		t.Run(name, func(t *testing.T) {
			s := &kernel.Series[float64]{
				Start: []int{0, 4, 4, 6}, Times: []float64{0, 0.1, 0.15, 0.9, 0.3, 0.3}, Width: width,
				Values: kerneltest.Random[float64](6*width, 1, 1),
			}
			if masked {
				s.Observed = []float64{1, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 0}
				for i, o := range s.Observed {
					s.Values[i] *= o
				}
			}
			random := func(n int, seed uint64) []float64 { return kerneltest.Random[float64](n, 0.7, seed) }
			w := kernel.TimeWeights[float64]{
				Weight: random(embed, 2), Bias: random(embed, 3), Query: random(embed*embed, 4), QueryBias: random(embed, 5),
				Key: random(embed*embed, 6), KeyBias: random(embed, 7),
			}
			a := kernel.IrregularAttention[float64]{Samples: samples, Steps: steps, Heads: heads, Embed: embed, Width: width, Flags: true}
			m := kernel.Imputation[float64]{Samples: samples, Steps: steps, Width: width, Mean: random(width, 8)}
			y, grid := make([]float64, samples*steps*(heads+1)*width), make([]float64, samples*steps*2*width)
			dy, dgrid := random(len(y), 9), random(len(grid), 10)
			total := func() (sum float64) {
				a.Forward(nil, y, s, w)
				m.Fill(nil, grid, s)
				for i, v := range y {
					sum += v * dy[i]
				}
				for i, v := range grid {
					sum += v * dgrid[i]
				}
				return sum
			}
			total()
			dv := make([]float64, len(s.Values))
			a.BackwardValues(nil, dv, dy, s)
			m.Backward(nil, dv, dgrid, s)
			if !masked {
				kerneltest.CheckGradients(t, total, [][]float64{s.Values}, [][]float64{dv})
				return
			}
			for i, o := range s.Observed {
				if o == 0 {
					if dv[i] != 0 {
						t.Errorf("value %d was not observed and has the gradient %v", i, dv[i])
					}
					continue
				}
				// A value that is not observed may not be changed, so each is checked alone.
				kerneltest.CheckGradients(t, total, [][]float64{s.Values[i : i+1]}, [][]float64{dv[i : i+1]})
			}
		})
	}
}
