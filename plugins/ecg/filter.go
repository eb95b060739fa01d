package ecg

import (
	"math"
	"slices"
)

// resampler brings signals to another rate by windowed-sinc interpolation.
type resampler struct {
	step    float64 // samples of the input per sample of the output
	cutoff  float64 // as a share of half the sampling rate of the input
	phases  int     // after so many samples of the output the kernels repeat; 0: never
	kernels []kernel
}

// kernel is the weights of the input from sample first, relative to step * i rounded down.
type kernel struct {
	first   int
	weights []float64
}

// lobes of the sinc on either side: the more, the sharper the cut at the highest frequency.
const lobes = 16

func newResampler(from float64, to int) *resampler {
	r := &resampler{step: from / float64(to), cutoff: min(1, float64(to)/from)}
	if from == math.Trunc(from) {
		r.phases = to / gcd(to, int(from))
		r.kernels = make([]kernel, r.phases)
		for i := range r.kernels {
			r.kernels[i] = r.kernel(math.Mod(float64(i)*r.step, 1))
		}
	}
	return r
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// kernel is that of the output at a fraction of an input sample. Its weights sum to 1.
func (r *resampler) kernel(fraction float64) kernel {
	reach := lobes / r.cutoff
	k := kernel{first: int(math.Ceil(fraction - reach))}
	sum := 0.0
	for j := k.first; float64(j) <= fraction+reach; j++ {
		d := float64(j) - fraction
		w := 1.0
		if d != 0 {
			w = math.Sin(math.Pi*r.cutoff*d) / (math.Pi * r.cutoff * d)
		}
		w *= 0.5 + 0.5*math.Cos(math.Pi*d/reach) // Hann
		k.weights = append(k.weights, w)
		sum += w
	}
	for j := range k.weights {
		k.weights[j] /= sum
	}
	return k
}

// at is the weighted sum of x from begin on.
func (k *kernel) at(x []float64, begin int) (sum float64) {
	if begin >= 0 && begin+len(k.weights) <= len(x) {
		for j, v := range x[begin:][:len(k.weights)] {
			sum += k.weights[j] * v
		}
		return sum
	}
	for j, w := range k.weights {
		sum += w * x[max(0, min(len(x)-1, begin+j))]
	}
	return sum
}

// apply resamples x. Beyond its ends x goes on as it ends.
func (r *resampler) apply(x []float64) []float64 {
	if r.step == 1 {
		return slices.Clone(x)
	}
	out := make([]float64, int(math.Round(float64(len(x))/r.step)))
	for i := range out {
		center := math.Floor(float64(i) * r.step)
		var k kernel
		if r.phases > 0 {
			k = r.kernels[i%r.phases]
			center = float64(i/r.phases)*math.Round(float64(r.phases)*r.step) + math.Floor(float64(i%r.phases)*r.step)
		} else {
			k = r.kernel(float64(i)*r.step - center)
		}
		out[i] = k.at(x, int(center)+k.first)
	}
	return out
}

// biquad is a filter of second order, with a0 = 1. The formulas of notch and highPass are those of
// R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients".
type biquad struct {
	b0, b1, b2, a1, a2 float64
}

func notch(frequency, quality float64) biquad {
	w := 2 * math.Pi * frequency / rate
	alpha := math.Sin(w) / (2 * quality)
	a0 := 1 + alpha
	return biquad{1 / a0, -2 * math.Cos(w) / a0, 1 / a0, -2 * math.Cos(w) / a0, (1 - alpha) / a0}
}

func highPass(frequency float64) biquad {
	w := 2 * math.Pi * frequency / rate
	alpha := math.Sin(w) / math.Sqrt2 // Butterworth: a quality of 1/√2
	a0, c := 1+alpha, math.Cos(w)
	return biquad{(1 + c) / 2 / a0, -(1 + c) / a0, (1 + c) / 2 / a0, -2 * c / a0, (1 - alpha) / a0}
}

// filters are applied one after the other.
type filters []biquad

const (
	// baseline is the frequency, in Hz, below which a tracing wanders with breathing. Filtered forwards and
	// backwards, 0.67 Hz leaves the ST segment alone (AHA/ACC/HRS recommendations, 2007); this is below.
	baseline = 0.5
	// mainsQuality makes the notch at 50 Hz 1.7 Hz wide.
	mainsQuality = 30
	// margin is for how long signals are continued before their beginning and behind their end, in samples:
	// longer than the filters ring.
	margin = 2 * rate
)

func newFilters(mains []float64) filters {
	f := filters{highPass(baseline)}
	for _, frequency := range mains {
		f = append(f, notch(frequency, mainsQuality))
	}
	return f
}

// apply filters forwards and backwards, so that nothing is delayed.
func (f filters) apply(x []float64) []float64 {
	pad := min(margin, len(x)-1)
	padded := make([]float64, len(x)+2*pad)
	copy(padded[pad:], x)
	last := len(x) - 1
	// Mirrored, not turned about the first and the last sample: those may be in the middle of a QRS complex,
	// and the level beyond would be another.
	for i := range pad {
		padded[pad-1-i] = x[i+1]
		padded[pad+len(x)+i] = x[last-1-i]
	}
	f.pass(padded)
	slices.Reverse(padded)
	f.pass(padded)
	slices.Reverse(padded)
	return padded[pad : pad+len(x)]
}

// pass filters in place, as if the first sample had been there forever (direct form II, transposed).
func (f filters) pass(x []float64) {
	for _, q := range f {
		gain := (q.b0 + q.b1 + q.b2) / (1 + q.a1 + q.a2)
		z2 := (q.b2 - q.a2*gain) * x[0]
		z1 := (q.b1-q.a1*gain)*x[0] + z2
		for i, v := range x {
			y := q.b0*v + z1
			z1 = q.b1*v - q.a1*y + z2
			z2 = q.b2*v - q.a2*y
			x[i] = y
		}
	}
}
