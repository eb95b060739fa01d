package ecg

import (
	"math"
	"testing"
)

// TestTheBandsHoldThePowerOfASine has a sine of 1 mV, which has the power 1/2 mV², at 10 Hz, and compares with
// what it has at other lengths, of even and odd numbers of pieces.
func TestTheBandsHoldThePowerOfASine(t *testing.T) {
	for _, n := range []int{segment, segment + segment/2, 5 * rate, 5*rate + 1} {
		x := make([]float64, n)
		for i := range x {
			x[i] = math.Sin(2 * math.Pi * 10 * float64(i) / rate)
		}
		out := make([]float64, 4)
		newSpectrum().bands(out, x)
		power := math.Pow(10, out[1]) * (15 - 5) // the density times the width of 5 to 15 Hz
		if math.Abs(power-0.5) > 0.05 {
			t.Errorf("%d samples: %g mV², not 0.5", n, power)
		}
		if out[0] > -4 || out[2] > -4 || out[3] > -6 {
			t.Errorf("%d samples: power in other bands: %v", n, out)
		}
	}
}
