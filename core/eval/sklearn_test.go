package eval_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/fusemoe/fusemoe/core/eval"
)

// reference is one case of testdata/sklearn.json, which testdata/generate.py writes.
type reference struct {
	Name             string
	Kind             eval.Kind
	Columns, Classes []string
	Patients         []string
	Labels           []*float32
	Scores           []float64
	Thresholds       []float64
	Expect           map[string]float64
	ExpectLabels     map[string]map[string]float64 `json:"expect_labels"`
	Intervals        map[string][2]float64
}

func (r reference) predictions() eval.Predictions {
	p := eval.Predictions{
		Task:     eval.Task{Name: r.Name, Kind: r.Kind, Columns: r.Columns, Classes: r.Classes},
		Patients: r.Patients,
		Scores:   r.Scores,
	}
	for _, y := range r.Labels {
		if y == nil {
			p.Labels = append(p.Labels, float32(math.NaN()))
		} else {
			p.Labels = append(p.Labels, *y)
		}
	}
	return p
}

func references(t *testing.T) []reference {
	t.Helper()
	text, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []reference
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func TestMetricsEqualScikitLearn(t *testing.T) {
	for _, r := range references(t) {
		t.Run(r.Name, func(t *testing.T) {
			got := eval.Evaluate(r.predictions(), eval.Options{Thresholds: r.Thresholds})
			compare(t, got, r.Expect)
			for _, label := range got.Labels {
				compare(t, label.Metrics, r.ExpectLabels[label.Name])
			}
			if len(got.Labels) != len(r.ExpectLabels) {
				t.Errorf("%d labels, want %d", len(got.Labels), len(r.ExpectLabels))
			}
		})
	}
}

func compare(t *testing.T, got eval.Metrics, want map[string]float64) {
	t.Helper()
	if len(got.Values) != len(want) {
		t.Errorf("%d metrics, want %d: %v", len(got.Values), len(want), got.Values)
	}
	for name, w := range want {
		if g := got.Value(name); !(math.Abs(g-w) <= 1e-12*max(1, math.Abs(w))) {
			t.Errorf("%s = %v, scikit-learn says %v", name, g, w)
		}
	}
}

// The two draw other resamples, so they agree only up to the noise of a percentile.
func TestIntervalsAgreeWithPlainBootstrap(t *testing.T) {
	checked := 0
	for _, r := range references(t) {
		if len(r.Intervals) == 0 {
			continue
		}
		got := eval.Evaluate(r.predictions(), eval.Options{Resamples: 20_000, Seed: 3})
		for name, want := range r.Intervals {
			low, high, ok := got.Interval(name)
			if !ok || math.Abs(low-want[0]) > 0.004 || math.Abs(high-want[1]) > 0.004 {
				t.Errorf("%s in [%.4f, %.4f], want %.4f", name, low, high, want)
			}
			checked++
		}
	}
	if checked == 0 {
		t.Error("no intervals in the fixture")
	}
}
