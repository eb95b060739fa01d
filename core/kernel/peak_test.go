package kernel

import (
	"testing"
	"time"
)

// The probe counts what it does: twice the rounds are twice the operations, and no
// machine does more than 1000 of them in a nanosecond.
func TestMultiplyAddsCountsItsOperations(t *testing.T) {
	for _, s := range paths() {
		start := time.Now()
		one := multiplyAddsOn(s, 100_000)
		took := time.Since(start)
		if two := multiplyAddsOn(s, 200_000); one == 0 || two != 2*one {
			t.Errorf("%v: %d operations, and %d in twice the rounds", s, one, two)
		}
		if rate := float64(one) / float64(took.Nanoseconds()); rate > 1000 {
			t.Errorf("%v: %.0f operations in a nanosecond", s, rate)
		}
		if none := multiplyAddsOn(s, 0); none != 0 {
			t.Errorf("%v: %d operations in no round", s, none)
		}
	}
}

func BenchmarkPeak(b *testing.B) {
	for _, s := range paths() {
		b.Run(s.String(), func(b *testing.B) {
			operations := 0
			for b.Loop() {
				operations += multiplyAddsOn(s, 10_000)
			}
			b.ReportMetric(float64(operations)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
