package eval

import "math"

// multiclass is the evaluation of a multiclass task.
type multiclass struct {
	// rest is, for each class, its samples against all others.
	rest []*curve
	// actual and predicted class of each sample.
	actual, predicted []int32
	loss              []float64
	// hits, named and called are, by class, how many samples are rightly called it, are it, are called it.
	hits, named, called []int64
}

var multiclassNames = []string{"accuracy", "auroc", "auprc", "f1", "log_loss"}

func newMulticlass(s *samples) evaluation {
	classes := len(s.task.Classes)
	m := &multiclass{
		hits: make([]int64, classes), named: make([]int64, classes), called: make([]int64, classes),
	}
	rows := make([]int32, s.n)
	for i := range rows {
		rows[i] = int32(i)
		scores := s.scores[i*classes : (i+1)*classes]
		actual := int32(s.labels[i])
		m.actual = append(m.actual, actual)
		m.predicted = append(m.predicted, highest(scores))
		m.loss = append(m.loss, negativeLog(scores[actual]))
	}
	for k := range classes {
		label, score := make([]float32, s.n), make([]float64, s.n)
		for i := range rows {
			if m.actual[i] == int32(k) {
				label[i] = 1
			}
			score[i] = s.scores[i*classes+k]
		}
		m.rest = append(m.rest, newCurve(rows, label, score))
	}
	return m
}

// highest is the place of the largest score, the first one of several.
func highest(scores []float64) int32 {
	best := 0
	for k, v := range scores {
		if v > scores[best] {
			best = k
		}
	}
	return int32(best)
}

func (m *multiclass) names() []string { return multiclassNames }

func (m *multiclass) score(weight []int32, out []float64) bool {
	clear(m.hits)
	clear(m.named)
	clear(m.called)
	var total, hits int64
	var loss float64
	for i, w := range weight {
		w := int64(w)
		total += w
		loss += float64(w) * m.loss[i]
		m.named[m.actual[i]] += w
		m.called[m.predicted[i]] += w
		if m.actual[i] == m.predicted[i] {
			m.hits[m.actual[i]] += w
			hits += w
		}
	}
	rocs, prcs, scores := make([]float64, len(m.rest)), make([]float64, len(m.rest)), make([]float64, len(m.rest))
	scored := false
	for k, c := range m.rest {
		var one [binaryMetrics]float64
		scored = c.measure(weight, one[:]) || scored
		rocs[k], prcs[k] = one[auroc], one[auprc]
		// NaN, and so left out, for a class that is neither there nor predicted.
		scores[k] = 2 * float64(m.hits[k]) / float64(m.named[k]+m.called[k])
	}
	out[0] = float64(hits) / float64(total)
	out[1], out[2], out[3] = meanOfKnown(rocs), meanOfKnown(prcs), meanOfKnown(scores)
	out[4] = loss / float64(total)
	if !scored {
		out[3] = math.NaN()
	}
	return scored
}

func (m *multiclass) report(values []Metric) Metrics {
	result := Metrics{Values: values}
	result.add("n", float64(len(m.actual)))
	return result
}
