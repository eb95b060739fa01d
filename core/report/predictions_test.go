package report_test

import (
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report"
)

var unknown = float32(nan)

// everyKind is two samples of one task of each kind; nothing is known of the second one.
func everyKind() (ids []string, all []eval.Predictions) {
	patients := []string{"p,1", "p2"}
	return []string{"s1", "s2"}, []eval.Predictions{
		{
			Task:     eval.Task{Name: "death", Kind: eval.Binary, Columns: []string{"died"}},
			Patients: patients, Labels: []float32{1, unknown}, Scores: []float64{0.25, 0.1},
		},
		{
			Task:     eval.Task{Name: "codes", Kind: eval.Multilabel, Columns: []string{"sepsis", "shock"}},
			Patients: patients, Labels: []float32{0, 1, unknown, unknown}, Scores: []float64{0.5, 1e-9, 0, 1},
		},
		{
			Task: eval.Task{
				Name: "ward", Kind: eval.Multiclass, Columns: []string{"ward"}, Classes: []string{"icu", "step down"},
			},
			Patients: patients, Labels: []float32{1, unknown}, Scores: []float64{0.4, 0.6, 0.7, 0.3},
		},
		{
			Task:     eval.Task{Name: "days", Kind: eval.Regression, Columns: []string{"days"}},
			Patients: patients, Labels: []float32{4.1, unknown}, Scores: []float64{3.5, nan},
		},
	}
}

func written(t *testing.T, f report.Format) string {
	t.Helper()
	ids, all := everyKind()
	var tasks []eval.Task
	for _, p := range all {
		tasks = append(tasks, p.Task)
	}
	var text strings.Builder
	p, err := report.NewPredictions(&text, f, tasks)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.WriteAll(ids, all); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestCSV(t *testing.T) {
	want := `id,patient,death_label,death_score,codes_label_sepsis,codes_label_shock,codes_score_sepsis,` +
		`codes_score_shock,ward_label,ward_score_icu,ward_score_step down,days_label,days_score
s1,"p,1",1,0.25,0,1,0.5,1e-09,step down,0.4,0.6,4.1,3.5
s2,p2,,0.1,,,0,1,,0.7,0.3,,
`
	if diff := cmp.Diff(want, written(t, report.CSV)); diff != "" {
		t.Error(diff)
	}
}

func TestJSONLines(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(written(t, report.JSONLines)), "\n")
	want := []string{
		`{"id": "s1", "patient": "p,1", "predictions": {
			"death": {"label": 1, "score": 0.25},
			"codes": {"label": {"sepsis": 0, "shock": 1}, "score": {"sepsis": 0.5, "shock": 1e-9}},
			"ward": {"label": "step down", "score": {"icu": 0.4, "step down": 0.6}},
			"days": {"label": 4.1, "score": 3.5}}}`,
		`{"id": "s2", "patient": "p2", "predictions": {
			"death": {"label": null, "score": 0.1},
			"codes": {"label": {"sepsis": null, "shock": null}, "score": {"sepsis": 0, "shock": 1}},
			"ward": {"label": null, "score": {"icu": 0.7, "step down": 0.3}},
			"days": {"label": null, "score": null}}}`,
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines", len(lines))
	}
	for i := range want {
		if diff := cmp.Diff(parse(t, want[i]), parse(t, lines[i])); diff != "" {
			t.Error(diff)
		}
	}
}

// Metrics computed from the file must be those of the run, to the last digit.
func TestScoresSurviveTheFile(t *testing.T) {
	task := eval.Task{Name: "days", Kind: eval.Regression, Columns: []string{"days"}}
	rapid.Check(t, func(t *rapid.T) {
		y, score := rapid.Float32().Draw(t, "label"), rapid.Float64().Draw(t, "score")
		var text strings.Builder
		p, err := report.NewPredictions(&text, report.CSV, []eval.Task{task})
		if err != nil {
			t.Fatal(err)
		}
		one := eval.Predictions{Task: task, Labels: []float32{y}, Scores: []float64{score}}
		if err := p.WriteAll([]string{"s"}, []eval.Predictions{one}); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		label, _ := strconv.ParseFloat(rows[1][2], 32)
		back, _ := strconv.ParseFloat(rows[1][3], 64)
		if float32(label) != y || back != score {
			t.Errorf("wrote %v and %v, read %v and %v", y, score, label, back)
		}
	})
}

func TestNamesThatCannotBeToldApart(t *testing.T) {
	tasks := []eval.Task{
		{Name: "a", Kind: eval.Multiclass, Columns: []string{"a"}, Classes: []string{"b_score", "c"}},
		{Name: "a_score_b", Kind: eval.Binary, Columns: []string{"b"}},
	}
	_, err := report.NewPredictions(&strings.Builder{}, report.CSV, tasks)
	if err == nil || !strings.Contains(err.Error(), `"a_score_b_score": rename a task, or write jsonl`) {
		t.Errorf("error %v", err)
	}
}

func TestUnknownFormat(t *testing.T) {
	_, err := report.NewPredictions(&strings.Builder{}, "xlsx", nil)
	if err == nil || !strings.Contains(err.Error(), `"xlsx": use csv or jsonl`) {
		t.Errorf("error %v", err)
	}
}

func ExampleWriteTable() {
	m := eval.Metrics{Values: []eval.Metric{{Name: "auroc", Value: 0.842, Low: 0.811, High: 0.871}}}
	results := []report.Result{{Split: "test", Task: "in_hospital_death", Runs: []eval.Metrics{m}}}
	if err := report.WriteTable(os.Stdout, results); err != nil {
		panic(err)
	}
	// Output:
	// task               metric  test
	// ─────────────────────────────────────────────────
	// in_hospital_death  AUROC   0.842 [0.811, 0.871]
}
