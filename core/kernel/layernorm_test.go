package kernel_test

import (
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

func TestLayerNormMatchesItsDefinition(t *testing.T) {
	for _, width := range sizes {
		l := kernel.LayerNorm[float64]{Groups: 2, Rows: 3, Width: width, Eps: 1e-5}
		x, gamma, beta := normals(6*width, 1), normals(2*width, 2), normals(2*width, 3)
		want := make([]float64, len(x))
		for r := range 6 {
			row, g := x[r*width:][:width], r/3*width
			mean, variance := 0.0, 0.0
			for _, v := range row {
				mean += v / float64(width)
			}
			for _, v := range row {
				variance += (v - mean) * (v - mean) / float64(width)
			}
			for i, v := range row {
				want[r*width+i] = (v-mean)/math.Sqrt(variance+1e-5)*gamma[g+i] + beta[g+i]
			}
		}
		y := garbage[float64](len(x))
		l.Forward(nil, y, x, gamma, beta)
		near(t, name(width), y, want, 1e-11)
	}
}

func TestLayerNormGradients(t *testing.T) {
	const groups, rows, width = 2, 67, 3 // more rows than are summed at a time
	l := kernel.LayerNorm[float64]{Groups: groups, Rows: rows, Width: width, Eps: 1e-2}
	n := groups * rows * width
	x, gamma, beta, dy := normals(n, 1), normals(groups*width, 2), normals(groups*width, 3), normals(n, 4)
	dx, dgamma, dbeta := garbage[float64](n), garbage[float64](groups*width), garbage[float64](groups*width)
	y := make([]float64, n)
	l.Forward(nil, y, x, gamma, beta)
	l.Backward(nil, dx, dgamma, dbeta, dy, x, gamma)
	kerneltest.CheckGradients(t, func() float64 {
		l.Forward(nil, y, x, gamma, beta)
		return weighted(y, dy)
	}, [][]float64{x, gamma, beta}, [][]float64{dx, dgamma, dbeta})
	l.Backward(nil, nil, nil, nil, dy, x, gamma)
}

func TestLayerNormIgnoresWorkersAndOtherRows(t *testing.T) {
	for _, width := range []int{17, 32} { // of which one is whole vectors
		l := kernel.LayerNorm[float32]{Groups: 3, Rows: 131, Width: width, Eps: 1e-5}
		x, dy := kerneltest.Random[float32](3*131*width, 1, 1), kerneltest.Random[float32](3*131*width, 1, 2)
		gamma, beta := kerneltest.Random[float32](3*width, 1, 3), kerneltest.Random[float32](3*width, 1, 4)
		y := make([]float32, len(x))
		sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
			dx, dgamma, dbeta := make([]float32, len(x)), make([]float32, 3*width), make([]float32, 3*width)
			l.Forward(p, y, x, gamma, beta)
			l.Backward(p, dx, dgamma, dbeta, dy, x, gamma)
			return [][]float32{slices.Clone(y), dx, dgamma, dbeta}
		})
		one := kernel.LayerNorm[float32]{Groups: 1, Rows: 1, Width: width, Eps: 1e-5}
		alone := make([]float32, width)
		one.Forward(nil, alone, x[40*width:41*width], gamma[:width], beta[:width])
		if !slices.Equal(alone, y[40*width:41*width]) {
			t.Errorf("width %d: a row alone differs from the same row in company", width)
		}
	}
}
