package kernel_test

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
)

func TestKeysOfDifferentPartsDiffer(t *testing.T) {
	seen := map[uint64][]uint64{}
	for _, parts := range [][]uint64{{}, {0}, {1}, {0, 0}, {0, 1}, {1, 0}, {1, 1}, {0, 0, 0}} {
		for seed := range uint64(4) {
			key := kernel.Key(seed, parts...)
			if old, ok := seen[key]; ok {
				t.Errorf("seed and parts %v give the key of %v", append([]uint64{seed}, parts...), old)
			}
			seen[key] = append([]uint64{seed}, parts...)
			if again := kernel.Key(seed, parts...); again != key {
				t.Errorf("Key(%d, %v) = %d, then %d", seed, parts, key, again)
			}
		}
	}
}

func TestUniformFillsTheUnitInterval(t *testing.T) {
	const n, bins = 160_000, 16
	var count [bins]float64
	key := kernel.Key(7, 1)
	for i := range uint64(n) {
		u := kernel.Uniform(key, i)
		if u < 0 || u >= 1 {
			t.Fatalf("Uniform(key, %d) = %v, outside [0, 1)", i, u)
		}
		count[int(u*bins)]++
	}
	chi2 := 0.0
	for _, c := range count {
		chi2 += (c - n/bins) * (c - n/bins) / (n / bins)
	}
	if chi2 > 37.7 { // the 0.999 quantile with 15 degrees of freedom
		t.Errorf("chi² of %d bins is %.1f", bins, chi2)
	}
}

func TestNormalHasItsMoments(t *testing.T) {
	const n = 200_000
	key := kernel.Key(3)
	var moment [4]float64
	for i := range uint64(n) {
		z, power := kernel.Normal(key, i), 1.0
		for j := range moment {
			power *= z
			moment[j] += power / n
		}
	}
	// Tolerances are four standard errors of the moment: sqrt((E[z^2k]-E[z^k]²)/n).
	for j, want := range []struct{ mean, deviation float64 }{{0, 1}, {1, 2}, {0, 15}, {3, 96}} {
		if tolerance := 4 * math.Sqrt(want.deviation/n); math.Abs(moment[j]-want.mean) > tolerance {
			t.Errorf("moment %d = %v, want %v ± %v", j+1, moment[j], want.mean, tolerance)
		}
	}
}

func TestStreamsAreUncorrelated(t *testing.T) {
	const n = 100_000
	for _, lag := range []struct {
		name       string
		key1, key2 uint64
		shift      uint64
	}{
		{"neighbours of one stream", 1, 1, 1},
		{"streams of neighbouring seeds", 1, 2, 0},
	} {
		t.Run(lag.name, func(t *testing.T) {
			a, b, sum := kernel.Key(lag.key1), kernel.Key(lag.key2), 0.0
			for i := range uint64(n) {
				sum += kernel.Normal(a, i) * kernel.Normal(b, i+lag.shift) / n
			}
			if math.Abs(sum) > 4/math.Sqrt(n) {
				t.Errorf("correlation %v", sum)
			}
		})
	}
}
