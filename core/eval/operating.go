package eval

import (
	"encoding/json"
	"math"
	"slices"
)

// OperatingPoint is what a threshold comes to. A score counts as positive from the threshold on.
type OperatingPoint struct {
	// Target says why this threshold: "F1" or a sensitivity such as "90 %", reached on the validation split.
	Target    string  `json:"target"`
	Threshold float64 `json:"threshold"`
	// Shares with their 95 % intervals. PPV and NPV are the positive and the negative predictive value.
	Sensitivity Share `json:"sensitivity"`
	Specificity Share `json:"specificity"`
	PPV         Share `json:"ppv"`
	NPV         Share `json:"npv"`
	// Alerts is how many of a hundred samples are called positive.
	Alerts Share `json:"alerts_per_100"`
}

// Share is a figure with its interval; NaN, and null in JSON, where there is none.
type Share struct{ Value, Low, High float64 }

// MarshalJSON writes {"value": .., "ci95": [low, high]}.
func (s Share) MarshalJSON() ([]byte, error) {
	var o object
	o.add("value", number(s.Value))
	o.add("ci95", [2]number{number(s.Low), number(s.High)})
	return o.MarshalJSON()
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Share) UnmarshalJSON(text []byte) error {
	var o struct {
		Value *float64
		CI95  [2]*float64 `json:"ci95"`
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return err
	}
	*s = Share{orNaN(o.Value), orNaN(o.CI95[0]), orNaN(o.CI95[1])}
	return nil
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// SensitivityThreshold is the highest threshold at which a label's sensitivity reaches a target in (0, 1], and
// NaN where there are no positives or scores are not finite.
func SensitivityThreshold(p Predictions, label int, target float64) float64 {
	p.check(Options{})
	s := p.known()
	if !s.finite() {
		return math.NaN()
	}
	c := newCurve(s.question(label))
	hits, from := 0.0, int32(0)
	for _, end := range c.ends {
		hits += c.hits(from, end)
		from = end
		if c.positives > 0 && hits >= target*float64(c.positives) {
			return c.score[end-1]
		}
	}
	return math.NaN()
}

// shares of an operating point, in the order of its fields.
const shares = 5

// OperatingPoints measures thresholds on one label, with intervals by bootstrap over patients as Evaluate's.
func OperatingPoints(p Predictions, label int, thresholds []float64, o Options) []OperatingPoint {
	p.check(Options{})
	s := p.known()
	if !s.finite() || s.n == 0 {
		return nil
	}
	c := newCurve(s.question(label))
	called := make([]int, len(thresholds))
	for i, t := range thresholds {
		called[i] = c.atLeast(t)
	}
	values := make([]Metric, shares*len(thresholds))
	estimate(&thresholdTable{c, called}, s, o, values)
	points := make([]OperatingPoint, len(thresholds))
	for i, t := range thresholds {
		v := values[i*shares:]
		share := func(k int) Share { return Share{v[k].Value, v[k].Low, v[k].High} }
		points[i] = OperatingPoint{
			Threshold: t, Sensitivity: share(0), Specificity: share(1), PPV: share(2), NPV: share(3), Alerts: share(4),
		}
	}
	return points
}

// thresholdTable is the evaluation of thresholds.
type thresholdTable struct {
	*curve
	called []int
}

func (t *thresholdTable) names() []string         { return make([]string, shares*len(t.called)) }
func (t *thresholdTable) report([]Metric) Metrics { return Metrics{} }

func (t *thresholdTable) score(weight []int32, out []float64) bool {
	n, positives := t.count(weight, len(t.row))
	for i, called := range t.called {
		c, hits := t.count(weight, called)
		negatives, missed := n-c, positives-hits
		copy(out[i*shares:], []float64{
			part(hits, positives), part(negatives-missed, n-positives), part(hits, c), part(negatives-missed, negatives),
			100 * part(c, n),
		})
	}
	return positives > 0 && positives < n
}

// part is NaN of nothing.
func part(some, all int64) float64 {
	if all == 0 {
		return math.NaN()
	}
	return float64(some) / float64(all)
}

// Mistake is a sample on which a model was wrong.
type Mistake struct {
	// Row is the place of the sample among the predictions.
	Row int
	// Label and Score are of the label, of the class that was given and of that which was true, or the values.
	Label, Score float64
	// Predicted and True are classes of a multiclass task.
	Predicted, True string
	// Distance orders mistakes: how far the score lies beyond the threshold as a share of what is possible, how
	// sure the model was of the wrong class, or how far the value is off.
	Distance float64
}

// Mistakes lists the samples that the model got wrong in one label, the most confident first. A binary label
// is wrong on the other side of the threshold; a value of a regression is always off.
func Mistakes(p Predictions, label int, threshold float64) []Mistake {
	p.check(Options{})
	var all []Mistake
	columns, outputs := len(p.Columns), p.Outputs()
	for i := range len(p.Labels) / columns {
		y := float64(p.Labels[i*columns+label])
		if y != y {
			continue
		}
		scores := p.Scores[i*outputs : (i+1)*outputs]
		m := Mistake{Row: i, Label: y}
		switch p.Kind {
		case Multiclass:
			called := int(highest(scores))
			m.Score, m.Predicted, m.True = scores[called], p.Classes[called], p.Classes[int(y)]
			m.Distance = m.Score - scores[int(y)]
		case Regression:
			m.Score = scores[0]
			m.Distance = math.Abs(m.Score - y)
		default:
			m.Score = scores[label]
			m.Distance = wrongness(m.Score, y, threshold)
		}
		if m.Distance > 0 {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b Mistake) int {
		switch {
		case a.Distance > b.Distance:
			return -1
		case a.Distance < b.Distance:
			return 1
		}
		return 0
	})
	return all
}

// wrongness is how far a score is on the wrong side of a threshold, as a share of the way to 0 or 1.
func wrongness(score, label, threshold float64) float64 {
	const least = 1e-9 // at the threshold itself
	switch {
	case label == 0 && score >= threshold:
		return max(least, (score-threshold)/(1-threshold))
	case label == 1 && score < threshold:
		return (threshold - score) / threshold
	}
	return 0
}
