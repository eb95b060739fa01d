package kernel_test

import (
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// Three steps of one parameter follow the formulas of the paper's algorithm 2.
func TestAdamWStep(t *testing.T) {
	o := kernel.AdamW{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-3, Decay: 0.05}
	param, first, second := []float64{2}, []float64{0}, []float64{0}
	theta, m, v := 2.0, 0.0, 0.0
	for step, g := range []float64{0.5, -1, 0.25} {
		n := float64(step + 1)
		m = 0.9*m + 0.1*g
		v = 0.99*v + 0.01*g*g
		theta -= 0.1 * (m/(1-math.Pow(0.9, n))/(math.Sqrt(v/(1-math.Pow(0.99, n)))+1e-3) + 0.05*theta)
		kernel.AdamWStep(nil, o, step+1, param, []float64{g}, first, second)
		near(t, "parameter", param, []float64{theta}, 1e-13)
	}
}

// Without a gradient only the decay moves a parameter.
func TestAdamWDecayIsDecoupled(t *testing.T) {
	param := []float64{2}
	o := kernel.AdamW{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Decay: 0.5}
	kernel.AdamWStep(nil, o, 1, param, []float64{0}, []float64{0}, []float64{0})
	near(t, "parameter", param, []float64{1.9}, 1e-15)
}

// The optimizer finds the minimum of a bowl.
func TestAdamWConverges(t *testing.T) {
	target := kerneltest.Random[float32](65, 1, 1)
	param, first, second := make([]float32, 65), make([]float32, 65), make([]float32, 65)
	grad := make([]float32, 65)
	for step := range 800 {
		for i := range grad {
			grad[i] = param[i] - target[i]
		}
		o := kernel.AdamW{Rate: 0.05 * math.Pow(0.99, float64(step)), Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
		kernel.AdamWStep(nil, o, step+1, param, grad, first, second)
	}
	near(t, "parameters", param, target, 1e-2)
}

func TestAdamWWorkers(t *testing.T) {
	const n = 100_001
	o := kernel.AdamW{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Decay: 0.01}
	grad := kerneltest.Random[float32](n, 1, 1)
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		param, first, second := slices.Clone(grad), make([]float32, n), make([]float32, n)
		kernel.AdamWStep(p, o, 1, param, grad, first, second)
		kernel.AdamWStep(p, o, 2, param, grad, first, second)
		return [][]float32{param, {float32(kernel.SumSquares(p, param))}}
	})
}

func TestSumSquares(t *testing.T) {
	for _, n := range []int{0, 1, 3, 16, 65, 100_001} {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(i%3) - 1 // -1, 0, 1
		}
		want := float64(n/3*2 + min(n%3, 1))
		if got := kernel.SumSquares(nil, x); got != want {
			t.Errorf("%d values: %v, want %v", n, got, want)
		}
	}
}

func BenchmarkAdamWStep(b *testing.B) {
	const n = 4 << 20
	pool := kernel.NewPool(0)
	defer pool.Close()
	param, grad := make([]float32, n), kerneltest.Random[float32](n, 1, 1)
	first, second := make([]float32, n), make([]float32, n)
	o := kernel.AdamW{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Decay: 0.01}
	b.SetBytes(7 * 4 * n)
	for b.Loop() {
		kernel.AdamWStep(pool, o, 1, param, grad, first, second)
	}
}
