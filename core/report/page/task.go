package page

import (
	"fmt"
	"math"
	"slices"

	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report"
)

// Task is what a page says of one task.
type Task struct {
	Name    string    `json:"name"`
	Kind    eval.Kind `json:"kind"`
	Classes []string  `json:"classes,omitempty"`
	// Subject says whose predictions the details are about, such as "seed 42".
	Subject string `json:"subject"`
	// Results are the metrics, by split; Main are those of the subject on the test split.
	Results []Result `json:"results"`
	Main    []Metric `json:"main"`

	// Details has one entry for each label or class; a regression has none.
	Details []eval.Detail `json:"details,omitempty"`
	// Uncalibrated are the reliabilities before calibration, in the order of Details.
	Uncalibrated []eval.Reliability `json:"uncalibrated,omitempty"`
	// Thresholds are operating points, of each label of a binary or multilabel task.
	Thresholds [][]eval.OperatingPoint `json:"thresholds,omitempty"`
	// Confusion counts the samples of each class, a row, that were called each class.
	Confusion [][]int `json:"confusion,omitempty"`
	// Values are, of a regression, what was observed and what was predicted.
	Values []eval.Point `json:"values,omitempty"`

	Subgroups []Subgroup `json:"subgroups,omitempty"`
	// Confident are the errors that the model was surest of, Unsure those next to right.
	Confident []Case `json:"confident,omitempty"`
	Unsure    []Case `json:"unsure,omitempty"`
	// Errors is how many there are.
	Errors int `json:"errors"`
}

// Result has the metrics of a task on one split: of the only run, or the means of several.
type Result struct {
	Split   string   `json:"split"`
	Runs    int      `json:"runs"`
	Metrics []Metric `json:"metrics"`
	// Labels are those of each label of a multilabel task.
	Labels []LabelResult `json:"labels,omitempty"`
}

// LabelResult has the metrics of one label.
type LabelResult struct {
	Name    string   `json:"name"`
	Metrics []Metric `json:"metrics"`
}

// Metric is one figure with its interval, or its deviation over several runs.
type Metric struct {
	Name      string `json:"name"`
	Value     Number `json:"value"`
	Low       Number `json:"low"`
	High      Number `json:"high"`
	Deviation Number `json:"deviation"`
}

// Subgroup is how the model does on some of the test samples.
type Subgroup struct {
	// Of says what divides the samples, Name is this part.
	Of        string   `json:"of"`
	Name      string   `json:"name"`
	Samples   int      `json:"samples"`
	Positives int      `json:"positives"`
	Metrics   []Metric `json:"metrics"`
}

// Case is one sample that the model got wrong.
type Case struct {
	ID       string `json:"id"`
	Label    string `json:"label,omitempty"`
	Truth    string `json:"truth"`
	Verdict  string `json:"verdict"`
	Score    Number `json:"score"`
	Distance Number `json:"distance"`
}

// Tested is what a run predicted, with what it takes to look into it.
type Tested struct {
	Subject string
	// IDs are those of the test samples, in the order of Test.
	IDs []string
	// Val chooses thresholds. Raw is Test before calibration; nil where there was none.
	Val, Test eval.Predictions
	Raw       *eval.Predictions
	// Thresholds are those of f1_tuned.
	Thresholds []float64
	Groups     []Group
	Resamples  int
	Seed       uint64
}

// Group is a part of the test samples: places in Tested.IDs.
type Group struct {
	Of, Name string
	Rows     []int
}

// NewTask looks into the predictions of one task. results are its metrics on every split.
func NewTask(results []report.Result, t Tested) Task {
	task := Task{Name: t.Test.Name, Kind: t.Test.Kind, Classes: t.Test.Classes, Subject: t.Subject}
	for _, r := range results {
		task.Results = append(task.Results, newResult(r.Split, r))
		ensemble := report.Result{Runs: r.Ensembles}
		if ensemble.Runs != nil {
			task.Results = append(task.Results, newResult(r.Split+", ensemble", ensemble))
		}
		if r.Split == "test" {
			task.Main = metrics(report.Result{Runs: r.Runs[:1]})
			if ensemble.Runs != nil {
				task.Main = metrics(ensemble)
			}
		}
	}
	task.Details = eval.Describe(t.Test)
	if t.Raw != nil {
		for _, d := range eval.Describe(*t.Raw) {
			task.Uncalibrated = append(task.Uncalibrated, d.Reliability)
		}
	}
	options := eval.Options{Resamples: t.Resamples, Seed: t.Seed}
	switch t.Test.Kind {
	case eval.Binary, eval.Multilabel:
		for k := range t.Test.Columns {
			task.Thresholds = append(task.Thresholds, operatingPoints(t, k, options))
		}
	case eval.Multiclass:
		task.Confusion = confusion(t.Test)
	case eval.Regression:
		task.Values = values(t.Test)
	}
	for _, g := range t.Groups {
		task.Subgroups = append(task.Subgroups, newSubgroup(t, g, options))
	}
	task.findErrors(t)
	return task
}

func newResult(split string, r report.Result) Result {
	result := Result{Split: split, Runs: len(r.Runs), Metrics: metrics(r)}
	for k, label := range r.Runs[0].Labels {
		one := report.Result{}
		for _, run := range r.Runs {
			one.Runs = append(one.Runs, run.Labels[k].Metrics)
		}
		result.Labels = append(result.Labels, LabelResult{label.Name, metrics(one)})
	}
	return result
}

func metrics(r report.Result) []Metric {
	var all []Metric
	for _, v := range r.Runs[0].Values {
		mean, deviation := r.Spread(v.Name)
		m := Metric{Name: v.Name, Value: Number(mean), Low: Number(math.NaN()), High: Number(math.NaN()), Deviation: Number(deviation)}
		if len(r.Runs) == 1 {
			m.Low, m.High = Number(v.Low), Number(v.High)
		}
		all = append(all, m)
	}
	return all
}

// sensitivities are the targets of the threshold table.
var sensitivities = []float64{0.95, 0.9, 0.8, 0.5}

// operatingPoints are thresholds chosen on the validation split, measured on the test split.
func operatingPoints(t Tested, label int, o eval.Options) []eval.OperatingPoint {
	var thresholds []float64
	var targets []string
	add := func(target string, threshold float64) {
		if !math.IsNaN(threshold) {
			targets, thresholds = append(targets, target), append(thresholds, threshold)
		}
	}
	for _, s := range sensitivities {
		add(fmt.Sprintf("sensitivity %.0f %%", 100*s), eval.SensitivityThreshold(t.Val, label, s))
	}
	if t.Thresholds != nil {
		add("best F1", t.Thresholds[label])
	}
	add("probability 0.5", 0.5)
	if thresholds == nil {
		return nil
	}
	found := eval.OperatingPoints(t.Test, label, thresholds, o)
	for i := range found {
		found[i].Target = targets[i]
	}
	return found
}

func confusion(p eval.Predictions) [][]int {
	n := len(p.Classes)
	counts := make([][]int, n)
	for k := range counts {
		counts[k] = make([]int, n)
	}
	for i, y := range p.Labels {
		if y == y {
			scores := p.Scores[i*n : (i+1)*n]
			counts[int(y)][slices.Index(scores, slices.Max(scores))]++
		}
	}
	return counts
}

func values(p eval.Predictions) []eval.Point {
	var all []eval.Point
	for i, y := range p.Labels {
		if v := p.Scores[i]; y == y && !math.IsNaN(v) && !math.IsInf(v, 0) {
			all = append(all, eval.Point{X: float64(y), Y: v})
		}
	}
	return all
}

// headline are the metrics that subgroups and comparisons show.
func headline(k eval.Kind) []string {
	switch k {
	case eval.Multiclass:
		return []string{"auroc", "accuracy"}
	case eval.Regression:
		return []string{"mae", "pearson"}
	}
	return []string{"auroc", "auprc", "brier"}
}

// fewest is how many samples of each class it takes to resample them: of five, a
// resample leaves out two as a rule, and a hundred resamples are still different.
const fewest = 5

func newSubgroup(t Tested, g Group, o eval.Options) Subgroup {
	p := t.Test.Select(g.Rows)
	s := Subgroup{Of: g.Of, Name: g.Name, Samples: len(g.Rows)}
	o.Thresholds = t.Thresholds
	m := eval.Evaluate(p, o)
	if p.Kind == eval.Binary {
		s.Positives = int(m.Value("positives"))
		if min(s.Positives, int(m.Value("n"))-s.Positives) < fewest {
			return s
		}
	}
	if m.Value("n") < fewest {
		return s
	}
	for _, v := range m.Values {
		if slices.Contains(headline(p.Kind), v.Name) {
			s.Metrics = append(s.Metrics, Metric{Name: v.Name, Value: Number(v.Value), Low: Number(v.Low), High: Number(v.High), Deviation: Number(math.NaN())})
		}
	}
	return s
}

// mostCases are as many errors of either sort as a page lists.
const mostCases = 10

// findErrors lists the most and the least confident errors over all labels.
func (task *Task) findErrors(t Tested) {
	type found struct {
		eval.Mistake
		label int
	}
	var all []found
	for k := range t.Test.Columns {
		threshold := 0.5
		if t.Thresholds != nil && !math.IsNaN(t.Thresholds[k]) {
			threshold = t.Thresholds[k]
		}
		for _, m := range eval.Mistakes(t.Test, k, threshold) {
			all = append(all, found{m, k})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int {
		switch {
		case a.Distance > b.Distance:
			return -1
		case a.Distance < b.Distance:
			return 1
		}
		return 0
	})
	task.Errors = len(all)
	for i, m := range all {
		c := newCase(t, m.Mistake, m.label)
		switch {
		case i < mostCases:
			task.Confident = append(task.Confident, c)
		case i >= len(all)-mostCases:
			task.Unsure = append(task.Unsure, c)
		}
	}
	slices.Reverse(task.Unsure)
}

func newCase(t Tested, m eval.Mistake, label int) Case {
	c := Case{ID: t.IDs[m.Row], Score: Number(m.Score), Distance: Number(m.Distance), Truth: m.True, Verdict: m.Predicted}
	switch t.Test.Kind {
	case eval.Regression:
		c.Truth, c.Verdict = fmt.Sprintf("%.4g", m.Label), fmt.Sprintf("%.4g", m.Score)
	case eval.Binary, eval.Multilabel:
		c.Truth, c.Verdict = "no", "yes"
		if m.Label == 1 {
			c.Truth, c.Verdict = "yes", "no"
		}
		if t.Test.Kind == eval.Multilabel {
			c.Label = t.Test.Columns[label]
		}
	}
	return c
}
