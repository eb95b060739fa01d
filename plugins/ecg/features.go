package ecg

import (
	"math"
	"slices"
)

// rhythmFeatures are those of all leads together. Times are in ms, rates per minute. Axes are in the frontal
// plane, as a point on the circle, because angles have a seam.
var rhythmFeatures = []string{
	"beats", "heart_rate", "rr_mean", "rr_deviation", "rr_successive", "rr_pnn50", "rr_range", "ectopic",
	"p_duration", "p_height", "pr_interval", "qrs_duration", "qt_interval", "qt_corrected", "t_peak_to_end",
	"p_axis_x", "p_axis_y", "qrs_axis_x", "qrs_axis_y", "t_axis_x", "t_axis_y", "qrs_t_angle",
}

// leadFeatures are those of each lead. Heights are in mV from the level before the QRS complex, areas in
// mV ms. ST is measured at the end of the QRS complex and 60 ms later. Bands are the decimal logarithm of
// the mean density of power, in mV²/Hz, from one frequency to the other, in Hz.
var leadFeatures = []string{
	"present", "p", "q", "r", "s", "qrs_span", "qrs_area", "st_begin", "st_60", "st_slope", "t", "t_area",
	"band_1_5", "band_5_15", "band_15_40", "band_40_100",
}

// featureNames are rhythmFeatures, then leadFeatures of each lead as lead:feature.
var featureNames = nameFeatures()

func nameFeatures() []string {
	names := slices.Clone(rhythmFeatures)
	for _, lead := range leadNames {
		for _, f := range leadFeatures {
			names = append(names, lead+":"+f)
		}
	}
	return names
}

// presentFeature is the index of a lead's first feature, which is 1 if the lead is there and 0 if not.
func presentFeature(lead int) int { return len(rhythmFeatures) + lead*len(leadFeatures) }

// features measures a tracing. What cannot be measured is NaN.
func features(t *tracing) []float64 {
	out := make([]float64, len(featureNames))
	for i := range out {
		out[i] = math.NaN()
	}
	beats := detect(t)
	rr := rhythm(out, beats, t)
	a := average(t, beats)
	var w waves
	if a != nil {
		out[7] = float64(a.ectopic) / float64(a.whole)
		w = delineate(a, rr)
		intervals(out[8:15], a, w, rr)
		axes(out[15:22], a, w)
	}
	spectrum := newSpectrum()
	for i, x := range t.leads {
		f := out[presentFeature(i):][:len(leadFeatures)]
		f[0] = 0
		if x == nil {
			continue
		}
		f[0] = 1
		if a != nil {
			heights(f[1:12], a.leads[i], w)
		}
		spectrum.bands(f[12:16], x)
	}
	return out
}

// rhythm measures the times between beats, and returns their median in samples; NaN if there is none.
func rhythm(out []float64, beats []int, t *tracing) float64 {
	out[0] = float64(len(beats)) / float64(t.length()) * rate * 60
	if len(beats) < 2 {
		return math.NaN()
	}
	var rr, steps []float64
	var all moments
	for i := 1; i < len(beats); i++ {
		x := float64(beats[i]-beats[i-1]) / rate * 1000
		all.add(x)
		if i > 1 {
			steps = append(steps, x-rr[len(rr)-1])
		}
		rr = append(rr, x)
	}
	middle := median(slices.Clone(rr))
	out[1], out[2] = 60_000/middle, all.mean
	if len(steps) == 0 {
		return middle / 1000 * rate
	}
	squares, far := 0.0, 0
	for _, d := range steps {
		squares += d * d
		if math.Abs(d) > 50 {
			far++
		}
	}
	// The deviations are of very different sizes in regular and irregular rhythms: their logarithm is not.
	out[3] = math.Log1p(math.Sqrt(all.squares / all.n))
	out[4] = math.Log1p(math.Sqrt(squares / float64(len(steps))))
	out[5] = float64(far) / float64(len(steps))
	out[6] = (slices.Max(rr) - slices.Min(rr)) / middle
	return middle / 1000 * rate
}

// toMS is a number of samples in ms.
func toMS(samples int) float64 { return float64(samples) / rate * 1000 }

// intervals measures p_duration to t_peak_to_end.
func intervals(out []float64, a *averageBeat, w waves, rr float64) {
	if w.pPeak > 0 {
		out[0] = toMS(w.pEnd - w.pBegin)
		out[1] = a.norm(nil)[w.pPeak]
		out[2] = toMS(w.qrsBegin - w.pBegin)
	}
	out[3] = toMS(w.qrsEnd - w.qrsBegin)
	if w.tPeak > 0 {
		out[4] = toMS(w.tEnd - w.qrsBegin)
		out[5] = out[4] / math.Cbrt(rr/rate) // Fridericia; NaN without rr
		out[6] = toMS(w.tEnd - w.tPeak)
	}
}

// axes measures p_axis_x to qrs_t_angle, from the areas of the waves in I and aVF.
func axes(out []float64, a *averageBeat, w waves) {
	one, foot := a.leads[0], a.leads[5]
	if one == nil || foot == nil {
		return
	}
	direction := func(begin, end int) (x, y float64) {
		if end <= begin {
			return math.NaN(), math.NaN()
		}
		// aVF is smaller than I by √3/2 for the same vector (Goldberger).
		x, y = area(one, w, begin, end), area(foot, w, begin, end)*2/math.Sqrt(3)
		if r := math.Hypot(x, y); r > 0 {
			return x / r, y / r
		}
		return math.NaN(), math.NaN()
	}
	out[0], out[1] = direction(w.pBegin, w.pEnd)
	out[2], out[3] = direction(w.qrsBegin, w.qrsEnd)
	out[4], out[5] = direction(w.qrsEnd+ms(60), w.tEnd)
	if cos := out[2]*out[4] + out[3]*out[5]; !math.IsNaN(cos) {
		out[6] = math.Acos(max(-1, min(1, cos))) * 180 / math.Pi
	}
}

// level is the voltage before the QRS complex, between the P wave and it.
func level(x []float64, w waves) float64 {
	end := max(w.qrsBegin-ms(4), ms(24))
	return median(slices.Clone(x[end-ms(20) : end]))
}

// area is the integral of x over its level, in mV ms.
func area(x []float64, w waves, begin, end int) float64 {
	sum, zero := 0.0, level(x, w)
	for _, v := range x[begin:end] {
		sum += v - zero
	}
	return sum * 1000 / rate
}

// leastR is the height of an R wave, in mV. Without one the complex is a QS, which counts as a Q wave.
const leastR = 0.05

// heights measures p to t_area of a lead.
func heights(out, x []float64, w waves) {
	zero := level(x, w)
	if w.pEnd > w.pBegin {
		out[0] = extreme(x[w.pBegin:w.pEnd], zero)
	}
	qrs := x[w.qrsBegin : w.qrsEnd+1]
	r := argmax(qrs)
	out[1], out[2], out[3] = min(0, slices.Min(qrs)-zero), 0, 0
	if qrs[r]-zero > leastR {
		out[1] = min(0, slices.Min(qrs[:r+1])-zero)
		out[2] = qrs[r] - zero
		out[3] = min(0, slices.Min(qrs[r:])-zero)
	}
	out[4] = slices.Max(qrs) - slices.Min(qrs)
	out[5] = area(x, w, w.qrsBegin, w.qrsEnd)
	st := w.qrsEnd
	out[6] = x[st] - zero
	out[7] = x[st+ms(60)] - zero
	out[8] = out[7] - out[6]
	if begin := st + ms(60); w.tEnd > begin {
		out[9] = extreme(x[begin:w.tEnd], zero)
		out[10] = area(x, w, begin, w.tEnd)
	}
}

// extreme is the value farthest from zero, relative to it.
func extreme(x []float64, zero float64) float64 {
	far := 0.0
	for _, v := range x {
		if math.Abs(v-zero) > math.Abs(far) {
			far = v - zero
		}
	}
	return far
}
