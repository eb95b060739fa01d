package kernel_test

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

func TestActivations(t *testing.T) {
	for _, c := range []struct {
		name string
		kind kernel.Activation
		want func(x float64) float64
	}{
		{"relu", kernel.ReLU, func(x float64) float64 { return math.Max(x, 0) }},
		{"gelu", kernel.GELU, func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }},
		{"sigmoid", kernel.Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range append([]int{0, 9000}, sizes...) {
				a := kernel.Activate[float64]{Kind: c.kind, Size: n}
				x, y, want := normals(n, 1), garbage[float64](n), make([]float64, n)
				for i, v := range x {
					want[i] = c.want(v)
				}
				a.Forward(nil, y, x)
				near(t, name(n), y, want, 1e-14)
			}
			a := kernel.Activate[float64]{Kind: c.kind, Size: 65}
			x, weights, dx, y := normals(65, 2), normals(65, 3), garbage[float64](65), make([]float64, 65)
			a.Backward(nil, dx, weights, x)
			kerneltest.CheckGradients(t, func() float64 {
				a.Forward(nil, y, x)
				return weighted(y, weights)
			}, [][]float64{x}, [][]float64{dx})

			f := kernel.Activate[float32]{Kind: c.kind, Size: 10_001}
			x32 := kerneltest.Random[float32](f.Size, 2, 4)
			sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
				y, dx := make([]float32, f.Size), make([]float32, f.Size)
				f.Forward(p, y, x32)
				f.Backward(p, dx, y, x32)
				return [][]float32{y, dx}
			})
		})
	}
}

func TestReLUHasNoGradientAtZero(t *testing.T) {
	a := kernel.Activate[float64]{Kind: kernel.ReLU, Size: 1}
	dx := []float64{5}
	a.Backward(nil, dx, []float64{1}, []float64{0})
	if dx[0] != 0 {
		t.Errorf("gradient %v", dx[0])
	}
}
