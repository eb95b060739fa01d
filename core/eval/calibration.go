package eval

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// CalibrationMethod is how scores become probabilities that can be taken at their word.
type CalibrationMethod string

// The methods.
const (
	// Uncalibrated leaves scores as the model gives them.
	Uncalibrated CalibrationMethod = "none"
	// Temperature divides the logits by one number (Guo et al., On Calibration of Modern Neural Networks,
	// 2017). It keeps the order of the scores, and so every ranking metric.
	Temperature CalibrationMethod = "temperature"
	// Isotonic is the non-decreasing function nearest to the labels (Zadrozny and Elkan, 2002). It corrects any
	// monotone distortion, needs more samples, and ties scores that it cannot tell apart.
	Isotonic CalibrationMethod = "isotonic"
)

// Calibration maps the scores of one task to calibrated ones. It is plain data, so that it can be kept with a
// model. The zero value changes nothing.
type Calibration struct {
	Method CalibrationMethod `json:"method"`
	// Temperatures has one entry for each label column.
	Temperatures []float64 `json:"temperatures,omitempty"`
	// Steps has, for each output, the function of an isotonic calibration.
	Steps []Monotone `json:"steps,omitempty"`
}

// Monotone is a non-decreasing function: linear between the points, constant beyond them.
type Monotone struct {
	X []float64 `json:"x"`
	Y []float64 `json:"y"`
}

// Calibrate fits a calibration to predictions that the model was not trained on. Regressions have nothing to
// calibrate; nor has a column with one class only, or scores that are not finite.
func Calibrate(p Predictions, method CalibrationMethod) Calibration {
	p.check(Options{})
	s := p.known()
	c := Calibration{Method: method}
	if p.Kind == Regression || !s.finite() || s.n == 0 {
		c.Method = Uncalibrated
	}
	switch {
	case c.Method == Temperature && p.Kind == Multiclass:
		c.Temperatures = []float64{multiclassTemperature(s)}
	case c.Method == Temperature:
		for k := range p.Columns {
			_, label, score := column(s, k)
			c.Temperatures = append(c.Temperatures, temperature(label, score))
		}
	case c.Method == Isotonic && p.Kind == Multiclass:
		for k := range p.Classes {
			label, score := make([]float32, s.n), make([]float64, s.n)
			for i := range s.n {
				if s.labels[i] == float32(k) {
					label[i] = 1
				}
				score[i] = s.scores[i*len(p.Classes)+k]
			}
			c.Steps = append(c.Steps, isotonic(label, score))
		}
	case c.Method == Isotonic:
		for k := range p.Columns {
			_, label, score := column(s, k)
			c.Steps = append(c.Steps, isotonic(label, score))
		}
	}
	return c
}

// Apply returns calibrated scores of a task, n x Outputs(), and leaves the given ones alone.
func (c Calibration) Apply(t Task, scores []float64) []float64 {
	out := slices.Clone(scores)
	width := t.Outputs()
	switch {
	case c.Method == Temperature && t.Kind == Multiclass:
		for row := range slices.Chunk(out, width) {
			sharpen(row, c.Temperatures[0])
		}
	case c.Method == Temperature:
		for i, p := range out {
			out[i] = sigmoid(logit(p) / c.Temperatures[i%width])
		}
	case c.Method == Isotonic:
		for i, p := range out {
			out[i] = c.Steps[i%width].at(p)
		}
		if t.Kind == Multiclass {
			for row := range slices.Chunk(out, width) {
				normalise(row)
			}
		}
	}
	return out
}

// Fits tells whether the calibration can be applied to a task with so many outputs.
func (c Calibration) Fits(k Kind, outputs int) bool {
	for _, t := range c.Temperatures {
		if !(t > 0) {
			return false
		}
	}
	for _, f := range c.Steps {
		if len(f.X) != len(f.Y) || !slices.IsSorted(f.X) {
			return false
		}
	}
	switch c.Method {
	case Temperature:
		return len(c.Temperatures) == outputs || k == Multiclass && len(c.Temperatures) == 1
	case Isotonic:
		return len(c.Steps) == outputs
	case Uncalibrated, "":
		return true
	}
	return false
}

// A temperature outside of these says that the validation samples are too few or the model knows nothing; it
// would turn scores into 0, 1 or one constant.
const lowestTemperature, highestTemperature = 1.0 / 16, 16

// temperature minimises the log loss over the inverse temperature b, in which it is convex: the root of its
// derivative is found by bisection. A column of one class keeps 1.
func temperature(label []float32, score []float64) float64 {
	positives := 0
	logits := make([]float64, len(score))
	for i, p := range score {
		logits[i] = logit(p)
		positives += int(label[i])
	}
	if positives == 0 || positives == len(label) {
		return 1
	}
	return coolest(func(b float64) (slope float64) {
		for i, z := range logits {
			slope += z * (sigmoid(b*z) - float64(label[i]))
		}
		return slope
	})
}

func multiclassTemperature(s *samples) float64 {
	width := len(s.task.Classes)
	row, logits := make([]float64, width), make([]float64, len(s.scores))
	for i, p := range s.scores {
		logits[i] = math.Log(max(p, smallest))
	}
	return coolest(func(b float64) (slope float64) {
		for i := range s.n {
			z := logits[i*width : (i+1)*width]
			copy(row, s.scores[i*width:(i+1)*width])
			sharpen(row, 1/b)
			for k, p := range row {
				slope += p * z[k]
			}
			slope -= z[int(s.labels[i])]
		}
		return slope
	})
}

// coolest is the temperature whose inverse is the root of a rising slope.
func coolest(slope func(inverse float64) float64) float64 {
	low, high := 1/float64(highestTemperature), 1/lowestTemperature
	if slope(low) >= 0 {
		return highestTemperature
	}
	if slope(high) <= 0 {
		return lowestTemperature
	}
	for range 60 { // past the last bit of a float64
		if middle := (low + high) / 2; slope(middle) < 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return 2 / (low + high)
}

// smallest keeps logits of certain scores finite, as in the log loss.
const smallest = 0x1p-52

func logit(p float64) float64 {
	p = min(max(p, smallest), 1-smallest)
	return math.Log(p) - math.Log1p(-p)
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// sharpen divides the logits of a row of probabilities by a temperature.
func sharpen(row []float64, temperature float64) {
	top := math.Log(max(slices.Max(row), smallest))
	for k, p := range row {
		row[k] = math.Exp((math.Log(max(p, smallest)) - top) / temperature)
	}
	normalise(row)
}

// normalise makes a row sum to 1; a row of zeros knows nothing and becomes uniform.
func normalise(row []float64) {
	sum := 0.0
	for _, p := range row {
		sum += p
	}
	for k := range row {
		if sum == 0 {
			row[k] = 1 / float64(len(row))
		} else {
			row[k] /= sum
		}
	}
}

// isotonic pools adjacent violators (Barlow et al., 1972). Equal scores have one value, their mean label.
func isotonic(label []float32, score []float64) Monotone {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	type block struct{ low, high, sum, n float64 }
	var blocks []block
	for _, i := range order {
		b := block{score[i], score[i], float64(label[i]), 1}
		for len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			if last.high < b.low && last.sum*b.n < b.sum*last.n {
				break
			}
			b = block{last.low, b.high, last.sum + b.sum, last.n + b.n}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	var f Monotone
	for _, b := range blocks {
		f.X, f.Y = append(f.X, b.low), append(f.Y, b.sum/b.n)
		if b.high > b.low {
			f.X, f.Y = append(f.X, b.high), append(f.Y, b.sum/b.n)
		}
	}
	return f
}

// at is the value of the function; a function without points is the identity.
func (f Monotone) at(x float64) float64 {
	if len(f.X) == 0 {
		return x
	}
	i := sort.SearchFloat64s(f.X, x)
	switch {
	case i == 0:
		return f.Y[0]
	case i == len(f.X):
		return f.Y[i-1]
	case f.X[i] == x:
		return f.Y[i]
	}
	share := (x - f.X[i-1]) / (f.X[i] - f.X[i-1])
	return f.Y[i-1] + share*(f.Y[i]-f.Y[i-1])
}
