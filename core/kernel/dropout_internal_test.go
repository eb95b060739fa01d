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
	const key, rate = 12345, 0.4
	threshold, scale := dropout[float32](rate, true)
	for _, first := range []int{0, 2, 6, 1 << 33} {
		for n := range x {
			want := make([]float32, n)
			plainDrop(want, x[:n], key, first, threshold, scale)
			for _, s := range paths()[1:] {
				got := make([]float32, n)
				if s.drop(got, x[:n], key, first, threshold, scale); !slices.Equal(got, want) {
					t.Fatalf("%v: %d entries from %d are %v, want %v", s, n, first, got, want)
				}
			}
		}
	}
}

func BenchmarkDrop(b *testing.B) {
	threshold, scale := dropout[float32](0.3, true)
	for _, s := range paths() {
		b.Run(s.String(), func(b *testing.B) {
			x := make([]float32, 4096)
			for b.Loop() {
				if s == generic {
					plainDrop(x, x, 1, 0, threshold, scale)
				} else {
					s.drop(x, x, 1, 0, threshold, scale)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(len(x)), "ns/value")
		})
	}
}
