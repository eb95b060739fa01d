// Package eval measures predictions: how well they rank, how well they are calibrated, how sure the
// figures are, and which experts made them. It reads and writes nothing.
//
//	val := eval.Evaluate(onValidation, eval.Options{})
//	test := eval.Evaluate(onTest, eval.Options{Resamples: 1000, Seed: 1, Thresholds: val.Thresholds()})
//	fmt.Println(test.Value("auroc"))
//
// What cannot be computed, such as the AUROC of one class, is NaN in Go and null in JSON.
package eval

import "math"

// Kind is the kind of a task, by the name that dataset.yaml gives it, so that the kind of any other
// package converts through its name.
type Kind string

// The kinds of task.
const (
	Binary     Kind = "binary"
	Multilabel Kind = "multilabel"
	Multiclass Kind = "multiclass"
	Regression Kind = "regression"
)

// Task says what is predicted.
type Task struct {
	Name string
	Kind Kind
	// Columns names the labels: one, or one per label of a multilabel task.
	Columns []string
	// Classes names the classes of a multiclass task, in the order of its scores.
	Classes []string
}

// Outputs is the number of scores that a sample has.
func (t Task) Outputs() int {
	if t.Kind == Multiclass {
		return len(t.Classes)
	}
	return len(t.Columns)
}

// Predictions are the scores of n samples beside what was true of them.
type Predictions struct {
	Task
	// Patients has one name per sample. Samples of one patient are resampled together. Nil: every sample
	// is a patient of its own.
	Patients []string
	// Labels is n x len(Columns): 0 or 1, the index of a class, or a value. NaN is unknown and left out.
	Labels []float32
	// Scores is n x Outputs(): probabilities, or predicted values for a regression.
	Scores []float64
}

// Options of an evaluation.
type Options struct {
	// Resamples is the number of bootstrap resamples behind the intervals. 0: no intervals.
	Resamples int
	// Seed makes the intervals repeatable.
	Seed uint64
	// Thresholds are where f1_tuned calls a score positive: one for a binary task, one per column for a
	// multilabel one. Nil: those that maximise F1 on the predictions at hand, which is for validation data.
	Thresholds []float64
}

// Predictions of the wrong shape are a bug of the caller.
const (
	errKind       = "eval: unknown kind of task"
	errColumns    = "eval: the number of columns or classes does not fit the kind of task"
	errLabels     = "eval: len(Labels) is not a multiple of the number of columns"
	errScores     = "eval: len(Scores) is not samples x outputs"
	errPatients   = "eval: len(Patients) is not the number of samples"
	errThresholds = "eval: len(Thresholds) is not the number of columns"
	errLabel      = "eval: a label is neither 0, 1 nor NaN"
	errClass      = "eval: a label is not the index of a class"
)

// Evaluate computes the metrics of p.
//
//   - binary: auroc, auprc (average precision), f1 (at 0.5), f1_tuned and its threshold, min_se_ppv, brier,
//     ece, log_loss, n, positives
//   - multilabel: the same as means over the labels that have both classes, auroc_micro, auprc_micro,
//     f1_micro, and the binary metrics of each label
//   - multiclass: accuracy; auroc, auprc and f1 as means over the classes, one against the rest; log_loss; n
//   - regression: mae, rmse, pearson, r2, n
//
// A score counts as positive from the threshold on. min_se_ppv is the largest min(sensitivity, positive
// predictivity) over all thresholds (score 1 of the PhysioNet/CinC Challenge 2012). The classes of a
// multiclass task that are neither in the labels nor predicted do not count in f1.
//
// A score that is not finite makes every metric NaN: a model that diverged must not look better by losing
// its worst samples. Evaluate panics with a constant of this package where shapes do not fit.
func Evaluate(p Predictions, o Options) Metrics {
	p.check(o)
	s := p.known()
	e := newEvaluation(s, o)
	values := make([]Metric, len(e.names()))
	for i, name := range e.names() {
		values[i] = Metric{Name: name, Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
	}
	finite := s.finite()
	if !finite {
		o.Resamples = 0
	}
	estimate(e, s, o, values)
	m := e.report(values)
	if !finite {
		m.void()
	}
	return m
}

func newEvaluation(s *samples, o Options) evaluation {
	switch s.task.Kind {
	case Binary:
		return newBinary(s, o)
	case Multilabel:
		return newMultilabel(s, o)
	case Multiclass:
		return newMulticlass(s)
	}
	return newRegression(s)
}

// evaluation is what the kinds of task differ in.
type evaluation interface {
	// names of the metrics that are resampled.
	names() []string
	// score computes them with row i counted weight[i] times, and tells whether the rows have what it takes:
	// false asks for another resample.
	score(weight []int32, out []float64) bool
	// report adds what is not resampled.
	report(values []Metric) Metrics
}

func (p *Predictions) check(o Options) {
	columns := len(p.Columns)
	switch p.Kind {
	case Multilabel:
		require(columns >= 1, errColumns)
	case Binary, Regression:
		require(columns == 1, errColumns)
	case Multiclass:
		require(columns == 1 && len(p.Classes) >= 2, errColumns)
	default:
		panic(errKind)
	}
	require(len(p.Labels)%columns == 0, errLabels)
	n := len(p.Labels) / columns
	require(len(p.Scores) == n*p.Outputs(), errScores)
	require(p.Patients == nil || len(p.Patients) == n, errPatients)
	require(o.Thresholds == nil || len(o.Thresholds) == columns, errThresholds)
	for _, y := range p.Labels {
		switch {
		case y != y || p.Kind == Regression:
		case p.Kind == Multiclass:
			require(y >= 0 && y < float32(len(p.Classes)) && y == float32(int(y)), errClass)
		default:
			require(y == 0 || y == 1, errLabel)
		}
	}
}

func require(ok bool, message string) {
	if !ok {
		panic(message)
	}
}

// samples are the predictions with at least one known label, and a number for each patient.
type samples struct {
	task     Task
	n        int
	labels   []float32
	scores   []float64
	patient  []int32
	patients int
}

func (p *Predictions) known() *samples {
	columns, outputs := len(p.Columns), p.Outputs()
	s := &samples{task: p.Task}
	number := map[string]int32{}
	for i := range len(p.Labels) / columns {
		labels := p.Labels[i*columns : (i+1)*columns]
		if !anyKnown(labels) {
			continue
		}
		id := int32(s.n)
		if p.Patients != nil {
			var seen bool
			if id, seen = number[p.Patients[i]]; !seen {
				id = int32(len(number))
				number[p.Patients[i]] = id
			}
		}
		s.labels = append(s.labels, labels...)
		s.scores = append(s.scores, p.Scores[i*outputs:(i+1)*outputs]...)
		s.patient = append(s.patient, id)
		s.patients = max(s.patients, int(id)+1)
		s.n++
	}
	return s
}

func anyKnown(labels []float32) bool {
	for _, y := range labels {
		if y == y {
			return true
		}
	}
	return false
}

func (s *samples) finite() bool {
	for _, v := range s.scores {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
