package eval

import (
	"math"
	"math/rand/v2"
	"slices"
)

// estimate fills in the values of all metrics, and their intervals where asked for: the 2.5 and 97.5 %
// percentiles over resamples of the patients, drawn with replacement (Efron and Tibshirani, An Introduction
// to the Bootstrap, 1993, section 13.3). Whole patients are drawn because the stays of one patient are alike:
// drawn one by one they would make the intervals too narrow.
//
// A resample is a weight per row, so that nothing is sorted again.
func estimate(e evaluation, s *samples, o Options, values []Metric) {
	weight := make([]int32, s.n)
	for i := range weight {
		weight[i] = 1
	}
	out := make([]float64, len(values))
	complete := e.score(weight, out)
	for i := range values {
		values[i].Value = out[i]
	}
	// A resample of one patient is that patient; one of a single class can never be scored.
	if o.Resamples == 0 || s.patients < 2 || !complete {
		return
	}

	drawn := make([][]float64, len(values))
	resample(s, o, func(weight []int32) bool {
		if !e.score(weight, out) {
			return false
		}
		for i, v := range out {
			if !math.IsNaN(v) {
				drawn[i] = append(drawn[i], v)
			}
		}
		return true
	})
	for i := range values {
		if !math.IsNaN(values[i].Value) {
			slices.Sort(drawn[i])
			values[i].Low, values[i].High = quantile(drawn[i], 0.025), quantile(drawn[i], 0.975)
		}
	}
}

// resample draws whole patients with replacement until score has accepted as many resamples as are asked
// for. The whole set can be scored, hence about a quarter of all resamples at the very least.
func resample(s *samples, o Options, score func(weight []int32) bool) {
	weight, times := make([]int32, s.n), make([]int32, s.patients)
	random := rand.New(rand.NewPCG(o.Seed, 0))
	for accepted := 0; accepted < o.Resamples; {
		clear(times)
		for range times {
			times[random.IntN(len(times))]++
		}
		for i, p := range s.patient {
			weight[i] = times[p]
		}
		if score(weight) {
			accepted++
		}
	}
}

// quantile interpolates linearly between the two nearest of the sorted values.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}
