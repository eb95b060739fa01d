package eval

import "slices"

// binary is the evaluation of a binary task.
type binary struct{ *curve }

func newBinary(s *samples, o Options) evaluation {
	c := newCurve(column(s, 0))
	if o.Thresholds != nil {
		c.setThreshold(o.Thresholds[0])
	} else {
		c.setThreshold(c.bestThreshold())
	}
	return binary{c}
}

func (b binary) names() []string { return binaryNames }

func (b binary) score(weight []int32, out []float64) bool { return b.measure(weight, out) }

func (b binary) report(values []Metric) Metrics {
	m := Metrics{Values: slices.Clone(values[:f1Tuned+1])}
	m.add("threshold", b.threshold)
	m.Values = append(m.Values, values[minSePPV], values[brier])
	m.add("ece", b.calibrationError())
	m.Values = append(m.Values, values[logLoss])
	m.add("n", float64(len(b.row)))
	m.add("positives", float64(b.positives))
	return m
}

// column is the rows, labels and scores of one column where its label is known.
func column(s *samples, k int) (row []int32, label []float32, score []float64) {
	columns := len(s.task.Columns)
	for i := range s.n {
		if y := s.labels[i*columns+k]; y == y {
			row = append(row, int32(i))
			label = append(label, y)
			score = append(score, s.scores[i*columns+k])
		}
	}
	return row, label, score
}
