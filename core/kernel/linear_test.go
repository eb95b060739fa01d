package kernel_test

import (
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

func TestLinearRefusesWrongShapes(t *testing.T) {
	l := kernel.Linear[float64]{Groups: 1, Rows: 2, In: 3, Out: 4}
	y, x, w := make([]float64, 8), make([]float64, 6), make([]float64, 12)
	panicsOnShape(t, func() { l.Forward(nil, y[:7], x, w, nil) })
	panicsOnShape(t, func() { l.Forward(nil, y, x, w, make([]float64, 3)) })
	panicsOnShape(t, func() { l.Backward(nil, nil, w[:1], nil, y, x, w) })
}
