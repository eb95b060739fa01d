package core

import (
	"math"

	"github.com/fusemoe/fusemoe/core/model"
)

// labelCounts are the known labels of the training split.
type labelCounts struct {
	// positives has one entry for each label or class, known for each label column.
	positives, known []float64
	sum, squares     float64
}

func labelStatistics(t model.Task, labels []float32, rows []int) labelCounts {
	columns := t.Columns()
	c := labelCounts{positives: make([]float64, t.Outputs), known: make([]float64, columns)}
	for _, r := range rows {
		for j, v := range labels[r*columns : (r+1)*columns] {
			if v != v {
				continue
			}
			c.known[j]++
			c.sum += float64(v)
			c.squares += float64(v) * float64(v)
			switch {
			case t.Kind == model.Multiclass:
				c.positives[int(v)]++
			case t.Kind != model.Regression && v > 0:
				c.positives[j]++
			}
		}
	}
	return c
}

// meanDeviation are those of a regression's targets. A constant target keeps its unit.
func (c labelCounts) meanDeviation() (mean, deviation float64) {
	n := total(c.known)
	if n == 0 {
		return 0, 1
	}
	mean = c.sum / n
	if deviation = math.Sqrt(max(0, c.squares/n-mean*mean)); deviation == 0 {
		deviation = 1
	}
	return mean, deviation
}

// balanced weighs the positives of each label as much as its negatives, or every
// class as much as any other.
func (c labelCounts) balanced(t model.Task) []float64 {
	weights := make([]float64, t.Outputs)
	for i, p := range c.positives {
		weights[i] = 1
		if p == 0 {
			continue
		}
		if t.Kind == model.Multiclass {
			weights[i] = c.known[0] / (p * float64(t.Outputs))
		} else if negatives := c.known[i] - p; negatives > 0 {
			weights[i] = negatives / p
		}
	}
	return weights
}

// varied tells whether any label is neither always nor never there, which a ranking
// metric needs.
func (c labelCounts) varied(t model.Task) bool {
	for i, p := range c.positives {
		known := c.known[0]
		if t.Kind != model.Multiclass {
			known = c.known[i]
		}
		if p > 0 && p < known {
			return true
		}
	}
	return false
}

func total(counts []float64) (sum float64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// labelled are the samples of which a label is known: the others teach a task nothing.
func (rt *Runtime) labelled(rows []int) (known []int) {
	for _, r := range rows {
		if rt.hasLabel(r) {
			known = append(known, r)
		}
	}
	return known
}

func (rt *Runtime) hasLabel(row int) bool {
	for _, t := range rt.network.Tasks {
		labels, err := rt.dataset.Labels(t.Name)
		if err != nil {
			panic(errTask)
		}
		columns := t.Columns()
		for _, v := range labels[row*columns : (row+1)*columns] {
			if v == v {
				return true
			}
		}
	}
	return false
}
