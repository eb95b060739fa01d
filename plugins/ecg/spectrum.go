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
	// points is segment with zeros behind, because powers of two transform fastest.
	points = 1024
)

// leastPower is far below what converters resolve; it keeps logarithms finite.
const leastPower = 1e-12 // mV²/Hz

// spectrum estimates power by averaging the spectra of overlapping pieces (P. Welch, "The use of fast Fourier
// transform for the estimation of power spectra", 1967).
type spectrum struct {
	fft    *fourier.FFT
	window [segment]float64
	norm   float64
}

func newSpectrum() *spectrum {
	s := &spectrum{fft: fourier.NewFFT(points)}
	for i := range s.window {
		s.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/segment)
		s.norm += s.window[i] * s.window[i]
	}
	return s
}

// bands writes the logarithm of the power in each band. Signals are at least one segment long.
func (s *spectrum) bands(out, x []float64) {
	piece := make([]float64, points)
	var coefficients []complex128
	power := make([]float64, points/2+1)
	pieces := 0
	for begin := 0; begin+segment <= len(x); begin += segment / 2 {
		for i := range s.window {
			piece[i] = x[begin+i] * s.window[i]
		}
		coefficients = s.fft.Coefficients(coefficients, piece)
		for i, c := range coefficients {
			power[i] += real(c)*real(c) + imag(c)*imag(c)
		}
		pieces++
	}
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
