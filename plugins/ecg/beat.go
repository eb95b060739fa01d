package ecg

import (
	"math"
	"slices"
)

// ms is a time in samples.
func ms(milliseconds int) int { return milliseconds * rate / 1000 }

// movingAverage is the mean of x over width samples around each sample, of fewer at the ends.
func movingAverage(x []float64, width int) []float64 {
	out := make([]float64, len(x))
	sum, half := 0.0, width/2
	for i := range len(x) + half {
		if i < len(x) {
			sum += x[i]
		}
		if i > 2*half {
			sum -= x[i-2*half-1]
		}
		if i >= half {
			out[i-half] = sum / float64(min(i+1, len(x))-max(0, i-2*half))
		}
	}
	return out
}

// steepness is where QRS complexes are: over all leads, the energy in the band of QRS complexes, averaged
// over the length of one. The band is the difference of two moving averages, about 8 to 25 Hz, in the manner
// of J. Pan and W. Tompkins, "A real-time QRS detection algorithm", 1985.
func steepness(t *tracing) []float64 {
	energy := make([]float64, t.length())
	for _, x := range t.leads {
		if x == nil {
			continue
		}
		narrow, wide := movingAverage(x, ms(20)), movingAverage(x, ms(80))
		for i := range narrow {
			d := narrow[i] - wide[i]
			energy[i] += d * d
		}
	}
	return movingAverage(energy, ms(100))
}

const (
	// refractory is the time after a beat in which there is no other: 300 beats a minute.
	refractory = 200
	// window holds at least one beat at 40 a minute.
	window = 1500
	// threshold of the energy is a share of the beats' around: amplitudes of half count, T waves do not.
	threshold = 0.2
)

// detect finds the beats: the samples in the middle of QRS complexes.
func detect(t *tracing) []int {
	energy := steepness(t)
	var highest []float64 // of each window
	for begin := 0; begin < len(energy); begin += ms(window) {
		highest = append(highest, slices.Max(energy[begin:min(begin+ms(window), len(energy))]))
	}
	if n := len(highest); n > 1 && len(energy)%ms(window) > 0 {
		highest = highest[:n-1] // a last window that is cut short may hold no beat
	}
	var beats []int
	for i, e := range energy {
		peak := e > 0 && (i == 0 || energy[i-1] < e) && (i+1 == len(energy) || energy[i+1] <= e)
		if !peak || e < threshold*around(highest, i/ms(window)) {
			continue
		}
		n := len(beats)
		switch {
		case n == 0 || i-beats[n-1] > ms(refractory):
			beats = append(beats, i)
		case e > energy[beats[n-1]]:
			beats[n-1] = i
		}
	}
	return beats
}

// around is the median of the values within four of the ith.
func around(values []float64, i int) float64 {
	i = min(i, len(values)-1)
	near := slices.Clone(values[max(0, i-4):min(len(values), i+5)])
	return median(near)
}

// median sorts x. Of an even number it is the mean of the two in the middle; of none NaN.
func median(x []float64) float64 {
	n := len(x)
	if n == 0 {
		return math.NaN()
	}
	slices.Sort(x)
	return (x[(n-1)/2] + x[n/2]) / 2
}

// The average beat reaches from before to after around the middle of the QRS complex.
const (
	before = 400 // ms
	after  = 600 // ms
)

// averageBeat is the median of the beats, sample by sample.
type averageBeat struct {
	leads   [leadCount][]float64 // mV, of ms(before) + ms(after) samples; nil: missing
	ectopic int                  // beats unlike most, left out
	whole   int                  // beats that begin and end in the tracing
}

// similar is the correlation with the average beat from which on a beat has its form.
const similar = 0.8

// average aligns the beats and takes their median twice: over all, to find those unlike most, and over the
// others. Without a whole beat it is nil.
func average(t *tracing, beats []int) *averageBeat {
	var whole []int
	for _, b := range beats {
		if b >= ms(before)+ms(slack) && b+ms(after)+ms(slack) <= t.length() {
			whole = append(whole, b)
		}
	}
	if len(whole) == 0 {
		return nil
	}
	a := &averageBeat{whole: len(whole)}
	a.take(t, whole, ms(before)-ms(matched), ms(before)+ms(matched))
	var same []int
	for _, b := range whole {
		at, correlation := a.align(t, b)
		if correlation >= similar {
			same = append(same, at)
		}
	}
	a.ectopic = len(whole) - len(same)
	if len(same) > 0 {
		whole = same
	}
	a.take(t, whole, 0, ms(before)+ms(after))
	return a
}

// take sets the samples of the leads from begin to end to the median of the beats.
func (a *averageBeat) take(t *tracing, beats []int, begin, end int) {
	values := make([]float64, len(beats))
	for i, x := range t.leads {
		if x == nil {
			continue
		}
		a.leads[i] = make([]float64, ms(before)+ms(after))
		for k := begin; k < end; k++ {
			for j, b := range beats {
				values[j] = x[b-ms(before)+k]
			}
			a.leads[i][k] = median(values)
		}
	}
}

const (
	slack   = 30 // ms by which a beat may be moved to match the others
	matched = 80 // ms on either side of the middle that must match
)

// align moves a beat to where its QRS complex matches the average best, and returns how well.
func (a *averageBeat) align(t *tracing, beat int) (at int, correlation float64) {
	at = beat
	for shift := -ms(slack); shift <= ms(slack); shift++ {
		var xy, xx, yy float64
		for i, mean := range a.leads {
			if mean == nil {
				continue
			}
			m := mean[ms(before)-ms(matched) : ms(before)+ms(matched)]
			x := t.leads[i][beat+shift-ms(matched):]
			for k, v := range m {
				xy += v * x[k]
				xx += x[k] * x[k]
				yy += v * v
			}
		}
		if c := xy / math.Sqrt(xx*yy); c > correlation {
			at, correlation = beat+shift, c
		}
	}
	return at, correlation
}
