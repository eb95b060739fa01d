package kernel

import (
	"math"
	"slices"
	"testing"
)

// Every path drops the same entries, for any length and any place in the whole.
func TestDropIsTheSameOnEveryPath(t *testing.T) {
	x := make([]float32, 100)
	for i := range x {
		x[i] = float32(i) - 50.25
	}
	x[7] = float32(math.Inf(1))
	d := newDropping[float32](0.4, 12345, true)
	for _, first := range []int{0, 2, 5, 6, 1 << 33} {
		for n := range x {
			want := make([]float32, n)
			d.plain(want, x[:n], first)
			for _, s := range paths() {
				got := make([]float32, n)
				d.rowsOn(s, dropRows{rows: 1, n: n, first: first}, got, x[:n], nil)
				if !slices.Equal(got, want) {
					t.Fatalf("%v: %d entries from %d are %v, want %v", s, n, first, got, want)
				}
			}
		}
	}
}

// Rows may lie apart in what is read and written, and have random numbers apart; what lies
// between them stays.
func TestDropRowsApart(t *testing.T) {
	d := newDropping[float32](0.4, 7, true)
	for _, n := range []int{1, 3, 15, 16, 17, 31, 32, 33, 63, 65, 127} {
		for _, r := range []dropRows{
			{rows: 3, n: n, yRow: n, xRow: n + 5, distance: n + n%2},
			{rows: 3, n: n, yRow: n + 7, xRow: n, first: 4, distance: 10 * n},
			{rows: 2, n: n, yRow: n, xRow: n, first: 1, distance: 3},
		} {
			x, start, base := normals32(3*(n+5), 1), normals32(3*(n+7), 2), normals32(3*(n+7), 3)
			for _, added := range [][]float32{nil, base} {
				want := slices.Clone(start)
				for i := range r.rows {
					d.plain(want[i*r.yRow:][:n], x[i*r.xRow:][:n], r.first+i*r.distance)
					for j := range added[:min(n, len(added))] {
						want[i*r.yRow+j] += added[i*r.yRow+j]
					}
				}
				for _, s := range paths() {
					got := slices.Clone(start)
					if d.rowsOn(s, r, got, x, added); !slices.Equal(got, want) {
						t.Errorf("%v: %+v differ from rows alone", s, r)
					}
				}
			}
		}
	}
}

func BenchmarkDrop(b *testing.B) {
	d := newDropping[float32](0.3, 1, true)
	for _, s := range paths() {
		b.Run(s.String(), func(b *testing.B) {
			x := make([]float32, 4096)
			for b.Loop() {
				d.rowsOn(s, dropRows{rows: 1, n: len(x)}, x, x, nil)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(len(x)), "ns/value")
		})
	}
}

// BenchmarkAddColumns has the rows of the PhysioNet example.
func BenchmarkAddColumns(b *testing.B) {
	c := AddColumns[float32]{Groups: 6, Rows: 32 * 24, Width: 32, Rate: 0.3}
	n := c.Groups * c.Rows * c.Width
	x, y, out := normals32(n, 1), normals32(n, 2), make([]float32, n)
	b.Run("forward", func(b *testing.B) {
		for b.Loop() {
			c.Forward(nil, out, x, y, 1, true)
		}
	})
	b.Run("backward", func(b *testing.B) {
		for b.Loop() {
			c.Backward(nil, nil, y, x, 1, true)
		}
	})
}
