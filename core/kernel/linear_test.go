package kernel_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

func TestLinearMatchesItsDefinition(t *testing.T) {
	for _, n := range sizes {
		l := kernel.Linear[float64]{Groups: 2, Rows: n, In: n + 2, Out: 5}
		x, w, b := normals(2*n*l.In, 1), normals(2*l.In*5, 2), normals(2*5, 3)
		want := make([]float64, 2*n*5)
		for r := range 2 * n {
			g := r / n
			for o := range 5 {
				s := b[g*5+o]
				for i := range l.In {
					s += x[r*l.In+i] * w[(g*l.In+i)*5+o]
				}
				want[r*5+o] = s
			}
		}
		y := garbage[float64](len(want))
		l.Forward(nil, y, x, w, b)
		near(t, name(n), y, want, 1e-12)
		l.Forward(nil, y, x, w, nil)
		for r := range 2 * n {
			for o := range 5 {
				want[r*5+o] -= b[r/n*5+o]
			}
		}
		near(t, name(n)+" without bias", y, want, 1e-12)
	}
}

func TestLinearGradients(t *testing.T) {
	l := kernel.Linear[float64]{Groups: 2, Rows: 3, In: 5, Out: 4}
	x, w, b, c := normals(30, 1), normals(40, 2), normals(8, 3), normals(24, 4)
	dx, dw, db, y := garbage[float64](30), garbage[float64](40), garbage[float64](8), make([]float64, 24)
	l.Backward(nil, dx, dw, db, c, x, w)
	kerneltest.CheckGradients(t, func() float64 {
		l.Forward(nil, y, x, w, b)
		return weighted(y, c)
	}, [][]float64{x, w, b}, [][]float64{dx, dw, db})
	l.Backward(nil, nil, nil, nil, c, x, w) // nobody wants any
}

func TestLinearIgnoresWorkersAndOtherRows(t *testing.T) {
	l := kernel.Linear[float32]{Groups: 2, Rows: 131, In: 33, Out: 17}
	x := kerneltest.Random[float32](2*131*33, 1, 1)
	w := kerneltest.Random[float32](2*33*17, 1, 2)
	b := kerneltest.Random[float32](2*17, 1, 3)
	dy := kerneltest.Random[float32](2*131*17, 1, 4)
	y := make([]float32, len(dy))
	sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
		dx, dw, db := make([]float32, len(x)), make([]float32, len(w)), make([]float32, len(b))
		l.Forward(p, y, x, w, b)
		l.Backward(p, dx, dw, db, dy, x, w)
		return [][]float32{slices.Clone(y), dx, dw, db}
	})
	one := kernel.Linear[float32]{Groups: 1, Rows: 1, In: 33, Out: 17}
	alone := make([]float32, 17)
	one.Forward(nil, alone, x[5*33:6*33], w[:33*17], b[:17])
	if !slices.Equal(alone, y[5*17:6*17]) {
		t.Error("a row alone differs from the same row in company")
	}
}

// Whether the products of all groups share a loop or have one each makes no difference.
func TestLinearTogetherMatchesProducts(t *testing.T) {
	for _, l := range []kernel.Linear[float32]{
		{Groups: 3, Rows: 300, In: 33, Out: 95},
		{Groups: 1, Rows: 32, In: 192, Out: 190},
		{Groups: 2, Rows: 5, In: 3, Out: 700},
		{Groups: 2, Rows: 1, In: 1, Out: 1},
		{Groups: 2, Rows: 400, In: 130, Out: 400}, // a loop each
	} {
		x := kerneltest.Random[float32](l.Groups*l.Rows*l.In, 1, 1)
		w := kerneltest.Random[float32](l.Groups*l.In*l.Out, 1, 2)
		b := kerneltest.Random[float32](l.Groups*l.Out, 1, 3)
		dy := kerneltest.Random[float32](l.Groups*l.Rows*l.Out, 1, 4)
		sameForAnyWorkers(t, func(p *kernel.Pool) [][]float32 {
			y, dx, dw, db := garbage[float32](len(dy)), garbage[float32](len(x)), garbage[float32](len(w)), garbage[float32](len(b))
			l.Forward(p, y, x, w, b)
			l.Backward(p, dx, dw, db, dy, x, w)
			for g := range l.Groups {
				xg, wg, dyg := x[g*l.Rows*l.In:], w[g*l.In*l.Out:], dy[g*l.Rows*l.Out:]
				want := make([]float32, l.Rows*l.Out)
				for r := range l.Rows {
					copy(want[r*l.Out:], b[g*l.Out:][:l.Out])
				}
				kernel.MatMul(nil, kernel.NN, l.Rows, l.Out, l.In, xg, l.In, wg, l.Out, want, l.Out, true)
				sameProduct(t, "y", y[g*l.Rows*l.Out:], want)
				want = make([]float32, l.Rows*l.In)
				kernel.MatMul(nil, kernel.NT, l.Rows, l.In, l.Out, dyg, l.Out, wg, l.Out, want, l.In, false)
				sameProduct(t, "dx", dx[g*l.Rows*l.In:], want)
				want = make([]float32, l.In*l.Out)
				kernel.MatMul(nil, kernel.TN, l.In, l.Out, l.Rows, xg, l.In, dyg, l.Out, want, l.Out, false)
				sameProduct(t, "dw", dw[g*l.In*l.Out:], want)
			}
			l.Backward(p, nil, nil, db, dy, x, w)
			l.Backward(p, dx, nil, nil, dy, x, w)
			return [][]float32{y, dx, dw, db}
		})
	}
}

func sameProduct(t *testing.T, name string, got, want []float32) {
	t.Helper()
	if !slices.Equal(got[:len(want)], want) {
		t.Errorf("%s has other bits", name)
	}
}

// BenchmarkLinear are the layers of the PhysioNet example: six modalities, 32 samples, 24
// steps.
func BenchmarkLinear(b *testing.B) {
	for _, l := range []kernel.Linear[float32]{
		{Groups: 6, Rows: 768, In: 32, Out: 96},
		{Groups: 6, Rows: 768, In: 64, Out: 32},
		{Groups: 1, Rows: 768, In: 40, Out: 32},
		{Groups: 1, Rows: 32, In: 192, Out: 192},
	} {
		x := kerneltest.Random[float32](l.Groups*l.Rows*l.In, 1, 1)
		w := kerneltest.Random[float32](l.Groups*l.In*l.Out, 1, 2)
		bias := kerneltest.Random[float32](l.Groups*l.Out, 1, 3)
		dy := kerneltest.Random[float32](l.Groups*l.Rows*l.Out, 1, 4)
		y, dx, dw, db := garbage[float32](len(dy)), garbage[float32](len(x)), garbage[float32](len(w)), garbage[float32](len(bias))
		pool := kernel.NewPool(0)
		b.Run(fmt.Sprintf("forward/%dx%dx%dx%d", l.Groups, l.Rows, l.In, l.Out), func(b *testing.B) {
			for b.Loop() {
				l.Forward(pool, y, x, w, bias)
			}
		})
		b.Run(fmt.Sprintf("backward/%dx%dx%dx%d", l.Groups, l.Rows, l.In, l.Out), func(b *testing.B) {
			for b.Loop() {
				l.Backward(pool, dx, dw, db, dy, x, w)
			}
		})
		pool.Close()
	}
}

func TestLinearRefusesWrongShapes(t *testing.T) {
	l := kernel.Linear[float64]{Groups: 1, Rows: 2, In: 3, Out: 4}
	y, x, w := make([]float64, 8), make([]float64, 6), make([]float64, 12)
	panicsOnShape(t, func() { l.Forward(nil, y[:7], x, w, nil) })
	panicsOnShape(t, func() { l.Forward(nil, y, x, w, make([]float64, 3)) })
	panicsOnShape(t, func() { l.Backward(nil, nil, w[:1], nil, y, x, w) })
}
