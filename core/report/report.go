// Package report writes results as people and their tools read them: a table in the terminal, metrics.json,
// and the predictions of every sample.
//
//	results := []report.Result{{Split: "test", Task: "in_hospital_death", Runs: []eval.Metrics{m}}}
//	err := report.WriteTable(os.Stdout, results)
//	err = report.WriteMetrics(file, results)
package report

import (
	"encoding/json"
	"io"
	"math"

	"github.com/fusemoe/fusemoe/core/eval"
)

// Result is what one task came to on one split of the samples.
type Result struct {
	Split, Task string
	// Runs has the metrics of each seed, of each repetition; they are of the same task and name the same figures.
	Runs []eval.Metrics
	// Ensembles has those of the mean of all seeds' predictions, of each repetition; nil where there are none.
	Ensembles []eval.Metrics
	// Pooled has those of the predictions of all folds taken together; nil where there are no folds.
	Pooled *eval.Metrics
}

// Spread is the mean of a metric over the runs and its sample standard deviation, which is NaN for a single
// run. Where a run has no figure both are NaN.
func (r Result) Spread(name string) (mean, sd float64) {
	n, sum := float64(len(r.Runs)), 0.0
	for _, run := range r.Runs {
		sum += run.Value(name)
	}
	mean = sum / n
	squares := 0.0
	for _, run := range r.Runs {
		d := run.Value(name) - mean
		squares += d * d
	}
	if n < 2 {
		return mean, math.NaN()
	}
	return mean, math.Sqrt(squares / (n - 1))
}

// labels are the results of each label of a multilabel task.
func (r Result) labels() []Result {
	var labels []Result
	for k, label := range r.Runs[0].Labels {
		one := Result{Split: r.Split, Task: label.Name}
		for _, run := range r.Runs {
			one.Runs = append(one.Runs, run.Labels[k].Metrics)
		}
		labels = append(labels, one)
	}
	return labels
}

// WriteMetrics writes results as one JSON object, {"test": {"in_hospital_death": {"auroc": 0.84, ...}}}. One
// run is written as eval.Metrics describes it. Of several runs the figures are means; beside them stand "sd",
// the standard deviations by metric, and "runs", each run as it would be written alone. What could not be
// computed is null.
func WriteMetrics(w io.Writer, results []Result) error {
	splits := map[string]map[string]any{}
	for _, r := range results {
		if splits[r.Split] == nil {
			splits[r.Split] = map[string]any{}
		}
		splits[r.Split][r.Task] = r.object()
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(splits)
}

func (r Result) object() any {
	if len(r.Runs) == 1 {
		return r.Runs[0]
	}
	object := r.means()
	object["runs"] = r.Runs
	if r.Ensembles != nil {
		object["ensemble"] = Result{Runs: r.Ensembles}.object()
	}
	if r.Pooled != nil {
		object["pooled"] = *r.Pooled
	}
	return object
}

func (r Result) means() map[string]any {
	object, deviations := map[string]any{}, map[string]any{}
	for _, metric := range r.Runs[0].Values {
		mean, sd := r.Spread(metric.Name)
		object[metric.Name] = orNull(mean)
		if !isCount(metric.Name) {
			deviations[metric.Name] = orNull(sd)
		}
	}
	object["sd"] = deviations
	if labels := r.labels(); labels != nil {
		all := map[string]any{}
		for _, l := range labels {
			all[l.Task] = l.means()
		}
		object["labels"] = all
	}
	return object
}

// isCount tells the sizes of a split, which no seed changes, from the figures.
func isCount(metric string) bool { return metric == "n" || metric == "positives" }

func orNull(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}
