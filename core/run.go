package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report"
)

// Summary is what a run came to.
type Summary struct {
	// Dir is the run folder.
	Dir string
	// Results has an entry for each split and task, with the metrics of every seed.
	Results []report.Result
}

// WriteTable writes the metrics as people read them.
func (s *Summary) WriteTable(w io.Writer) error { return report.WriteTable(w, s.Results) }

// Run prepares, trains and evaluates with every seed of the config, and keeps the
// results in the run folder. When it ends early and something is left, its error is an
// *UnfinishedError that says what; else the folder is as it was before.
func (rt *Runtime) Run(ctx context.Context) (*Summary, error) {
	dir := rt.config.Out
	if dir == "" {
		dir = filepath.Join("runs", fmt.Sprintf("%s-%s", rt.dataset.Name, time.Now().Format("20060102-150405")))
	}
	rt.runDir = dir
	if len(rt.repetitions) > 0 {
		return rt.repeat(ctx, dir)
	}
	summary, _, err := rt.runOnce(ctx, dir)
	return summary, err
}

// runOnce is a run on one division of the samples. It also returns the evaluations that
// stand for it: those of its ensemble, or of its only seed; nil of several seeds.
func (rt *Runtime) runOnce(ctx context.Context, dir string) (summary *Summary, one []*Evaluation, err error) {
	folder, err := rt.takeFolder(dir, len(rt.config.Train.Seeds) > 1)
	if err != nil {
		return nil, nil, err
	}
	defer folder.release()
	if !rt.resume {
		err = folder.begin(rt.config.WriteYAML)
	}
	if err == nil {
		err = rt.keepSplits(dir)
	}
	if err == nil {
		err = rt.Prepare(ctx)
	}
	if err == nil {
		rt.needs, err = rt.describeNeeds()
	}
	if err != nil {
		return nil, nil, folder.end(nil, nil, err)
	}
	seeds := &seedRuns{runtime: rt, folder: folder}
	err = seeds.run(ctx)
	summary = seeds.summary()
	switch {
	case err != nil:
	case len(rt.config.Train.Seeds) == 1:
		one = seeds.done[0]
	case rt.config.Run.Ensemble:
		one, err = rt.ensemble(ctx, seeds.bySeed(), summary)
	}
	if err == nil {
		shown, subject := rt.toReport(seeds)
		err = rt.report(ctx, folder, summary.Results, shown, subject)
	}
	if err != nil {
		finished, begun := seeds.states()
		return nil, nil, folder.end(finished, begun, err)
	}
	return summary, one, nil
}

// toReport are the evaluations that the details of a report are about, and whose they
// are: the ensemble's, or the first seed's.
func (rt *Runtime) toReport(seeds *seedRuns) (one []*Evaluation, subject string) {
	if n := len(seeds.done); n > 1 && rt.config.Run.Ensemble {
		runs := seeds.bySeed()
		return []*Evaluation{meanEvaluation(runs, 0), meanEvaluation(runs, 1)}, fmt.Sprintf("the ensemble of %d seeds", n)
	}
	return seeds.done[0], fmt.Sprintf("seed %d", rt.config.Train.Seeds[0])
}

// takeFolder is the run folder: a new one, or that of the run to resume.
func (rt *Runtime) takeFolder(dir string, several bool) (*runFolder, error) {
	if rt.resume {
		return reopenFolder(dir, several)
	}
	return claimFolder(dir, several)
}

// runSeed trains and evaluates with one seed.
func (rt *Runtime) runSeed(ctx context.Context, seed uint64, dir string) (evaluations []*Evaluation, err error) {
	record, err := openRecord(dir, rt.resume)
	if err != nil {
		return nil, err
	}
	if record.tracking, err = rt.track(dir, seed); err != nil {
		return nil, errors.Join(err, record.close())
	}
	defer func() { err = errors.Join(err, record.tracking.end(evaluations, err == nil)) }()
	result, err := rt.train(ctx, seed, record)
	if err = errors.Join(err, record.close()); err != nil {
		return nil, err
	}
	for _, split := range []data.Split{data.Val, data.Test} {
		e, err := rt.Evaluate(ctx, split)
		if err != nil {
			return nil, err
		}
		evaluations = append(evaluations, e)
	}
	// Once more, now with the thresholds that the validation split gave.
	if err := errors.Join(record.best(rt, result.Best, record.metric), record.later.finish()); err != nil {
		return nil, err
	}
	return evaluations, rt.writeTest(dir, evaluations[1])
}

// writeTest writes the predictions of the test split and what the experts did with it.
func (rt *Runtime) writeTest(dir string, e *Evaluation) error {
	if err := rt.writePredictions(dir, e); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, expertsFile), func(w io.Writer) error { return writeJSON(w, e.Experts) })
}

// writePredictions writes those of an evaluation.
func (rt *Runtime) writePredictions(dir string, e *Evaluation) error {
	var ids []string
	for _, r := range rt.dataset.Rows(e.Split) {
		ids = append(ids, rt.dataset.IDs[r])
	}
	return writePredictions(dir, ids, e.Predictions)
}

func writePredictions(dir string, ids []string, all []eval.Predictions) error {
	tasks := make([]eval.Task, len(all))
	for i, p := range all {
		tasks[i] = p.Task
	}
	return writeFile(filepath.Join(dir, predictionsFile), func(w io.Writer) error {
		out, err := report.NewPredictions(w, report.CSV, tasks)
		if err != nil {
			return err
		}
		if err := out.WriteAll(ids, all); err != nil {
			return err
		}
		return out.Flush()
	})
}

// add appends the metrics of one more seed.
func (s *Summary) add(evaluations []*Evaluation) {
	i := 0
	for _, e := range evaluations {
		for t, m := range e.Metrics {
			if i == len(s.Results) {
				s.Results = append(s.Results, report.Result{Split: e.Split.String(), Task: e.Predictions[t].Name})
			}
			s.Results[i].Runs = append(s.Results[i].Runs, m)
			i++
		}
	}
}
