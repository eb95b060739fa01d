package vitals

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/schema"
)

// statistic is one number that sums up a channel over a sample.
type statistic string

const (
	mean  statistic = "mean"
	least statistic = "min"
	most  statistic = "max"
	first statistic = "first"
	last  statistic = "last"
	// count is observed even where it is 0. All others are unobserved if the channel is.
	count statistic = "count"
	// deviation is the standard deviation, estimated from at least two values.
	deviation statistic = "std"
	// slope is that of the least-squares line, per unit of time; it needs two times.
	slope statistic = "slope"
)

var statistics = []statistic{mean, least, most, first, last, count, deviation, slope}

// ConfigSchema lists the statistics.
func (statistic) ConfigSchema() *schema.Schema {
	s := schema.Of("")
	for _, one := range statistics {
		text, _ := json.Marshal(one) // a string always has JSON
		s.Enum = append(s.Enum, text)
	}
	return s
}

// UnmarshalJSON reads the name of a statistic.
func (s *statistic) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, (*string)(s)); err != nil {
		return err
	}
	if !slices.Contains(statistics, *s) {
		var names []string
		for _, one := range statistics {
			names = append(names, string(one))
		}
		return &sdk.Diagnostic{
			Summary: fmt.Sprintf("unknown statistic %q", string(*s)), Detail: "valid: " + strings.Join(names, ", "),
		}
	}
	return nil
}

// summarize appends the statistics of every feature to a row at the time of the first of
// the rows. There the core's encoder of measurements carries them through the whole
// window, as it does with what is known at the begin, such as the age.
func summarize(rows []row, features int, wanted []statistic) row {
	out := row{
		time:     rows[0].time,
		values:   make([]float64, features, features*(1+len(wanted))),
		observed: make([]bool, features, features*(1+len(wanted))),
	}
	for f := range features {
		of := featureStatistics(rows, f)
		for _, s := range wanted {
			x, ok := of[s]
			out.values, out.observed = append(out.values, x), append(out.observed, ok)
		}
	}
	return out
}

// featureStatistics are the statistics of feature f that there are.
func featureStatistics(rows []row, f int) map[statistic]float64 {
	var m, times moments
	var covariance float64 // n times that of time and value, updated as in moments.add
	out := map[statistic]float64{least: math.Inf(1), most: math.Inf(-1)}
	for _, r := range rows {
		if !r.observed[f] {
			continue
		}
		x := r.values[f]
		if m.n == 0 {
			out[first] = x
		}
		out[last], out[least], out[most] = x, min(out[least], x), max(out[most], x)
		covariance += (r.time - times.mean) * (x - m.mean) * m.n / (m.n + 1)
		times.add(r.time)
		m.add(x)
	}
	if m.n == 0 {
		return map[statistic]float64{count: 0}
	}
	out[mean], out[count] = m.mean, m.n
	if m.n >= 2 {
		out[deviation] = math.Sqrt(m.squares / (m.n - 1))
	}
	if times.squares > 0 {
		out[slope] = covariance / times.squares
	}
	return out
}
