package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/fusemoe/fusemoe/core/eval"
)

// titles are the metrics as the table calls them.
var titles = map[string]string{
	"auroc": "AUROC", "auprc": "AUPRC", "f1": "F1", "f1_tuned": "F1 tuned", "threshold": "  at threshold",
	"min_se_ppv": "min(Se, PPV)", "brier": "Brier", "ece": "ECE", "log_loss": "log loss",
	"auroc_micro": "AUROC micro", "auprc_micro": "AUPRC micro", "f1_micro": "F1 micro",
	"accuracy": "accuracy", "mae": "MAE", "rmse": "RMSE", "pearson": "Pearson r", "r2": "R²",
	"n": "samples", "positives": "positives",
}

// Title is what people call a metric.
func Title(metric string) string { return strings.TrimSpace(titles[metric]) }

// labelMetrics are what the table tells of each label of a multilabel task; metrics.json has the rest.
var labelMetrics = []string{"auroc", "auprc", "positives"}

// WriteTable writes results as a table: a row per task and metric, a column per split. One run shows
// "value [low, high]" with its 95 % interval, several show "mean ± standard deviation", and in columns of
// their own their ensemble and all folds taken together.
func WriteTable(w io.Writer, results []Result) error {
	results = withMore(results)
	var splits, tasks []string
	for _, r := range results {
		if !slices.Contains(splits, r.Split) {
			splits = append(splits, r.Split)
		}
		if !slices.Contains(tasks, r.Task) {
			tasks = append(tasks, r.Task)
		}
	}
	t := table.NewWriter()
	t.SetStyle(style())
	t.SuppressTrailingSpaces()
	header := table.Row{"task", "metric"}
	for _, split := range splits {
		header = append(header, split)
	}
	t.AppendHeader(header)
	for i, task := range tasks {
		if i > 0 {
			t.AppendSeparator()
		}
		appendTask(t, ofTask(results, task, splits))
	}
	_, err := fmt.Fprintln(w, t.Render())
	return err
}

// withMore adds ensembles and pooled folds as the runs of splits of their own.
func withMore(results []Result) []Result {
	all := slices.Clone(results)
	for _, r := range results {
		if r.Ensembles != nil {
			all = append(all, Result{Split: r.Split + ", ensemble", Task: r.Task, Runs: r.Ensembles})
		}
		if r.Pooled != nil {
			all = append(all, Result{Split: r.Split + ", pooled", Task: r.Task, Runs: []eval.Metrics{*r.Pooled}})
		}
	}
	return all
}

// style has no frame, so that the table can be copied into a text, and leaves names as they are.
func style() table.Style {
	s := table.StyleLight
	s.Options.DrawBorder = false
	s.Options.SeparateColumns = false
	s.Format.Header = text.FormatDefault
	s.Box.PaddingLeft, s.Box.PaddingRight = "", "  "
	return s
}

// ofTask are the results of a task, one per split; a split without one has no runs.
func ofTask(results []Result, task string, splits []string) []Result {
	found := make([]Result, len(splits))
	for i, split := range splits {
		found[i] = Result{Split: split, Task: task}
		for _, r := range results {
			if r.Split == split && r.Task == task {
				found[i] = r
			}
		}
	}
	return found
}

func appendTask(t table.Writer, bySplit []Result) {
	first := bySplit[slices.IndexFunc(bySplit, func(r Result) bool { return len(r.Runs) > 0 })]
	var names []string
	for _, metric := range first.Runs[0].Values {
		names = append(names, metric.Name)
	}
	appendRows(t, first.Task, names, bySplit)
	for k, label := range first.labels() {
		ofLabel := make([]Result, len(bySplit))
		for i, r := range bySplit {
			if len(r.Runs) > 0 {
				ofLabel[i] = r.labels()[k]
			}
		}
		appendRows(t, "  "+label.Task, labelMetrics, ofLabel)
	}
}

func appendRows(t table.Writer, name string, metrics []string, bySplit []Result) {
	for _, metric := range metrics {
		row := table.Row{name, titles[metric]}
		for _, r := range bySplit {
			row = append(row, r.cell(metric))
		}
		t.AppendRow(row)
		name = ""
	}
}

func (r Result) cell(metric string) string {
	if len(r.Runs) == 0 {
		return ""
	}
	mean, sd := r.Spread(metric)
	switch {
	case math.IsNaN(mean):
		return "-"
	case isCount(metric):
		return fmt.Sprintf("%.0f", mean)
	case len(r.Runs) > 1:
		return fmt.Sprintf("%.3f ± %.3f", mean, sd)
	}
	if low, high, ok := r.Runs[0].Interval(metric); ok {
		return fmt.Sprintf("%.3f [%.3f, %.3f]", mean, low, high)
	}
	return fmt.Sprintf("%.3f", mean)
}
