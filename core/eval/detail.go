package eval

import (
	"math"
	"slices"
)

// Detail is what a report draws of one yes-or-no question: a binary task, a label of a multilabel one, or one
// class of a multiclass one against the others.
type Detail struct {
	Name      string  `json:"name"`
	N         int     `json:"n"`
	Positives int     `json:"positives"`
	ROC       []Point `json:"roc"` // x 1 - specificity, y sensitivity
	PR        []Point `json:"pr"`  // x sensitivity, y positive predictive value
	// Reliability is how far the scores can be taken at their word.
	Reliability Reliability `json:"reliability"`
	// Benefit is the decision curve.
	Benefit []NetBenefit `json:"benefit"`
}

// Point is a point of a curve.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Reliability compares scores with what came true.
type Reliability struct {
	ECE   float64 `json:"ece"`
	Brier float64 `json:"brier"`
	// Bins are the ten of the calibration error, the lowest scores first; fewer where there are fewer samples.
	Bins []ReliabilityBin `json:"bins"`
}

// ReliabilityBin is a tenth of the samples along the sorted scores.
type ReliabilityBin struct {
	N int `json:"n"`
	// Mean is the mean score, Observed the share of positives, Low and High its 95 % interval.
	Mean     float64 `json:"mean"`
	Observed float64 `json:"observed"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

// NetBenefit is a point of a decision curve (Vickers and Elkin, 2006): true positives minus false ones, a
// false one weighed by the odds of the threshold, per sample; and the same for treating everybody.
type NetBenefit struct {
	Threshold float64 `json:"threshold"`
	Model     float64 `json:"model"`
	All       float64 `json:"all"`
}

// Describe gives the details of predictions, one for each label column or class. A regression and scores that
// are not finite have none.
func Describe(p Predictions) []Detail {
	p.check(Options{})
	s := p.known()
	if p.Kind == Regression || !s.finite() {
		return nil
	}
	names := p.Columns
	if p.Kind == Multiclass {
		names = p.Classes
	}
	details := make([]Detail, len(names))
	for k, name := range names {
		details[k] = newCurve(s.question(k)).detail(name)
	}
	return details
}

// question is the rows, labels and scores of one label column or of one class against the others.
func (s *samples) question(k int) (row []int32, label []float32, score []float64) {
	if s.task.Kind != Multiclass {
		return column(s, k)
	}
	for i := range s.n {
		y := float32(0)
		if s.labels[i] == float32(k) {
			y = 1
		}
		row, label = append(row, int32(i)), append(label, y)
		score = append(score, s.scores[i*len(s.task.Classes)+k])
	}
	return row, label, score
}

func (c *curve) detail(name string) Detail {
	d := Detail{Name: name, N: len(c.row), Positives: c.positives, Reliability: c.reliability()}
	if !c.bothClasses() {
		return d
	}
	positives, negatives := float64(c.positives), float64(len(c.row)-c.positives)
	d.ROC = append(d.ROC, Point{0, 0})
	hits, from := 0.0, int32(0)
	for _, end := range c.ends {
		hits += c.hits(from, end)
		from = end
		called := float64(end)
		d.ROC = append(d.ROC, Point{(called - hits) / negatives, hits / positives})
		d.PR = append(d.PR, Point{hits / positives, hits / called})
	}
	d.Benefit = c.decisionCurve()
	d.ROC, d.PR = thin(d.ROC), thin(d.PR)
	return d
}

// hits counts the positives from one place to another.
func (c *curve) hits(from, to int32) (n float64) {
	for _, positive := range c.positive[from:to] {
		if positive {
			n++
		}
	}
	return n
}

// drawn is how many points a curve keeps: more than a screen can tell apart.
const drawn = 400

// thin keeps the first, the last and every n-th point of a curve.
func thin(curve []Point) []Point {
	if len(curve) <= drawn {
		return curve
	}
	kept := make([]Point, drawn)
	for i := range kept {
		kept[i] = curve[i*(len(curve)-1)/(drawn-1)]
	}
	return kept
}

// reliability has the bins of calibrationError.
func (c *curve) reliability() Reliability {
	n := len(c.row)
	r := Reliability{ECE: c.calibrationError()}
	for _, v := range c.squared {
		r.Brier += v / float64(n)
	}
	// Positives of a run of equal scores are spread evenly.
	hits := make([]float64, n+1)
	from := int32(0)
	for _, end := range c.ends {
		each := c.hits(from, end) / float64(end-from)
		for i := from; i < end; i++ {
			hits[i+1] = hits[i] + each
		}
		from = end
	}
	for b := bins - 1; b >= 0; b-- {
		lo, hi := b*n/bins, (b+1)*n/bins
		if lo == hi {
			continue
		}
		bin := ReliabilityBin{N: hi - lo}
		for _, p := range c.score[lo:hi] {
			bin.Mean += p / float64(hi-lo)
		}
		bin.Observed = (hits[hi] - hits[lo]) / float64(hi-lo)
		bin.Low, bin.High = wilson(bin.Observed, float64(hi-lo))
		r.Bins = append(r.Bins, bin)
	}
	return r
}

// wilson is the 95 % interval of a share of n (Wilson, 1927), which stays within [0, 1] for few samples.
func wilson(share, n float64) (low, high float64) {
	const z = 1.959963984540054
	middle := share + z*z/(2*n)
	width := z * math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	return max(0, (middle-width)/(1+z*z/n)), min(1, (middle+width)/(1+z*z/n))
}

func (c *curve) decisionCurve() []NetBenefit {
	n := float64(len(c.row))
	prevalence := float64(c.positives) / n
	var all []NetBenefit
	for percent := 1; percent < 100; percent++ {
		t := float64(percent) / 100
		odds := t / (1 - t)
		called := c.atLeast(t)
		hits := c.hits(0, int32(called))
		all = append(all, NetBenefit{
			Threshold: t,
			Model:     hits/n - (float64(called)-hits)/n*odds,
			All:       prevalence - (1-prevalence)*odds,
		})
	}
	return all
}

// Select is the predictions of some samples alone.
func (p Predictions) Select(rows []int) Predictions {
	s := Predictions{Task: p.Task}
	columns, outputs := len(p.Columns), p.Outputs()
	for _, i := range rows {
		s.Labels = append(s.Labels, p.Labels[i*columns:(i+1)*columns]...)
		s.Scores = append(s.Scores, p.Scores[i*outputs:(i+1)*outputs]...)
		if p.Patients != nil {
			s.Patients = append(s.Patients, p.Patients[i])
		}
	}
	s.Labels, s.Scores = slices.Clip(s.Labels), slices.Clip(s.Scores)
	return s
}
