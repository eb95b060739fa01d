package eval

import "math"

// regression is the evaluation of a regression task.
type regression struct{ actual, predicted []float64 }

var regressionNames = []string{"mae", "rmse", "pearson", "r2"}

func newRegression(s *samples) evaluation {
	r := &regression{predicted: s.scores}
	for _, y := range s.labels {
		r.actual = append(r.actual, float64(y))
	}
	return r
}

func (r *regression) names() []string { return regressionNames }

// score needs two different labels: without them neither pearson nor r2 exists.
func (r *regression) score(weight []int32, out []float64) bool {
	var total, absolute, squared, sumActual, sumPredicted float64
	for i, w := range weight {
		w, d := float64(w), r.predicted[i]-r.actual[i]
		total += w
		absolute += w * math.Abs(d)
		squared += w * d * d
		sumActual += w * r.actual[i]
		sumPredicted += w * r.predicted[i]
	}
	// Sums about the means: sums of squares minus squared sums would lose digits.
	meanActual, meanPredicted := sumActual/total, sumPredicted/total
	var actual, predicted, both float64
	for i, w := range weight {
		w, a, p := float64(w), r.actual[i]-meanActual, r.predicted[i]-meanPredicted
		actual += w * a * a
		predicted += w * p * p
		both += w * a * p
	}
	out[0], out[1] = absolute/total, math.Sqrt(squared/total)
	out[2], out[3] = math.NaN(), math.NaN()
	if constant(r.actual, weight) {
		return false
	}
	if !constant(r.predicted, weight) {
		out[2] = both / math.Sqrt(actual*predicted)
	}
	out[3] = 1 - squared/actual
	return true
}

// constant tells whether the rows of any weight have one value. A sum of squares about the mean would not:
// rounding leaves it a little above zero.
func constant(values []float64, weight []int32) bool {
	first := math.NaN()
	for i, w := range weight {
		if w == 0 {
			continue
		}
		if first != first {
			first = values[i]
		}
		if values[i] != first {
			return false
		}
	}
	return true
}

func (r *regression) report(values []Metric) Metrics {
	result := Metrics{Values: values}
	result.add("n", float64(len(r.actual)))
	return result
}
