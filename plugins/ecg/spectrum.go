package ecg

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// bandEdges are where the bands of the features begin and end, in Hz: P and T waves; the body of the QRS
// complex; its edges; muscle and noise.
var bandEdges = []float64{1, 5, 15, 40, 100}

const (
	// segment is the length of the pieces whose spectra are averaged, in samples: 2 s, for half a hertz.
	segment = minSeconds * rate
	// points is segment with zeros behind, because powers of four transform fastest.
	points = 1024
)

// leastPower is far below what converters resolve; it keeps logarithms finite.
const leastPower = 1e-12 // mV²/Hz

// spectrum estimates power by averaging the spectra of overlapping pieces (P. Welch, "The use of fast Fourier
// transform for the estimation of power spectra", 1967).
type spectrum struct {
	window [segment]float64
	norm   float64
}

func newSpectrum() *spectrum {
	s := &spectrum{}
	for i := range s.window {
		s.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/segment)
		s.norm += s.window[i] * s.window[i]
	}
	return s
}

// bands writes the logarithm of the power in each band. Signals are at least one segment long.
func (s *spectrum) bands(out, x []float64) {
	power, pieces := s.power(x)
	scale := 2 / (rate * s.norm * float64(pieces)) // one-sided
	const perHz = float64(points) / rate
	for b := range out {
		from, to := int(bandEdges[b]*perHz), int(bandEdges[b+1]*perHz)
		sum := 0.0
		for _, p := range power[from:to] {
			sum += p
		}
		out[b] = math.Log10(sum*scale/float64(to-from) + leastPower)
	}
}

// power is the sum of the power of all pieces, by frequency, and their number. Two pieces at a time are
// transformed as the real and the imaginary part z of one: the sum of their power at frequency k is then
// (|Z(k)|² + |Z(-k)|²) / 2.
func (s *spectrum) power(x []float64) (power []float64, pieces int) {
	power = make([]float64, points/2)
	z := make([]complex128, points)
	for begin := 0; begin+segment <= len(x); begin += segment {
		clear(z)
		second := x[min(begin+segment/2, len(x)):]
		pieces++
		if len(second) < segment {
			for i, w := range s.window {
				z[i] = complex(x[begin+i]*w, 0)
			}
		} else {
			pieces++
			for i, w := range s.window {
				z[i] = complex(x[begin+i]*w, second[i]*w)
			}
		}
		fourier.CoefficientsRadix4(z)
		for k := 1; k < points/2; k++ {
			a, b := z[k], z[points-k]
			power[k] += (real(a)*real(a) + imag(a)*imag(a) + real(b)*real(b) + imag(b)*imag(b)) / 2
		}
	}
	return power, pieces
}
