package synth

import (
	"math"
	"math/rand/v2"
)

const (
	ecgRate    = 500 // Hz
	ecgSeconds = 10
	ecgSamples = ecgRate * ecgSeconds
	// ecgLeadIn is simulated before the recording begins, so that it begins anywhere in
	// a beat.
	ecgLeadIn = 2
)

// vector is a dipole in mV: to the patient's left, to the feet and to the back.
type vector [3]float64

func (v vector) times(s float64) vector { return vector{s * v[0], s * v[1], s * v[2]} }

// wave is one bump of the dipole: a Gaussian in time, around so many ms after the R
// wave.
type wave struct {
	center, deviation float64
	dipole            vector
}

// leadField is how much each recorded lead sees of the dipole (Dower, Machado and
// Osborne, "On deriving the electrocardiogram from vectorcardiographic leads", 1980).
// The other four limb leads follow from I and II.
var leadField = [8]vector{
	{0.632, -0.235, 0.059},  // I
	{0.235, 1.066, -0.132},  // II
	{-0.515, 0.157, -0.917}, // V1
	{0.044, 0.164, -1.387},  // V2
	{0.882, 0.098, -1.277},  // V3
	{1.213, 0.127, -0.601},  // V4
	{1.125, 0.127, -0.086},  // V5
	{0.831, 0.076, 0.230},   // V6
}

// electrocardiogram draws one recording: the leads I, II, V1 to V6 in mV.
func (p *patient) electrocardiogram(r *rand.Rand) [len(leadField)][]float64 {
	h := newHeart(r, p)
	var dipole [3][]float64
	for axis := range dipole {
		dipole[axis] = make([]float64, ecgSamples)
	}
	for _, b := range h.beats(r) {
		for _, w := range h.waves(r, b) {
			addWave(&dipole, b.at, w)
		}
	}
	if h.fibrillates {
		h.fibrillate(r, &dipole)
	}
	var leads [len(leadField)][]float64
	for i, field := range leadField {
		leads[i] = make([]float64, ecgSamples)
		for t := range leads[i] {
			leads[i][t] = field[0]*dipole[0][t] + field[1]*dipole[1][t] + field[2]*dipole[2][t]
		}
		disturb(r, leads[i])
	}
	return leads
}

// addWave adds a wave of the beat at that time, in seconds, as far as four deviations.
func addWave(dipole *[3][]float64, at float64, w wave) {
	center, deviation := (at+w.center/1000)*ecgRate, w.deviation/1000*ecgRate
	first := max(0, int(math.Ceil(center-4*deviation)))
	last := min(ecgSamples-1, int(center+4*deviation))
	for t := first; t <= last; t++ {
		x := (float64(t) - center) / deviation
		e := math.Exp(-x * x / 2)
		for axis := range dipole {
			dipole[axis][t] += e * w.dipole[axis]
		}
	}
}

// disturb adds what electrodes add: a baseline that wanders with breathing and sweat,
// the hum of the mains, and the noise of muscles.
func disturb(r *rand.Rand, lead []float64) {
	type sine struct{ height, frequency, phase float64 }
	sines := []sine{
		{0.02 + 0.07*r.Float64(), 0.18 + 0.15*r.Float64(), 2 * math.Pi * r.Float64()}, // breathing
		{0.01 + 0.05*r.Float64(), 0.05 + 0.06*r.Float64(), 2 * math.Pi * r.Float64()}, // sweat
		{0.004 + 0.008*r.Float64(), 60, 2 * math.Pi * r.Float64()},                    // mains
	}
	muscle, last := 0.006+0.012*r.Float64(), 0.0
	for t := range lead {
		// Muscle noise is broad, but not white: each sample keeps some of the last.
		last = 0.55*last + muscle*r.NormFloat64()
		lead[t] += last
		for _, s := range sines {
			lead[t] += s.height * math.Sin(2*math.Pi*s.frequency*float64(t)/ecgRate+s.phase)
		}
	}
}
