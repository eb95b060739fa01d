package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// On every path rows are those of float64, forward and backward; the fast paths agree
// to the last bit and write nothing beside the rows.
func TestLayerNormRows(t *testing.T) {
	const eps = 1e-5
	for _, n := range []int{16, 32, 48, 128, 512} {
		for _, rows := range []int{1, 2, 5} {
			x, dy, gamma, beta := normals32(rows*n, 1), normals32(rows*n, 2), normals32(n, 3), normals32(n, 4)
			for i := range x {
				x[i] += 5 // the mean must be taken off before squares are summed
			}
			want := normalised64(rows, n, x, dy, gamma, beta, eps)
			var first []float32
			for _, s := range paths()[1:] {
				all := make([]float32, 2*rows*n+2*n+16)
				dx, dgamma, dbeta := all[rows*n:][:rows*n], all[2*rows*n:][:n], all[2*rows*n+n:][:n]
				moments := make([]float32, 2*rows)
				s.normalise(all, moments, x, gamma, beta, eps)
				s.normGradients(dx, dgamma, dbeta, dy, x, moments, gamma)
				for i, v := range append(want, make([]float64, 16)...) {
					if math.Abs(float64(all[i])-v) > 1e-5*(1+math.Abs(v)) {
						t.Fatalf("%v: entry %d of %d rows of %d is %v, want %v", s, i, rows, n, all[i], v)
					}
				}
				if first != nil && !slices.Equal(first, all) {
					t.Errorf("%v: %d rows of %d differ from the other fast path", s, rows, n)
				}
				first = slices.Clone(all)
				clear(all[2*rows*n:])
				s.normGradients(nil, dgamma, dbeta, dy, x, moments, gamma)
				if !slices.Equal(first, all) {
					t.Errorf("%v: without dx, %d rows of %d have other sums, or write elsewhere", s, rows, n)
				}
			}
		}
	}
}

// normalised64 is y, dx, dgamma and dbeta, in float64.
func normalised64(rows, n int, x, dy, gamma, beta []float32, eps float64) []float64 {
	l := LayerNorm[float64]{Groups: 1, Rows: rows, Width: n, Eps: eps}
	y, dx, dgamma, dbeta := make([]float64, rows*n), make([]float64, rows*n), make([]float64, n), make([]float64, n)
	l.Forward(nil, y, float64s(x), float64s(gamma), float64s(beta))
	l.Backward(nil, dx, dgamma, dbeta, float64s(dy), float64s(x), float64s(gamma))
	return slices.Concat(y, dx, dgamma, dbeta)
}

func normals32(n int, key uint64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(Normal(key, uint64(i)))
	}
	return x
}

func float64s(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func BenchmarkLayerNorm(b *testing.B) {
	for _, n := range []int{32, 128} {
		l := LayerNorm[float32]{Groups: 1, Rows: 1024, Width: n, Eps: 1e-5}
		x, y, gamma, beta := normals32(1024*n, 1), make([]float32, 1024*n), normals32(n, 2), normals32(n, 3)
		b.Run(fmt.Sprintf("forward/%d", n), func(b *testing.B) {
			b.SetBytes(int64(4 * len(x)))
			for b.Loop() {
				l.Forward(nil, y, x, gamma, beta)
			}
		})
		b.Run(fmt.Sprintf("backward/%d", n), func(b *testing.B) {
			dgamma, dbeta := make([]float32, n), make([]float32, n)
			l.Forward(nil, y, x, gamma, beta)
			b.SetBytes(int64(4 * len(x)))
			for b.Loop() {
				l.Backward(nil, y, dgamma, dbeta, x, x, gamma)
			}
		})
	}
}
