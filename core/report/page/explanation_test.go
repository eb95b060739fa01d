package page_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/fusemoe/fusemoe/core/report"
	"github.com/fusemoe/fusemoe/core/report/page"
)

// explained is a sample with some features, and a modality that is missing.
func explained(features int) report.Explanation {
	left, gates := 0.9, -0.2
	e := report.Explanation{
		Run: "first", Version: "v0", Dataset: "ward", Sample: "<s1>", Task: "in-hospital death", Kind: "binary", Output: "died", Truth: "yes",
		Score: 0.62, Members: 5, Seed: 3, Value: 0.5, Average: -0.4, Window: 48, TimeUnit: "hours",
		Modalities: []report.ModalityPart{{Name: "vitals", Observed: features, Left: &left, Gradients: 0.8, Gates: &gates}, {Name: "notes"}},
	}
	for f := range features {
		recorded := float64(40 + f)
		e.Observations = append(e.Observations, report.Observation{
			Modality: "vitals", Feature: fmt.Sprintf("channel_%d_with_a_long_name", f), Time: float64(f * 47 / features),
			Recorded: &recorded, Part: math.Sin(float64(f)) / 5,
		})
	}
	for l := range 2 {
		e.Layers = append(e.Layers, report.ExplainedLayer{
			Rows:   []string{"vitals", "notes"},
			Weight: [][]float64{{0.75, 0.25, 0, 0}, {0, 1, 0, 0}}, Cohort: [][]float64{{0.5, 0.2, 0.2, 0.1}, nil},
			Average: [][]float64{{0.6, 0.4, 0, 0}, {0, 1, 0, 0}},
		})
		e.Shifts = append(e.Shifts, report.Shift{Layer: l + 1, Row: "vitals", Expert: 1, Weight: 0.75, Cohort: 0.5, Values: 0.15, Recorded: 0.1, Most: "notes", MostBy: 0.12})
	}
	e.Sort()
	return e
}

// TestExplanationPage shows every figure once, and a sample of which little is known.
func TestExplanationPage(t *testing.T) {
	for _, features := range []int{0, 1, 60} {
		var text bytes.Buffer
		if err := page.WriteExplanation(&text, explained(features)); err != nil {
			t.Fatal(err)
		}
		want := []string{"modalities", "gates-1", "gates-2"}
		if features > 1 {
			want = append(want, "moments")
		}
		for _, f := range want {
			if n := strings.Count(text.String(), `<figure id="`+f+`"><svg `); n != 1 {
				t.Errorf("%d features: figure %s is there %d times", features, f, n)
			}
		}
		for _, bad := range []string{"NaN", "<s1>", "<script"} {
			if strings.Contains(text.String(), bad) {
				t.Errorf("%d features: %s is on the page", features, bad)
			}
		}
		if !strings.Contains(text.String(), "notes by &#43;12") {
			t.Errorf("%d features: the page does not say why the experts differ", features)
		}
	}
}
