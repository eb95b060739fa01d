package core

import (
	"context"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
)

// ensemble measures the mean of all seeds' probabilities, or values (Lakshminarayanan
// et al., "Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles",
// 2017), adds it to the summary and writes its predictions of the test split. runs has
// the evaluations of every seed: of the validation split, which gives the thresholds,
// and of the test split. It returns the ensemble's own.
func (rt *Runtime) ensemble(ctx context.Context, runs [][]*Evaluation, summary *Summary) (on []*Evaluation, err error) {
	stage := rt.progress.Stage("evaluate ensemble", 0)
	var thresholds [][]float64
	result := 0
	for split := range runs[0] {
		mean := meanEvaluation(runs, split)
		for i, p := range mean.Predictions {
			options := eval.Options{Resamples: rt.config.Eval.Resamples, Seed: bootstrapSeed}
			if mean.Split != data.Val {
				options.Thresholds = thresholds[i]
			}
			m := eval.Evaluate(p, options)
			if mean.Raw != nil {
				m.Uncalibrated = eval.Evaluate(mean.Raw[i], eval.Options{}).Values
			}
			if mean.Split == data.Val {
				thresholds = append(thresholds, m.Thresholds())
			}
			summary.Results[result].Ensembles = []eval.Metrics{m}
			result++
		}
		on = append(on, mean)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if mean.Split == data.Test {
			if err := rt.writePredictions(summary.Dir, mean); err != nil {
				return nil, err
			}
		}
	}
	stage.Done()
	return on, summary.write()
}

// meanEvaluation has the mean scores of all seeds on one of their splits.
func meanEvaluation(runs [][]*Evaluation, split int) *Evaluation {
	first := runs[0][split]
	mean := &Evaluation{Split: first.Split}
	mean.Predictions = meanPredictions(runs, func(run []*Evaluation) []eval.Predictions { return run[split].Predictions })
	if first.Raw != nil {
		mean.Raw = meanPredictions(runs, func(run []*Evaluation) []eval.Predictions { return run[split].Raw })
	}
	return mean
}

// meanPredictions has the mean scores of some predictions of every run.
func meanPredictions(runs [][]*Evaluation, of func([]*Evaluation) []eval.Predictions) (mean []eval.Predictions) {
	for t, p := range of(runs[0]) {
		members := make([][]float64, len(runs))
		for i, run := range runs {
			members[i] = of(run)[t].Scores
		}
		p.Scores = meanScores(members)
		mean = append(mean, p)
	}
	return mean
}

// meanScores is the mean of the members' scores of the same samples.
func meanScores(members [][]float64) []float64 {
	mean := make([]float64, len(members[0]))
	for _, scores := range members {
		for i, s := range scores {
			mean[i] += s
		}
	}
	for i := range mean {
		mean[i] /= float64(len(members))
	}
	return mean
}
