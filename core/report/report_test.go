package report_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report"
)

var nan = math.NaN()

func metrics(auroc, low, high float64) eval.Metrics {
	return eval.Metrics{Values: []eval.Metric{
		{Name: "auroc", Value: auroc, Low: low, High: high},
		{Name: "threshold", Value: nan, Low: nan, High: nan},
		{Name: "n", Value: 800, Low: nan, High: nan},
	}}
}

func multilabel(auroc float64) eval.Metrics {
	m := metrics(auroc, nan, nan)
	m.Labels = []eval.Label{{Name: "sepsis", Metrics: metrics(auroc, nan, nan)}}
	return m
}

func result(split, task string, runs ...eval.Metrics) report.Result {
	return report.Result{Split: split, Task: task, Runs: runs}
}

func TestTable(t *testing.T) {
	for name, c := range map[string]struct {
		results []report.Result
		want    string
	}{
		"one run with intervals": {
			[]report.Result{
				result("val", "death", metrics(0.9, nan, nan)),
				result("test", "death", metrics(0.84219, 0.8111, 0.8711)),
			},
			`task   metric          val    test
────────────────────────────────────────────────────
death  AUROC           0.900  0.842 [0.811, 0.871]
         at threshold  -      -
       samples         800    800
`,
		},
		"several runs": {
			[]report.Result{result("test", "death", metrics(0.8, 0.7, 0.9), metrics(0.9, 0.8, 1))},
			`task   metric          test
──────────────────────────────────────
death  AUROC           0.850 ± 0.071
         at threshold  -
       samples         800
`,
		},
		"labels, and a task that one split lacks": {
			[]report.Result{
				result("val", "phenotypes", multilabel(0.7)),
				result("test", "phenotypes", multilabel(0.75)),
				result("test", "stay", eval.Metrics{Values: []eval.Metric{{Name: "mae", Value: 2.5, Low: nan, High: nan}}}),
			},
			`task        metric          val    test
──────────────────────────────────────────
phenotypes  AUROC           0.700  0.750
              at threshold  -      -
            samples         800    800
  sepsis    AUROC           0.700  0.750
            AUPRC           -      -
            positives       -      -
──────────────────────────────────────────
stay        MAE                    2.500
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			if err := report.WriteTable(&got, c.results); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryMetricHasATitle(t *testing.T) {
	tasks := []eval.Predictions{
		{Task: eval.Task{Kind: eval.Binary, Columns: []string{"y"}}},
		{Task: eval.Task{Kind: eval.Multilabel, Columns: []string{"y"}}},
		{Task: eval.Task{Kind: eval.Multiclass, Columns: []string{"y"}, Classes: []string{"a", "b"}}},
		{Task: eval.Task{Kind: eval.Regression, Columns: []string{"y"}}},
	}
	for _, p := range tasks {
		m := eval.Evaluate(p, eval.Options{})
		var got strings.Builder
		if err := report.WriteTable(&got, []report.Result{result("test", "task", m)}); err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(got.String(), "\n")[2:][:len(m.Values)] {
			if len(strings.Fields(strings.TrimPrefix(line, "task"))) < 2 {
				t.Errorf("%s: no title for %s in %q", p.Kind, m.Values[i].Name, line)
			}
		}
	}
}

func TestMetricsFile(t *testing.T) {
	for name, c := range map[string]struct {
		results []report.Result
		want    string
	}{
		"one run": {
			[]report.Result{
				result("val", "death", metrics(0.9, nan, nan)), result("test", "death", metrics(0.84, 0.8, 0.9)),
			},
			`{"test": {"death": {"auroc": 0.84, "threshold": null, "n": 800, "ci95": {"auroc": [0.8, 0.9]}}},
			  "val": {"death": {"auroc": 0.9, "threshold": null, "n": 800}}}`,
		},
		"several runs": {
			[]report.Result{result("test", "p", multilabel(0.5), multilabel(1))},
			`{"test": {"p": {"auroc": 0.75, "threshold": null, "n": 800,
			  "sd": {"auroc": 0.3535533905932738, "threshold": null},
			  "labels": {"sepsis": {"auroc": 0.75, "threshold": null, "n": 800,
			    "sd": {"auroc": 0.3535533905932738, "threshold": null}}},
			  "runs": [
			    {"auroc": 0.5, "threshold": null, "n": 800,
			      "labels": {"sepsis": {"auroc": 0.5, "threshold": null, "n": 800}}},
			    {"auroc": 1, "threshold": null, "n": 800,
			      "labels": {"sepsis": {"auroc": 1, "threshold": null, "n": 800}}}]}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			if err := report.WriteMetrics(&got, c.results); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(parse(t, c.want), parse(t, got.String())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func parse(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSpread(t *testing.T) {
	for name, c := range map[string]struct {
		runs     []eval.Metrics
		mean, sd float64
	}{
		"one run has no deviation":     {[]eval.Metrics{metrics(0.8, nan, nan)}, 0.8, nan},
		"the deviation of a sample":    {[]eval.Metrics{metrics(1, nan, nan), metrics(3, nan, nan)}, 2, math.Sqrt2},
		"a failed run is not left out": {[]eval.Metrics{metrics(1, nan, nan), metrics(nan, nan, nan)}, nan, nan},
	} {
		t.Run(name, func(t *testing.T) {
			mean, sd := result("test", "death", c.runs...).Spread("auroc")
			if !same(mean, c.mean) || !same(sd, c.sd) {
				t.Errorf("%v ± %v, want %v ± %v", mean, sd, c.mean, c.sd)
			}
		})
	}
}

func same(a, b float64) bool { return a == b || a != a && b != b }

type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestFullDiskIsAnError(t *testing.T) {
	results := []report.Result{result("test", "death", metrics(0.8, nan, nan))}
	if err := report.WriteTable(fullDisk{}, results); !errors.Is(err, errFull) {
		t.Errorf("table: %v", err)
	}
	if err := report.WriteMetrics(fullDisk{}, results); !errors.Is(err, errFull) {
		t.Errorf("metrics: %v", err)
	}
	for _, f := range []report.Format{report.CSV, report.JSONLines} {
		p, err := report.NewPredictions(fullDisk{}, f, nil)
		if err == nil {
			err = p.Write(report.Sample{ID: "1"})
		}
		if err == nil {
			err = p.Flush()
		}
		if !errors.Is(err, errFull) {
			t.Errorf("%s: %v", f, err)
		}
	}
}
