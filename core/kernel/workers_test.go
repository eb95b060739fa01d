package kernel_test

import (
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// sameForWorkers runs compute without a pool and with pools of several sizes: all
// must give the same bits.
func sameForWorkers[F kernel.Float](t *testing.T, compute func(p *kernel.Pool) []F) {
	t.Helper()
	want := compute(nil)
	for _, workers := range []int{1, 2, 3, 8} {
		pool := kernel.NewPool(workers)
		got := compute(pool)
		pool.Close()
		if !slices.Equal(got, want) {
			t.Errorf("%d workers give other values than none", workers)
		}
	}
}

// near fails unless got is want within tolerance, relative to values above 1.
func near[F kernel.Float](t *testing.T, what string, got, want []F, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if d := math.Abs(float64(got[i] - w)); !(d <= tolerance*max(1, math.Abs(float64(w)))) {
			t.Fatalf("%s[%d] = %v, want %v", what, i, got[i], w)
		}
	}
}

// weighted is Σ w·y, a scalar whose gradient by y is w.
func weighted[F kernel.Float](y, w []F) float64 {
	var sum float64
	for i := range y {
		sum += float64(y[i]) * float64(w[i])
	}
	return sum
}

// garbage is a slice of n values that a kernel must overwrite.
func garbage[F kernel.Float](n int) []F {
	return slices.Repeat([]F{F(math.NaN())}, n)
}
