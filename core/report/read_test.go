package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fusemoe/fusemoe/core/eval"
	"github.com/fusemoe/fusemoe/core/report"
)

func tasksOf(all []eval.Predictions) []eval.Task {
	tasks := make([]eval.Task, len(all))
	for i, p := range all {
		tasks[i] = p.Task
	}
	return tasks
}

func TestReadingGivesBackWhatWasWritten(t *testing.T) {
	wantIDs, want := everyKind()
	ids, got, err := report.ReadPredictions(strings.NewReader(written(t, report.CSV)), tasksOf(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantIDs, ids); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
}

func TestPredictionsThatCannotBeRead(t *testing.T) {
	const header = "id,patient,death_label,death_score\n"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":      {"", "is empty; predictions begin with a header line"},
		"no column":    {"id,patient,death_label\n", `has no column "death_score"; write it as predictions.csv of a run is`},
		"no number":    {header + "s1,p1,1,high\n", "line 2, column death_score: is no number"},
		"not finite":   {header + "s1,p1,1,NaN\n", "line 2, column death_score: is no number"},
		"no label":     {header + "s1,p1,1,0.5\ns2,p2,2,0.5\n", "line 3, column death_label: is neither 0 nor 1 nor empty"},
		"fewer fields": {header + "s1,p1,1\n", "wrong number of fields"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := report.ReadPredictions(strings.NewReader(c.text), []eval.Task{
				{Name: "death", Kind: eval.Binary, Columns: []string{"death"}},
			})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

func FuzzReadPredictions(f *testing.F) {
	_, all := everyKind()
	f.Add(written(&testing.T{}, report.CSV))
	f.Fuzz(func(t *testing.T, text string) {
		ids, got, err := report.ReadPredictions(strings.NewReader(text), tasksOf(all))
		if err != nil {
			return
		}
		for _, p := range got {
			if len(p.Labels) != len(ids)*len(p.Columns) {
				t.Errorf("%s: %d labels of %d samples", p.Name, len(p.Labels), len(ids))
			}
			eval.Evaluate(p, eval.Options{}) // panics on what is no label
		}
	})
}
