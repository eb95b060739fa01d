package synth

import (
	"math"
	"math/rand/v2"
)

// heart is what decides the form of a patient's beats in one recording.
type heart struct {
	fibrillates bool
	rate        float64 // beats a minute
	ectopic     float64 // chance that a beat is an extra one from a ventricle
	breathing   float64 // Hz
	conduction  float64 // ms from the P wave to the QRS complex, beyond the usual

	size     float64 // of all waves
	turn     float64 // of the axis in the frontal plane, in radians
	widening float64 // of the QRS complex
	recovery float64 // size of the T wave, negative if it is inverted
	injury   vector  // of the ST segment, in mV
}

// newHeart draws a heart. What severity decides, it decides with some chance: on its own
// an electrocardiogram tells a severity with a correlation of about 0.85.
func newHeart(r *rand.Rand, p *patient) *heart {
	h := &heart{
		fibrillates: p.fibrillates,
		rate:        min(150, max(44, normal(r, 78+9*p.shock+3*p.heart, 9))),
		ectopic:     0.16 * sigmoid(1.6*normal(r, p.heart, 0.7)-2.2),
		breathing:   0.2 + 0.1*r.Float64(),
		conduction:  normal(r, 0, 14),
		size:        math.Exp(normal(r, 0, 0.16)),
		turn:        normal(r, 0, 0.3),
	}
	if h.fibrillates {
		h.rate = min(165, max(58, normal(r, 104+8*p.shock, 16)))
	}
	h.widening = 1 + 0.5*sigmoid(2*(normal(r, p.heart, 0.5)-1.3))
	h.recovery = 1 - 1.7*sigmoid(1.7*(normal(r, p.heart, 0.45)-0.7))
	// Most injured hearts press ST down, away from the R wave. One in six has it raised
	// over the front wall.
	depth := 0.1 * max(0, normal(r, p.heart, 0.4)+0.6)
	h.injury = vector{-0.6, -0.5, 0.35}.times(depth)
	if r.Float64() < 1./6 {
		h.injury = vector{0.35, -0.1, -0.95}.times(depth)
	}
	return h
}

// beat is one beat: its R wave is at this time, in seconds of the recording, and it
// came so many seconds after the last.
type beat struct {
	at, after float64
	ectopic   bool
}

// beats draws the rhythm.
func (h *heart) beats(r *rand.Rand) []beat {
	var all []beat
	phase, slow := 2*math.Pi*r.Float64(), 0.0
	last := -ecgLeadIn + 60/h.rate*r.Float64()
	pause := 0.0 // after an extra beat
	for last < ecgSeconds+1 {
		rr := 60 / h.rate
		if h.fibrillates {
			// Irregularly irregular: a gap has nothing of the one before.
			rr *= math.Exp(normal(r, -0.02, 0.2))
			rr = max(rr, 0.31)
		} else {
			slow = 0.8*slow + normal(r, 0, 0.008)
			rr *= 1 + 0.03*math.Sin(2*math.Pi*h.breathing*last+phase) + slow
		}
		b := beat{at: last + rr + pause, after: rr + pause}
		pause = 0
		if r.Float64() < h.ectopic {
			// It comes early, and the next regular beat when it would have come anyway.
			early := rr * (0.3 + 0.1*r.Float64())
			b.at, b.after, b.ectopic = b.at-early, b.after-early, true
			pause = early
		}
		all = append(all, b)
		last = b.at
	}
	return all
}

// The usual beat, by the severity of nobody: in mV of the dipole and ms after the R
// wave. The heights are those of a healthy heart in the leads of leadField, as in any
// textbook: R up to 1.2 mV in V5, S down to 1 mV in V2, T upright but in V1.
var (
	atria     = wave{-165, 21, vector{0.06, 0.11, 0}}
	septum    = wave{-25, 7, vector{-0.11, -0.05, -0.24}}
	ventricle = wave{0, 10.5, vector{1, 0.75, 0.35}}
	base      = wave{24, 9.5, vector{-0.15, -0.1, 0.5}}
	recovery  = [2]wave{{255, 46, vector{0.2, 0.16, -0.13}}, {292, 26, vector{0.13, 0.1, -0.08}}}
	// plateau has the shape of an ST segment that is off the baseline.
	plateau = [3]wave{{70, 22, vector{}}, {115, 26, vector{}}, {165, 32, vector{}}}
	// extra is a beat that begins in a ventricle: wide, and its T wave against it.
	extra = [3]wave{{-8, 26, vector{-0.7, 1.1, 0.6}}, {38, 24, vector{-0.5, 0.6, 0.9}}, {290, 55, vector{0.35, -0.5, -0.45}}}
)

// waves are those of one beat.
func (h *heart) waves(r *rand.Rand, b beat) []wave {
	// Each breath lifts the chest, and with it the electrodes.
	size := h.size * (1 + 0.05*math.Sin(2*math.Pi*h.breathing*b.at) + normal(r, 0, 0.012))
	// The heart recovers faster when it beats faster (Fridericia).
	tempo := math.Cbrt(min(1.1, max(0.4, b.after)) / 0.8)
	if b.ectopic {
		return h.placed(extra[:], size, 1, tempo)
	}
	var all []wave
	if !h.fibrillates {
		p := atria
		p.center -= h.conduction
		all = append(all, h.placed([]wave{p}, size, 1, 1)...)
	}
	all = append(all, h.placed([]wave{septum, ventricle, base}, size, h.widening, 1)...)
	for _, w := range recovery {
		w.dipole = w.dipole.times(h.recovery)
		all = append(all, h.placed([]wave{w}, size, 1, tempo)...)
	}
	for _, w := range plateau {
		w.dipole = h.injury
		w.center += 40 * (h.widening - 1)
		all = append(all, h.placed([]wave{w}, size, 1, 1)...)
	}
	return all
}

// placed turns waves into the heart's axis, and stretches them.
func (h *heart) placed(waves []wave, size, widening, tempo float64) []wave {
	sin, cos := math.Sincos(h.turn)
	all := make([]wave, len(waves))
	for i, w := range waves {
		d := w.dipole.times(size)
		all[i] = wave{
			center: w.center * widening, deviation: w.deviation * widening,
			dipole: vector{cos*d[0] - sin*d[1], sin*d[0] + cos*d[1], d[2]},
		}
		if w.center > 200 { // the T wave
			all[i].center, all[i].deviation = w.center*tempo+60*(h.widening-1), w.deviation*tempo
		}
	}
	return all
}

// fibrillate adds the fine waves of the atria, which fire without order 5 to 7 times a
// second.
func (h *heart) fibrillate(r *rand.Rand, dipole *[3][]float64) {
	height := 0.03 + 0.05*r.Float64()
	frequency, phase, course := 5+2*r.Float64(), 2*math.Pi*r.Float64(), 0.0
	direction := vector{0.3, 0.9, -0.7}
	for t := range dipole[0] {
		course += normal(r, 0, 0.02)
		phase += 2 * math.Pi * (frequency + 0.6*math.Sin(course)) / ecgRate
		// The third harmonic gives the waves their teeth.
		f := height * (math.Sin(phase) + 0.35*math.Sin(2*phase+0.6) + 0.15*math.Sin(3*phase))
		for axis := range dipole {
			dipole[axis][t] += f * direction[axis]
		}
	}
}
