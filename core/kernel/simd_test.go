package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// sweep is every 1000th float32 of both signs up to limit, and the special ones.
func sweep(limit float32) []float32 {
	x := []float32{0, float32(math.Copysign(0, -1)), 1, -1, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}
	for bits := uint32(1); bits < math.Float32bits(limit); bits += 1000 {
		v := math.Float32frombits(bits)
		x = append(x, v, -v)
	}
	return x
}

func TestExpIsWithinAnUlp(t *testing.T) {
	x := sweep(110)
	for _, s := range paths() {
		y := make([]float32, len(x))
		expOn(s, y, x, 0)
		worst, at := 0.0, float32(0)
		for i, v := range x {
			want := math.Exp(float64(v))
			if want > math.MaxFloat32 {
				want = math.Inf(1)
			}
			if e := ulps(y[i], want); !(e <= worst) {
				worst, at = e, v
			}
		}
		if !(worst < 1) {
			t.Errorf("%v: exp is %v ulp off at %v", s, worst, at)
		}
	}
}

func TestExpMinusRoundsTheDifferenceOnce(t *testing.T) {
	x := []float32{3, 2.5, -1, 0.1}
	for _, s := range paths() {
		got, want := make([]float32, len(x)), make([]float32, len(x))
		expOn(s, got, x, 3)
		for i := range x {
			want[i] = x[i] - 3
		}
		expOn(s, want, want, 0)
		if !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", s, got, want)
		}
	}
}

// GELU is off by a few units of the last place in its lower tail, elsewhere by less
// than two. Its slope crosses zero, so its error is absolute.
func TestGELUMatchesErfc(t *testing.T) {
	x := sweep(20)
	for _, s := range paths() {
		values, slopes, alone := make([]float32, len(x)), make([]float32, len(x)), make([]float32, len(x))
		geluSlopesOn(s, values, slopes, x)
		geluOn(s, alone, x)
		worst, worstSlope := 0.0, 0.0
		for i, v := range x {
			cdf, density := normal64(float64(v))
			want, wantSlope := float64(v)*cdf, cdf+float64(v)*density
			if math.IsInf(float64(v), 0) {
				want, wantSlope = max(float64(v), 0), cdf // the limits
			}
			if math.Float32bits(values[i]) != math.Float32bits(alone[i]) {
				t.Fatalf("%v: GELU(%v) is %v, and %v beside its slope", s, v, alone[i], values[i])
			}
			if math.IsNaN(float64(v)) {
				if values[i] == values[i] || slopes[i] == slopes[i] {
					t.Errorf("%v: NaN becomes %v with slope %v", s, values[i], slopes[i])
				}
				continue
			}
			if math.Abs(want) > 1e-30 || v > -1 { // below, products leave the normal numbers
				if e := ulps(values[i], want); !(e <= worst) {
					worst = e
				}
			} else if math.Abs(float64(values[i])-want) > 1e-30 {
				t.Errorf("%v: GELU(%v) is %v, want %v", s, v, values[i], want)
			}
			if e := math.Abs(float64(slopes[i]) - wantSlope); !(e <= worstSlope) {
				worstSlope = e
			}
		}
		if !(worst < 5) || !(worstSlope < 0x1p-22) {
			t.Errorf("%v: GELU is %.1f ulp off, its slope %.1e", s, worst, worstSlope)
		}
	}
}

func TestDotAndAxpyMatchFloat64(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, s := range paths() {
		for n := range 200 {
			x, y := make([]float32, n), make([]float32, n)
			want, scale := 0.0, 0.0
			for i := range x {
				x[i], y[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
				want += float64(x[i]) * float64(y[i])
				scale += math.Abs(float64(x[i]) * float64(y[i]))
			}
			if got := dotOn(s, x, y); !(math.Abs(float64(got)-want) <= float64(n+2)*0x1p-24*scale) {
				t.Errorf("%v: inner product of %d is %v, want %v", s, n, got, want)
			}
			z := slices.Clone(y)
			axpyOn(s, z, 0.3, x)
			for i := range z {
				want := float64(y[i]) + float64(float32(0.3))*float64(x[i])
				if math.Abs(float64(z[i])-want) > 1e-6 {
					t.Errorf("%v: entry %d of %d is %v, want %v", s, i, n, z[i], want)
				}
			}
		}
	}
}

// Where a value lies and what lies beside it changes no bit of its result, and the
// instruction sets agree.
func TestVectorBitsDependOnTheValueAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	x := make([]float32, 101)
	for i := range x {
		x[i] = float32(4 * r.NormFloat64())
	}
	functions := map[string]func(s path, y, x []float32){
		"exp":  func(s path, y, x []float32) { expOn(s, y, x, 0) },
		"gelu": geluOn,
		"slopes": func(s path, y, x []float32) {
			geluSlopesOn(s, make([]float32, len(x)), y, x)
		},
		"axpy": func(s path, y, x []float32) { axpyOn(s, y, 0.7, x) },
	}
	for name, f := range functions {
		var first []float32
		for _, s := range paths() {
			all := make([]float32, len(x))
			f(s, all, x)
			for lo := 0; lo < len(x); lo += 7 {
				for hi := lo + 1; hi <= min(lo+40, len(x)); hi += 3 {
					part := make([]float32, hi-lo)
					if f(s, part, x[lo:hi]); !slices.Equal(part, all[lo:hi]) {
						t.Fatalf("%s on %v: %d to %d differ alone", name, s, lo, hi)
					}
				}
			}
			if s == generic {
				continue
			}
			if first == nil {
				first = all
			} else if !slices.Equal(first, all) {
				t.Errorf("%s: %v differs from the other fast path", name, s)
			}
		}
	}
	for n := range x {
		if fast := paths()[1:]; len(fast) > 1 && fast[0].dot(x[:n], x[:n]) != fast[1].dot(x[:n], x[:n]) {
			t.Errorf("dot of %d: the fast paths differ", n)
		}
	}
}

// Gradients are weighed to the bits that plain Go gives, for any length.
func TestWeighMatchesItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for n := range 70 {
		x := make([][]float32, 3)
		for i := range x {
			for range n {
				x[i] = append(x[i], float32(r.NormFloat64()))
			}
		}
		wantGrads, wantSums := slices.Clone(x[0]), slices.Clone(x[1])
		for i, slope := range x[2] {
			wantGrads[i] *= 0.7 * slope
			wantSums[i] += wantGrads[i]
		}
		for _, s := range paths() {
			grads, sums := slices.Clone(x[0]), slices.Clone(x[1])
			weighOn(s, grads, sums, x[2], 0.7)
			if !slices.Equal(grads, wantGrads) || !slices.Equal(sums, wantSums) {
				t.Errorf("%v: %d values differ from plain Go", s, n)
			}
		}
	}
}

func TestVectorsRefuseDifferentLengths(t *testing.T) {
	one, two := make([]float32, 1), make([]float32, 2)
	for i, call := range []func(){
		func() { Exp(one, two) },
		func() { GELUValues(two, one) },
		func() { GELUSlopes(one, two, one) },
		func() { Axpy(one, 1, two) },
		func() { Dot(one, two) },
	} {
		func() {
			defer func() {
				if v := recover(); v != errLengths {
					t.Errorf("call %d: recovered %v", i, v)
				}
			}()
			call()
		}()
	}
}

func FuzzExp(f *testing.F) {
	f.Add(float32(1), float32(0))
	f.Add(float32(-103.5), float32(0))
	f.Add(float32(88.7), float32(-0.02))
	f.Fuzz(func(t *testing.T, x, shift float32) {
		want := math.Exp(float64(x - shift))
		if want > math.MaxFloat32 {
			want = math.Inf(1)
		}
		for _, s := range paths() {
			y := []float32{0}
			expOn(s, y, []float32{x}, shift)
			if !(ulps(y[0], want) < 1) {
				t.Errorf("%v: exp(%v - %v) is %v, want %v", s, x, shift, y[0], want)
			}
		}
	})
}

func BenchmarkVectors(b *testing.B) {
	for _, n := range []int{48, 64, 512, 4096} {
		x, y, z := make([]float32, n), make([]float32, n), make([]float32, n)
		for i := range x {
			x[i] = float32(i%13) - 6
		}
		functions := []struct {
			name string
			call func(s path)
		}{
			{"exp", func(s path) { expOn(s, y, x, 6) }},
			{"gelu", func(s path) { geluOn(s, y, x) }},
			{"slopes", func(s path) { geluSlopesOn(s, y, z, x) }},
			{"axpy", func(s path) { axpyOn(s, y, 1e-9, x) }},
			{"dot", func(s path) { dotOn(s, y, x) }},
		}
		for _, f := range functions {
			for _, s := range paths() {
				b.Run(fmt.Sprintf("%s/%d/%v", f.name, n, s), func(b *testing.B) {
					for b.Loop() {
						f.call(s)
					}
					b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(n), "ns/value")
				})
			}
		}
	}
}
