package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// On every path a row is that of float64, forward and backward; the fast paths agree
// to the last bit and write nothing beside the row.
func TestLayerNormRows(t *testing.T) {
	const eps = 1e-5
	for _, n := range []int{16, 32, 48, 128, 512} {
		x, dy, gamma, beta := normals32(n, 1), normals32(n, 2), normals32(n, 3), normals32(n, 4)
		for i := range x {
			x[i] += 5 // the mean must be taken off before squares are summed
		}
		double := LayerNorm[float64]{Groups: 1, Rows: 1, Width: n, Eps: eps}
		y64, dx64, dgamma64, dbeta64 := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		double.Forward(nil, y64, float64s(x), float64s(gamma), float64s(beta))
		double.Backward(nil, dx64, dgamma64, dbeta64, float64s(dy), float64s(x), float64s(gamma))
		var first []float32
		for _, s := range paths()[1:] {
			all := make([]float32, 4*n+16)
			y, dx, dgamma, dbeta := all[:n], all[n:2*n], all[2*n:3*n], all[3*n:4*n]
			s.forwardRow(y, x, gamma, beta, eps)
			s.backwardRow(dx, dgamma, dbeta, dy, x, gamma, eps)
			for i, want := range slices.Concat(y64, dx64, dgamma64, dbeta64, make([]float64, 16)) {
				if math.Abs(float64(all[i])-want) > 1e-5*(1+math.Abs(want)) {
					t.Fatalf("%v: entry %d of rows of %d is %v, want %v", s, i, n, all[i], want)
				}
			}
			if first != nil && !slices.Equal(first, all) {
				t.Errorf("%v: rows of %d differ from the other fast path", s, n)
			}
			first = all
			unwanted := slices.Clone(all)
			s.backwardRow(nil, unwanted[:n], unwanted[:n], dy, x, gamma, eps)
			if !slices.Equal(unwanted[n:], all[n:]) {
				t.Errorf("%v: an unwanted gradient was written", s)
			}
		}
	}
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
			b.SetBytes(int64(4 * len(x)))
			for b.Loop() {
				l.Backward(nil, y, dgamma, dbeta, x, x, gamma)
			}
		})
	}
}
