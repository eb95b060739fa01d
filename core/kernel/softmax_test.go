package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// On every path a softmax is that of float64, whatever the length of a row; exp of a
// difference near 80 is known to 1e-5 only. The fast paths agree to the last bit.
func TestSoftmaxRowsMatchFloat64(t *testing.T) {
	const rows, scale = 3, 0.5
	r := rand.New(rand.NewPCG(1, 1))
	for n := 1; n < 70; n++ {
		x := make([]float32, rows*n)
		for i := range x {
			x[i] = float32(40 * r.NormFloat64())
		}
		want := softmax64(x, n, scale)
		var fast []float32
		for _, s := range paths() {
			got := slices.Clone(x)
			softmaxRowsOn(s, got, n, scale)
			for i, v := range got {
				if math.Abs(float64(v)-want[i]) > 1e-5*want[i]+1e-37 {
					t.Fatalf("%v: entry %d in rows of %d is %v, want %v", s, i, n, v, want[i])
				}
			}
			if s != generic && fast != nil && !slices.Equal(got, fast) {
				t.Fatalf("%v: rows of %d differ from the other fast path", s, n)
			}
			if s != generic {
				fast = got
			}
		}
	}
}

func softmax64(x []float32, n int, scale float64) []float64 {
	var all []float64
	for row := range slices.Chunk(x, n) {
		top, sum := scale*float64(slices.Max(row)), 0.0
		for _, v := range row {
			all = append(all, math.Exp(scale*float64(v)-top))
			sum += all[len(all)-1]
		}
		for i := range n {
			all[len(all)-1-i] /= sum
		}
	}
	return all
}

// The softmax writes no further than its rows.
func TestSoftmaxRowsStayInside(t *testing.T) {
	for _, s := range paths() {
		for n := 1; n < 40; n++ {
			x := make([]float32, 2*n+40)
			softmaxRowsOn(s, x[20:20+2*n], n, 1)
			for i, v := range x {
				if inside := i >= 20 && i < 20+2*n; inside == (v == 0) {
					t.Fatalf("%v: entry %d is %v with two rows of %d at 20", s, i, v, n)
				}
			}
		}
	}
}

func BenchmarkSoftmaxRows(b *testing.B) {
	for _, s := range paths() {
		b.Run(s.String(), func(b *testing.B) {
			x := make([]float32, 24*24)
			for b.Loop() {
				softmaxRowsOn(s, x, 24, 1)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(len(x)), "ns/value")
		})
	}
}
