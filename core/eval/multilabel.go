package eval

import "math"

// multilabel is the evaluation of a multilabel task. Its resampled metrics are the means over the labels,
// the micro figures, then the binary metrics of each label in turn.
type multilabel struct {
	columns []string
	labels  []binary
	// micro is every label of every sample as one set.
	micro *curve
	n     int
}

// microNames are the figures of all labels pooled.
var microNames = []string{"auroc_micro", "auprc_micro", "f1_micro"}

func newMultilabel(s *samples, o Options) evaluation {
	m := &multilabel{columns: s.task.Columns, n: s.n}
	var row []int32
	var label []float32
	var score []float64
	for k := range s.task.Columns {
		r, l, p := column(s, k)
		c := newCurve(r, l, p)
		if o.Thresholds != nil {
			c.setThreshold(o.Thresholds[k])
		} else {
			c.setThreshold(c.bestThreshold())
		}
		m.labels = append(m.labels, binary{c})
		row, label, score = append(row, r...), append(label, l...), append(score, p...)
	}
	m.micro = newCurve(row, label, score)
	return m
}

func (m *multilabel) names() []string {
	names := append(append([]string{}, binaryNames...), microNames...)
	for range m.labels {
		names = append(names, binaryNames...)
	}
	return names
}

// score leaves labels of one class out of the means. It asks for another resample only where no label is left.
func (m *multilabel) score(weight []int32, out []float64) bool {
	macro, micro, each := m.parts(out)
	var pooled [binaryMetrics]float64
	m.micro.measure(weight, pooled[:])
	micro[0], micro[1], micro[2] = pooled[auroc], pooled[auprc], pooled[f1]

	scored := false
	for k, l := range m.labels {
		scored = l.score(weight, each[k*binaryMetrics:][:binaryMetrics]) || scored
	}
	for i := range macro {
		values := make([]float64, len(m.labels))
		for k := range values {
			values[k] = each[k*binaryMetrics+i]
		}
		macro[i] = meanOfKnown(values)
	}
	return scored
}

func (m *multilabel) parts(out []float64) (macro, micro, each []float64) {
	labels := binaryMetrics + len(microNames)
	return out[:binaryMetrics], out[binaryMetrics:labels], out[labels:]
}

func (m *multilabel) report(values []Metric) Metrics {
	var result Metrics
	labels := binaryMetrics + len(microNames)
	calibration := make([]float64, len(m.labels))
	for k, l := range m.labels {
		metrics := l.report(values[labels+k*binaryMetrics:][:binaryMetrics])
		result.Labels = append(result.Labels, Label{Name: m.columns[k], Metrics: metrics})
		calibration[k] = metrics.Value("ece")
	}
	result.Values = append(result.Values, values[:brier+1]...)
	result.add("ece", meanOfKnown(calibration))
	result.Values = append(result.Values, values[logLoss])
	result.Values = append(result.Values, values[binaryMetrics:labels]...)
	result.add("n", float64(m.n))
	result.add("positives", float64(m.micro.positives))
	return result
}

// meanOfKnown is the mean of the values that are not NaN, and NaN where all are.
func meanOfKnown(values []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return sum / float64(n)
}
