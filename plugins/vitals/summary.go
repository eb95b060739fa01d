package vitals

import "math"

// statistics are the features of a channel in a summary, in this order. All but the count
// are unobserved if the channel is; deviation and slope need two values, the slope at two
// times. The slope is per unit of time.
var statistics = []string{"mean", "min", "max", "first", "last", "count", "deviation", "slope"}

// summarize makes one row of the statistics of every channel.
func summarize(rows []row, time float64) row {
	channels := len(rows[0].values)
	out := row{time: time}
	for c := range channels {
		values, observed := channelStatistics(rows, c)
		out.values = append(out.values, values[:]...)
		out.observed = append(out.observed, observed[:]...)
	}
	return out
}

// channelStatistics are the statistics of channel c, and which of them there are.
func channelStatistics(rows []row, c int) (values [8]float64, observed [8]bool) {
	var m, times moments
	var covariance float64 // n times that of time and value, updated as in moments.add
	low, high := math.Inf(1), math.Inf(-1)
	var first, last float64
	for _, r := range rows {
		if !r.observed[c] {
			continue
		}
		x := r.values[c]
		if m.n == 0 {
			first = x
		}
		last = x
		low, high = min(low, x), max(high, x)
		covariance += (r.time - times.mean) * (x - m.mean) * m.n / (m.n + 1)
		times.add(r.time)
		m.add(x)
	}
	observed[5] = true // a count of 0 is an observation
	if m.n == 0 {
		return values, observed
	}
	values = [8]float64{m.mean, low, high, first, last, m.n, 0, 0}
	observed = [8]bool{true, true, true, true, true, true, false, false}
	if m.n >= 2 {
		values[6], observed[6] = math.Sqrt(m.squares/(m.n-1)), true
	}
	if times.squares > 0 {
		values[7], observed[7] = covariance/times.squares, true
	}
	return values, observed
}
