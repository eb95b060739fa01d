package ecg

import (
	"math"
	"slices"
)

// waves are where the waves of an average beat begin and end, in samples of it; 0: not found.
type waves struct {
	pBegin, pPeak, pEnd int
	qrsBegin, qrsEnd    int
	tPeak, tEnd         int
}

// delineate finds the waves of a beat, over all leads at once, as electrocardiographs do: from the earliest
// begin in any lead to the latest end. The beats follow each other in rr samples; NaN: there is one beat only.
func delineate(a *averageBeat, rr float64) waves {
	var w waves
	if math.IsNaN(rr) {
		rr = rate // 60 a minute
	}
	speed := movingAverage(a.norm(difference), ms(8))
	w.qrsBegin, w.qrsEnd = complexOf(speed)
	height := a.norm(nil)
	// The T wave ends, and the next P wave begins, within three quarters of the time between beats.
	limit := min(len(height), ms(before)+int(0.75*rr))
	if begin := w.qrsEnd + ms(60); begin+ms(60) < limit {
		w.tPeak = begin + argmax(height[begin:limit])
		w.tEnd = tangent(height, w.tPeak, limit)
	}
	begin := max(ms(before)-int(0.45*rr), w.qrsBegin-ms(280), 0)
	if end := w.qrsBegin - ms(24); end-begin > ms(40) {
		w.pPeak = begin + argmax(height[begin:end])
		w.pBegin, w.pEnd = around3(height, begin, w.pPeak, w.qrsBegin)
	}
	return w
}

// difference is the slope of x over four samples.
func difference(x []float64) []float64 {
	out := make([]float64, len(x))
	for i := 2; i+2 < len(x); i++ {
		out[i] = x[i+2] - x[i-2]
	}
	return out
}

// norm is the length of the vector of all leads, each put through f first, sample by sample. Without f the
// level before the QRS complex is taken off each lead.
func (a *averageBeat) norm(f func([]float64) []float64) []float64 {
	out := make([]float64, ms(before)+ms(after))
	for _, x := range a.leads {
		if x == nil {
			continue
		}
		level := 0.0
		if f != nil {
			x = f(x)
		} else {
			level = median(slices.Clone(x[ms(before)-ms(100) : ms(before)-ms(60)]))
		}
		for i, v := range x {
			out[i] += (v - level) * (v - level)
		}
	}
	for i := range out {
		out[i] = math.Sqrt(out[i])
	}
	return out
}

func argmax(x []float64) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// complexOf is where the QRS complex begins and ends: outwards from its steep parts, where the leads move
// hardly faster than between the waves.
func complexOf(speed []float64) (begin, end int) {
	middle := ms(before)
	low, high := middle-ms(100), middle+ms(140)
	top := slices.Max(speed[low:high])
	quiet := slices.Clone(speed)
	slices.Sort(quiet)
	still := max(0.06*top, 2*quiet[len(quiet)/5])
	begin, end = low, high
	for i := low; i < high; i++ {
		if speed[i] > top/4 {
			begin = i
			break
		}
	}
	for i := high; i > low; i-- {
		if speed[i] > top/4 {
			end = i
			break
		}
	}
	for begin > low && speed[begin] > still {
		begin--
	}
	for end < high && speed[end] > still {
		end++
	}
	return begin, end
}

// tangent is where the steepest tangent to the fall behind a peak meets the level that it falls to (E. Lepeschkin
// and B. Surawicz, "The measurement of the Q-T interval of the electrocardiogram", 1952).
func tangent(height []float64, peak, limit int) int {
	steepest, slope := peak, 0.0
	for i := peak + 1; i < min(peak+ms(160), limit-2); i++ {
		if d := (height[i+2] - height[i-1]) / 3; d < slope {
			steepest, slope = i, d
		}
	}
	if slope == 0 {
		return peak
	}
	level := slices.Min(height[peak:limit])
	return min(limit, steepest+int((level-height[steepest])/slope))
}

// around3 is where a wave with its peak between low and high begins and ends: where it has less than a third of
// its height.
func around3(height []float64, low, peak, high int) (begin, end int) {
	floor := slices.Min(height[low:high])
	third := floor + (height[peak]-floor)/3
	begin, end = peak, peak
	for begin > low && height[begin] > third {
		begin--
	}
	for end < high && height[end] > third {
		end++
	}
	return begin, end
}
