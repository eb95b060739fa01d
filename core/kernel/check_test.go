package kernel_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// sizes are odd ones and those beside the widths of vectors.
var sizes = kerneltest.Sizes

// normals are float64 values of deviation 1.
func normals(n int, seed uint64) []float64 { return kerneltest.Random[float64](n, 1, seed) }

// weighted is the inner product that turns the output of a kernel into a scalar loss.
func weighted[F kernel.Float](y, weights []F) float64 {
	s := 0.0
	for i := range y {
		s += float64(y[i]) * float64(weights[i])
	}
	return s
}

// near fails unless got and want agree within a relative tolerance.
func near[F kernel.Float](t *testing.T, what string, got, want []F, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d entries, want %d", what, len(got), len(want))
	}
	for i := range got {
		g, w := float64(got[i]), float64(want[i])
		if !(math.Abs(g-w) <= tolerance*(1+math.Abs(w))) {
			t.Fatalf("%s: entry %d is %v, want %v", what, i, g, w)
		}
	}
}

// sameForAnyWorkers fails unless run gives the same bits with every number of workers,
// and twice in a row.
func sameForAnyWorkers(t *testing.T, run func(p *kernel.Pool) [][]float32) {
	t.Helper()
	want := run(nil)
	for _, workers := range []int{1, 2, 3, 8} {
		p := kernel.NewPool(workers)
		for range 2 {
			for i, got := range run(p) {
				if !slices.Equal(got, want[i]) {
					t.Errorf("%d workers: output %d differs", workers, i)
				}
			}
		}
		p.Close()
	}
}

// garbage is a slice full of NaN: a kernel that does not overwrite its output is found.
func garbage[F kernel.Float](n int) []F {
	x := make([]F, n)
	for i := range x {
		x[i] = F(math.NaN())
	}
	return x
}

// panicsOnShape fails unless call panics with ErrShape.
func panicsOnShape(t *testing.T, call func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if v := recover(); v != kernel.ErrShape {
			t.Errorf("panicked with %v, want %v", v, kernel.ErrShape)
		}
	}()
	call()
}

func name(parts ...int) string { return fmt.Sprint(parts) }
