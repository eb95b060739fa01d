package kernel_test

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// blendLevels says how many values share a weight, for 3 steps of width 5.
var blendLevels = map[kernel.Level]int{kernel.PerFeature: 1, kernel.PerStep: 5, kernel.PerSample: 15}

func TestBlend(t *testing.T) {
	a, b := kerneltest.Random[float64](30, 1, 1), kerneltest.Random[float64](30, 1, 2)
	for level, share := range blendLevels {
		m := kernel.Blend[float64]{Samples: 2, Steps: 3, Width: 5, Level: level}
		z := kerneltest.Random[float64](30/share, 2, 3)
		want := make([]float64, 30)
		for i := range want {
			g := 1 / (1 + math.Exp(-z[i/share]))
			want[i] = g*a[i] + (1-g)*b[i]
		}
		y := garbage[float64](30)
		m.Forward(nil, y, a, b, z)
		near(t, "y", y, want, 1e-14)

		dy := kerneltest.Random[float64](30, 1, 4)
		da, db, dz := garbage[float64](30), garbage[float64](30), garbage[float64](len(z))
		m.Backward(nil, da, db, dz, dy, a, b, z)
		kerneltest.CheckGradients(t, func() float64 {
			m.Forward(nil, y, a, b, z)
			return weighted(y, dy)
		}, [][]float64{a, b, z}, [][]float64{da, db, dz})
		m.Backward(nil, nil, nil, nil, dy, a, b, z)
	}
}

func TestBlendWorkers(t *testing.T) {
	const samples = 65
	n := samples * 3 * 5
	a, b := kerneltest.Random[float32](n, 1, 1), kerneltest.Random[float32](n, 1, 2)
	for level, share := range blendLevels {
		m := kernel.Blend[float32]{Samples: samples, Steps: 3, Width: 5, Level: level}
		z := kerneltest.Random[float32](n/share, 2, 3)
		sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
			y, da, db, dz := garbage[float32](n), garbage[float32](n), garbage[float32](n), garbage[float32](len(z))
			m.Forward(p, y, a, b, z)
			m.Backward(p, da, db, dz, y, a, b, z)
			return [][]float32{y, da, db, dz}
		})
	}
}
