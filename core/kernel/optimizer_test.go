package kernel_test

import (
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// trained are n parameters as they are before the first step: with no gradient, 0 means, and
// themselves as the mean that follows them.
func trained[F kernel.Float](n int, seed uint64) kernel.Trained[F] {
	value := kerneltest.Random[F](n, 1, seed)
	return kernel.Trained[F]{
		Value: value, Grad: make([]F, n), First: make([]F, n), Second: make([]F, n),
		Decays: true, Mean: slices.Clone(value),
	}
}

// Three steps of one parameter follow the formulas of the paper's algorithm 2.
func TestOptimizerIsAdamW(t *testing.T) {
	o := kernel.AdamW{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-3, Decay: 0.05}
	one := trained[float64](1, 1)
	steps := kernel.NewOptimizer([]kernel.Trained[float64]{one})
	theta, m, v := one.Value[0], 0.0, 0.0
	mean := theta
	for step, g := range []float64{0.5, -1, 0.25} {
		n := float64(step + 1)
		m = 0.9*m + 0.1*g
		v = 0.99*v + 0.01*g*g
		theta -= 0.1 * (m/(1-math.Pow(0.9, n))/(math.Sqrt(v/(1-math.Pow(0.99, n)))+1e-3) + 0.05*theta)
		mean = 0.75*mean + 0.25*theta
		one.Grad[0] = g
		norm := steps.Step(nil, o, step+1, 0, 0.75)
		near(t, "parameter, mean, norm, gradient", []float64{one.Value[0], one.Mean[0], norm, one.Grad[0]},
			[]float64{theta, mean, math.Abs(g), 0}, 1e-13)
	}
}

// Without a gradient only the decay moves a parameter, and one that does not decay stays.
func TestOptimizerDecayIsDecoupled(t *testing.T) {
	o := kernel.AdamW{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Decay: 0.5}
	decays, stays := trained[float64](1, 1), trained[float64](1, 1)
	stays.Decays = false
	start := stays.Value[0]
	kernel.NewOptimizer([]kernel.Trained[float64]{decays, stays}).Step(nil, o, 1, 0, 0)
	near(t, "parameters", []float64{decays.Value[0], stays.Value[0]}, []float64{0.95 * start, start}, 1e-15)
}

// The optimizer finds the minimum of a bowl.
func TestOptimizerConverges(t *testing.T) {
	target, all := kerneltest.Random[float32](65, 1, 1), trained[float32](65, 2)
	clear(all.Value)
	all.Decays = false
	steps := kernel.NewOptimizer([]kernel.Trained[float32]{all})
	for step := range 800 {
		for i := range all.Grad {
			all.Grad[i] = all.Value[i] - target[i]
		}
		o := kernel.AdamW{Rate: 0.05 * math.Pow(0.99, float64(step)), Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Decay: 0.1}
		steps.Step(nil, o, step+1, 0, 0)
	}
	near(t, "parameters", all.Value, target, 1e-2)
}

// Arrays of all sizes become together what each becomes alone from the gradient that was
// clipped by the norm of all, to the same bits.
func TestOptimizerMatchesThoseOfEachArray(t *testing.T) {
	o := kernel.AdamW{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Decay: 0.02}
	for _, clip := range []float64{0, 0.5, 1e9} {
		sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
			var together, alone []kernel.Trained[float32]
			var each []*kernel.Optimizer[float32]
			for i, n := range []int{1, 0, 5000, 20_000, 65, 40_000, 3, 600_001} {
				a, b := trained[float32](n, uint64(i)), trained[float32](n, uint64(i))
				if a.Decays = i%2 == 0; i%3 != 0 {
					a.Mean = nil
				}
				b.Decays = a.Decays
				together, alone = append(together, a), append(alone, b)
				each = append(each, kernel.NewOptimizer(alone[i:]))
			}
			all := kernel.NewOptimizer(together)
			for step := 1; step <= 3; step++ {
				var squares float64
				for i, a := range together {
					copy(a.Grad, kerneltest.Random[float32](len(a.Grad), 0.01, uint64(100*step+i)))
					copy(alone[i].Grad, a.Grad)
					for _, g := range a.Grad {
						squares += float64(g) * float64(g)
					}
				}
				norm := all.Step(p, o, step, clip, 0.75)
				near(t, "norm", []float64{norm}, []float64{math.Sqrt(squares)}, 1e-12)
				for i, b := range alone {
					if clip > 0 && norm > clip {
						for j := range b.Grad {
							b.Grad[j] *= float32(clip / norm)
						}
					}
					each[i].Step(nil, o, step, 0, 0.75)
				}
			}
			var got [][]float32
			for i, a := range together {
				b := alone[i]
				got = append(got, a.Value, a.Grad, a.First, a.Second, a.Mean)
				if !slices.Equal(slices.Concat(a.Value, a.Grad, a.First, a.Second), slices.Concat(b.Value, b.Grad, b.First, b.Second)) ||
					a.Mean != nil && !slices.Equal(a.Mean, b.Mean) {
					t.Fatalf("array %d differs", i)
				}
			}
			return got
		})
	}
}

// The norm of a gradient is exact where float64 is.
func TestOptimizerNorm(t *testing.T) {
	for _, n := range []int{0, 1, 3, 16, 65, 100_001} {
		all := trained[float32](n, 1)
		for i := range all.Grad {
			all.Grad[i] = float32(i%3) - 1 // -1, 0, 1
		}
		want := math.Sqrt(float64(n/3*2 + min(n%3, 1)))
		if got := kernel.NewOptimizer([]kernel.Trained[float32]{all}).Step(nil, kernel.AdamW{}, 1, 0, 0); got != want {
			t.Errorf("%d values: %v, want %v", n, got, want)
		}
	}
}

func BenchmarkOptimizer(b *testing.B) {
	const n = 4 << 20
	pool := kernel.NewPool(0)
	defer pool.Close()
	all := trained[float32](n, 1)
	all.Mean = nil
	steps := kernel.NewOptimizer([]kernel.Trained[float32]{all})
	o := kernel.AdamW{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Decay: 0.01}
	b.SetBytes(9 * 4 * n) // the gradient is read for the norm and cleared besides
	for b.Loop() {
		steps.Step(pool, o, 1, 0, 0)
	}
}
