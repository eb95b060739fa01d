package kernel

import (
	"math"
	"testing"
)

// ulps is the distance of got from want in units of the last place of float32.
func ulps(got float32, want float64) float64 {
	rounded := float32(want)
	if got == rounded || got != got && want != want {
		return 0
	}
	next := math.Nextafter32(float32(math.Abs(want)), float32(math.Inf(1)))
	unit := float64(next) - float64(math.Nextafter32(next, 0))
	return math.Abs(float64(got)-want) / unit
}

// everyFloat32 calls f with n numbers from lo to hi and the special values.
func everyFloat32(lo, hi float64, n int, f func(x float32)) {
	for i := range n {
		f(float32(lo + (hi-lo)*float64(i)/float64(n-1)))
	}
	for _, x := range []float64{
		0, math.Copysign(0, -1), 1e-45, -1e-45, 1e-20, -1e-20, math.MaxFloat32,
		-math.MaxFloat32, math.Inf(1), math.Inf(-1), math.NaN(),
	} {
		f(float32(x))
	}
}

// geluLimit is what the vector kernels promise: a few units in the lower tail, where
// exp(-x²/2) is steep. The plain loop stays below 2.
const geluLimit = 5

func TestFloat32FunctionsAreExactToTheLastPlace(t *testing.T) {
	for _, c := range []struct {
		name   string
		got    func(x float32) float32
		want   func(x float64) float64
		lo, hi float64
		limit  float64 // in units of the last place
	}{
		{"exp", exp[float32], math.Exp, -104, 89, 0.51},
		{"sigmoid", sigmoid[float32], func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, -104, 89, 0.51},
		{"softplus", softplus[float32], func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }, -104, 89, 0.51},
		{
			"normal distribution", func(x float32) float32 { c, _ := normal(x); return c },
			func(x float64) float64 { c, _ := normal64(x); return c }, -13, 8, 0.8,
		},
		{
			"normal density", func(x float32) float32 { _, d := normal(x); return d },
			func(x float64) float64 { _, d := normal64(x); return d }, -10, 5.99, 0.8,
		},
		{
			"gelu", gelu1,
			func(x float64) float64 { return x * 0.5 * math.Erfc(-x/math.Sqrt2) }, -12, 8, geluLimit,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			worst, at := 0.0, float32(0)
			everyFloat32(c.lo, c.hi, 200_003, func(x float32) {
				if c.name == "gelu" && math.IsInf(float64(x), -1) {
					return // 0 times -Inf
				}
				if d := ulps(c.got(x), c.want(float64(x))); !(d <= worst) {
					worst, at = d, x
				}
			})
			if !(worst <= c.limit) {
				t.Errorf("%.3g units off at %v: %v, want %v", worst, at, c.got(at), c.want(float64(at)))
			}
		})
	}
}

func TestGELUSlopeIsExact(t *testing.T) {
	for i := range 100_001 {
		x := -8 + 16*float64(float32(i)/100_000)
		x = float64(float32(x))
		cdf, density := normal64(x)
		var value, slope [1]float32
		geluSlopes(value[:], slope[:], []float32{float32(x)})
		if want := cdf + x*density; math.Abs(float64(slope[0])-want) > 2e-7 {
			t.Fatalf("slope at %v is %v, want %v", x, slope[0], want)
		}
		if want := gelu1(float32(x)); value[0] != want {
			t.Fatalf("geluSlopes gives gelu(%v) = %v, gelu gives %v", x, value[0], want)
		}
	}
}

// gelu1 is gelu of one number.
func gelu1(x float32) float32 {
	var value [1]float32
	gelu(value[:], []float32{x})
	return value[0]
}

func BenchmarkGELU(b *testing.B) {
	x, values, slopes := make([]float32, 1024), make([]float32, 1024), make([]float32, 1024)
	for i := range x {
		x[i] = float32(i)/256 - 2
	}
	b.Run("forward", func(b *testing.B) {
		b.SetBytes(4 * 1024)
		for b.Loop() {
			gelu(values, x)
		}
	})
	b.Run("slopes", func(b *testing.B) {
		b.SetBytes(4 * 1024)
		for b.Loop() {
			geluSlopes(values, slopes, x)
		}
	})
}

func TestSoftmaxShowsNaN(t *testing.T) {
	for at := range 19 {
		row := make([]float32, 19)
		row[at] = float32(math.NaN())
		softmaxRows(row, len(row), 0.5)
		for i, v := range row {
			if v == v {
				t.Fatalf("NaN at %d: entry %d of the softmax is %v", at, i, v)
			}
		}
	}
}

func TestSigmoidsAreWithinTwoUlps(t *testing.T) {
	everyFloat32(-87, 89, 20_003, func(x float32) {
		for _, s := range paths() {
			var gate [1]float32
			sigmoidsOn(s, gate[:], []float32{x})
			if want := 1 / (1 + math.Exp(-float64(x))); want > 1e-37 && !(ulps(gate[0], want) <= 2) {
				t.Fatalf("%v: sigmoid(%v) is %v, want %v", s, x, gate[0], want)
			}
		}
	})
}
