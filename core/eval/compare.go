package eval

import (
	"math"
	"slices"
)

// Contender is one side of a comparison: the predictions of one model, or of each of its seeds. All are of
// the same task and the same samples in the same order, with the same labels.
type Contender struct {
	Seeds []Predictions
	// Thresholds has, by seed, those of Options; nil leaves f1_tuned out.
	Thresholds [][]float64
}

// Difference is one metric of two contenders on the same samples.
type Difference struct {
	Name string
	// A and B are the means over the seeds of each side.
	A, B float64
	// Difference is B - A with its 95 % interval. Low and High are NaN where there is none.
	Difference, Low, High float64
}

// HigherIsBetter tells metrics that reward from those that count mistakes.
func HigherIsBetter(metric string) bool {
	return !slices.Contains([]string{"brier", "log_loss", "ece", "mae", "rmse"}, metric)
}

// Verdict says what the interval shows of B against A: 1 better, -1 worse, 0 neither.
func (d Difference) Verdict() int {
	sign := 1
	if !HigherIsBetter(d.Name) {
		sign = -1
	}
	switch {
	case d.Low > 0:
		return sign
	case d.High < 0:
		return -sign
	}
	return 0
}

// What a comparison is not given is a bug of the caller.
const (
	errContender = "eval: a contender without predictions"
	errPaired    = "eval: compared predictions are not of the same task, patients and labels"
)

// Compare measures how b differs from a: every metric that Evaluate resamples, of a multilabel task the means
// over its labels and the micro figures. The intervals are by paired bootstrap: each resample of the patients
// is scored on both sides and the differences of the means over the seeds give the percentiles, so that what
// makes a sample hard for both cancels (Efron and Tibshirani, 1993). They are about the samples; how much the
// seeds matter shows in the spread of the runs. Options' Resamples and Seed are those of Evaluate.
func Compare(a, b Contender, o Options) []Difference {
	require(len(a.Seeds) > 0 && len(b.Seeds) > 0, errContender)
	like := a.Seeds[0]
	d := duel{left: a.evaluations(like), right: b.evaluations(like)}
	names := d.left[0].names()
	if like.Kind == Multilabel {
		names = names[:binaryMetrics+len(microNames)]
	}
	s := like.known()
	all := make([]Difference, len(names))
	whole := d.score(slices.Repeat([]int32{1}, s.n))
	for i, name := range names {
		all[i] = Difference{
			Name: name, A: d.a[i], B: d.b[i], Difference: d.b[i] - d.a[i], Low: math.NaN(), High: math.NaN(),
		}
	}
	if o.Resamples == 0 || s.patients < 2 || !whole {
		return all
	}
	drawn := make([][]float64, len(names))
	resample(s, o, func(weight []int32) bool {
		if !d.score(weight) {
			return false
		}
		for i := range names {
			if v := d.b[i] - d.a[i]; !math.IsNaN(v) {
				drawn[i] = append(drawn[i], v)
			}
		}
		return true
	})
	for i := range all {
		if !math.IsNaN(all[i].Difference) {
			slices.Sort(drawn[i])
			all[i].Low, all[i].High = quantile(drawn[i], 0.025), quantile(drawn[i], 0.975)
		}
	}
	return all
}

// duel is two contenders at work.
type duel struct {
	left, right []evaluation
	a, b        []float64
}

// score leaves the metrics of both sides in a and b.
func (d *duel) score(weight []int32) bool {
	var okA, okB bool
	d.a, okA = meanScores(d.left, weight)
	d.b, okB = meanScores(d.right, weight)
	return okA && okB
}

// evaluations are one for each seed. Scores that are not finite leave nothing to compare.
func (c Contender) evaluations(like Predictions) []evaluation {
	var all []evaluation
	for k, p := range c.Seeds {
		thresholds := slices.Repeat([]float64{math.NaN()}, len(p.Columns))
		if c.Thresholds != nil {
			thresholds = c.Thresholds[k]
		}
		p.check(Options{Thresholds: thresholds})
		require(p.Kind == like.Kind && slices.Equal(p.Classes, like.Classes) &&
			slices.Equal(p.Patients, like.Patients) && slices.EqualFunc(p.Labels, like.Labels, sameLabel), errPaired)
		s := p.known()
		if !s.finite() {
			all = append(all, nothing{newEvaluation(s, Options{Thresholds: thresholds})})
			continue
		}
		all = append(all, newEvaluation(s, Options{Thresholds: thresholds}))
	}
	return all
}

func sameLabel(a, b float32) bool { return a == b || a != a && b != b }

// nothing is the evaluation of a model that diverged.
type nothing struct{ evaluation }

func (n nothing) score(_ []int32, out []float64) bool {
	for i := range out {
		out[i] = math.NaN()
	}
	return false
}

// meanScores are the means of each metric over the seeds.
func meanScores(seeds []evaluation, weight []int32) (mean []float64, ok bool) {
	out := make([]float64, len(seeds[0].names()))
	mean, ok = make([]float64, len(out)), true
	for _, e := range seeds {
		ok = e.score(weight, out) && ok
		for i, v := range out {
			mean[i] += v / float64(len(seeds))
		}
	}
	return mean, ok
}
