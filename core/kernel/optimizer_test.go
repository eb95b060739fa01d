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

// An optimizer of arrays of all sizes does what the steps do one by one, to the same bits.
func TestOptimizerMatchesTheStepsOfEachArray(t *testing.T) {
	for _, clip := range []float64{0, 0.5, 1e9} {
		sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
			o := kernel.AdamW{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Decay: 0.02}
			var all, each []kernel.Trained[float32]
			for i, n := range []int{1, 0, 5000, 20_000, 65, 40_000, 3, 600_001} {
				one := func() kernel.Trained[float32] {
					a := kernel.Trained[float32]{
						Value: kerneltest.Random[float32](n, 1, uint64(i)), Grad: make([]float32, n),
						First: make([]float32, n), Second: make([]float32, n), Decays: i%2 == 0,
					}
					if i%3 == 0 {
						a.Mean = slices.Clone(a.Value)
					}
					return a
				}
				all, each = append(all, one()), append(each, one())
			}
			steps := kernel.NewOptimizer(all)
			var got [][]float32
			for step := 1; step <= 3; step++ {
				for i, a := range all {
					copy(a.Grad, kerneltest.Random[float32](len(a.Grad), 0.01, uint64(100*step+i)))
					copy(each[i].Grad, a.Grad)
				}
				norm := steps.Step(p, o, step, clip, 0.75)
				if want := stepEach(o, step, clip, 0.75, each); norm != want {
					t.Fatalf("step %d: the norm is %v, want %v", step, norm, want)
				}
			}
			for i, a := range all {
				b := each[i]
				got = append(got, a.Value, a.Grad, a.First, a.Second, a.Mean)
				if !slices.Equal(slices.Concat(a.Value, a.Grad, a.First, a.Second, a.Mean), slices.Concat(b.Value, b.Grad, b.First, b.Second, b.Mean)) {
					t.Fatalf("array %d differs", i)
				}
			}
			return got
		})
	}
}

// stepEach is an optimizer's step, array by array.
func stepEach(o kernel.AdamW, step int, clip float64, keep float32, arrays []kernel.Trained[float32]) float64 {
	var sum float64
	for _, a := range arrays {
		sum += kernel.SumSquares(nil, a.Grad)
	}
	norm := math.Sqrt(sum)
	for _, a := range arrays {
		if clip > 0 && norm > clip {
			kernel.Scale(nil, a.Grad, float32(clip/norm))
		}
		own := o
		if !a.Decays {
			own.Decay = 0
		}
		kernel.AdamWStep(nil, own, step, a.Value, a.Grad, a.First, a.Second)
		clear(a.Grad)
		if a.Mean != nil {
			kernel.Mix(nil, a.Mean, a.Value, keep)
		}
	}
	return norm
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
