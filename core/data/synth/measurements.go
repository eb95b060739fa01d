package synth

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// channel is one column of the measurements.
type channel struct {
	name string
	// digits is how precisely it is written, often how often it is among those taken.
	digits int
	often  float64
	// value draws a measurement at the given severity of shock.
	value func(r *rand.Rand, p *patient, own *constitution, shock float64) float64
}

// constitution is how a patient differs from others of the same severities, lastingly.
type constitution struct{ pulse, pressure, breathing, oxygen, kidney, blood, marrow float64 }

// signs are taken together, about once an hour and more often from the sick.
var signs = []channel{
	{"heart_rate", 0, 0.97, func(r *rand.Rand, p *patient, own *constitution, shock float64) float64 {
		spread := 4.0
		if p.fibrillates {
			spread = 11
		}
		return min(205, max(32, normal(r, 85+11*shock+9*own.pulse, spread)))
	}},
	{"systolic_bp", 0, 0.92, func(r *rand.Rand, _ *patient, own *constitution, shock float64) float64 {
		return min(235, max(48, normal(r, 121-13*shock+12*own.pressure, 7)))
	}},
	{"diastolic_bp", 0, 0.92, func(r *rand.Rand, _ *patient, own *constitution, shock float64) float64 {
		return min(130, max(22, normal(r, 64-7*shock+7*own.pressure, 5)))
	}},
	{"resp_rate", 0, 0.9, func(r *rand.Rand, p *patient, own *constitution, shock float64) float64 {
		return min(48, max(7, normal(r, 19+1.6*p.lung+1.2*shock+3*own.breathing, 2)))
	}},
	{"spo2", 0, 0.94, func(r *rand.Rand, p *patient, own *constitution, _ float64) float64 {
		return min(100, max(64, normal(r, 96-0.8*p.lung+1.6*own.oxygen, 1.2)))
	}},
	{"temperature", 1, 0.3, func(r *rand.Rand, _ *patient, _ *constitution, shock float64) float64 {
		return min(41.5, max(33.5, normal(r, 37+0.25*shock, 0.45)))
	}},
	{"gcs", 0, 0.25, func(r *rand.Rand, p *patient, _ *constitution, shock float64) float64 {
		return math.Round(min(15, max(3, normal(r, 14.6-0.5*shock-0.25*p.frailty, 0.9))))
	}},
}

// labs come together, every few hours.
var labs = []channel{
	{"lactate", 1, 0.45, func(r *rand.Rand, _ *patient, _ *constitution, shock float64) float64 {
		return min(24, math.Exp(normal(r, 0.5+0.4*shock, 0.3)))
	}},
	{"creatinine", 1, 0.9, func(r *rand.Rand, p *patient, own *constitution, shock float64) float64 {
		return min(12, math.Exp(normal(r, 0.1+0.2*shock+0.1*p.frailty+0.4*own.kidney, 0.12)))
	}},
	{"bun", 0, 0.9, func(r *rand.Rand, p *patient, own *constitution, shock float64) float64 {
		return min(170, math.Exp(normal(r, 3+0.2*shock+0.1*p.frailty+0.4*own.kidney, 0.15)))
	}},
	{"wbc", 1, 0.85, func(r *rand.Rand, _ *patient, own *constitution, shock float64) float64 {
		return min(70, math.Exp(normal(r, 2.3+0.15*shock+0.3*own.marrow, 0.15)))
	}},
	{"hemoglobin", 1, 0.9, func(r *rand.Rand, p *patient, own *constitution, _ float64) float64 {
		return min(18, max(5, normal(r, 11.3-0.3*p.frailty+1.5*own.blood, 0.5)))
	}},
	{"platelets", 0, 0.85, func(r *rand.Rand, _ *patient, own *constitution, shock float64) float64 {
		return min(900, math.Exp(normal(r, 5.3-0.12*shock+0.35*own.marrow, 0.1)))
	}},
	{"sodium", 0, 0.92, func(r *rand.Rand, _ *patient, _ *constitution, _ float64) float64 {
		return normal(r, 138.5, 3.5)
	}},
	{"potassium", 1, 0.95, func(r *rand.Rand, _ *patient, own *constitution, _ float64) float64 {
		return min(8, max(2.3, normal(r, 4.1+0.2*own.kidney, 0.45)))
	}},
	{"troponin", 2, 0.12, func(r *rand.Rand, p *patient, _ *constitution, _ float64) float64 {
		return min(60, math.Exp(normal(r, -2.5+0.5*p.heart, 1)))
	}},
}

// measurement is a row of the table: one value a channel, NaN where there is none.
type measurement struct {
	hours  float64
	values []float64
}

// measurementColumns are the channels' names.
func measurementColumns() []string {
	var names []string
	for _, c := range slices.Concat(signs, labs) {
		names = append(names, c.name)
	}
	return names
}

// measure draws the patient's chart.
func (p *patient) measure() []measurement {
	r := p.random(measurementStream)
	own := &constitution{
		r.NormFloat64(), r.NormFloat64(), r.NormFloat64(), r.NormFloat64(), r.NormFloat64(), r.NormFloat64(), r.NormFloat64(),
	}
	// How far from its final value shock begins, for better or worse.
	course := normal(r, -0.2, 0.9)
	shock := func(hours float64) float64 { return p.shock + course*(1-hours/windowHours) }
	var rows []measurement
	// Signs are taken once in 75 minutes on average, more often in shock, and before the
	// second hour for the first time.
	pause := 1.25 * math.Exp(-0.15*p.shock)
	for t := min(2, pause*r.ExpFloat64()); t < windowHours; t += pause * (0.25 + 0.75*r.ExpFloat64()) {
		rows = append(rows, p.row(r, own, 0, signs, t, shock(t)))
	}
	for t := 0.3 + 3*r.Float64(); t < windowHours; t += 4 + 14*r.Float64() {
		rows = append(rows, p.row(r, own, len(signs), labs, t, shock(t)))
	}
	slices.SortStableFunc(rows, func(a, b measurement) int { return cmp.Compare(a.hours, b.hours) })
	return rows
}

// row takes some of the channels, the first of which is that number of all.
func (p *patient) row(r *rand.Rand, own *constitution, first int, of []channel, hours, shock float64) measurement {
	m := measurement{hours: hours, values: make([]float64, len(signs)+len(labs))}
	for i := range m.values {
		m.values[i] = math.NaN()
	}
	for i, c := range of {
		if r.Float64() < c.often {
			m.values[first+i] = c.value(r, p, own, shock)
		}
	}
	return m
}
