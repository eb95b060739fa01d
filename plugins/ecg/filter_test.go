package ecg

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// sine is one of 1 at a frequency, sampled from times a second for so many seconds.
func sine(frequency, from, seconds float64) []float64 {
	x := make([]float64, int(seconds*from))
	for i := range x {
		x[i] = math.Sin(2 * math.Pi * frequency * float64(i) / from)
	}
	return x
}

// farthestApart is the largest difference of a and b, but for so many samples at either end.
func farthestApart(a, b []float64, edge int) float64 {
	far := 0.0
	for i := edge; i < min(len(a), len(b))-edge; i++ {
		far = max(far, math.Abs(a[i]-b[i]))
	}
	return far
}

func TestResamplingKeepsASine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.OneOf(
			rapid.SampledFrom([]float64{100, 128, 250, 257, 360, 500, 1000, 2000}),
			rapid.Float64Range(100, 3000),
		).Draw(t, "rate")
		frequency := rapid.Float64Range(0.5, 0.35*min(from, rate)).Draw(t, "frequency")
		got, want := newResampler(from, rate).apply(sine(frequency, from, 4)), sine(frequency, rate, 4)
		if d := len(got) - len(want); d < -5 || d > 5 {
			t.Fatalf("%d samples, not %d", len(got), len(want))
		}
		if far := farthestApart(got, want, rate); far > 0.01 {
			t.Errorf("it is %g away", far)
		}
	})
}

func TestWhatIsAboveHalfTheRateDoesNotFoldDown(t *testing.T) {
	got := newResampler(2000, rate).apply(sine(400, 2000, 4)) // would become 100 Hz
	if far := farthestApart(got, make([]float64, len(got)), rate); far > 0.01 {
		t.Errorf("%g of it is left", far)
	}
}

func TestFiltersTakeTheMainsAndTheBaselineAndDelayNothing(t *testing.T) {
	f := newFilters([]float64{50, 60})
	for _, test := range []struct{ frequency, kept, tolerance float64 }{
		{0.05, 0, 0.02},
		{2, 1, 0.02},
		{10, 1, 0.02},
		{40, 1, 0.05},
		{50, 0, 0.02},
		{60, 0, 0.02},
		{100, 1, 0.02},
	} {
		t.Run(fmt.Sprintf("%g Hz", test.frequency), func(t *testing.T) {
			x := sine(test.frequency, rate, 40)
			got := f.apply(x)
			for i := range x {
				x[i] *= test.kept
			}
			if far := farthestApart(got, x, rate); far > test.tolerance {
				t.Errorf("it is %g away", far)
			}
		})
	}
}
