package report_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/core/report"
)

// explained is a sample with two modalities, one of which is missing.
func explained() report.Explanation {
	left, gates, bun := 0.9, 0.2, 54.0
	e := report.Explanation{
		Dataset: "ward", Sample: "s1", Task: "death", Kind: "binary", Output: "died", Truth: "yes",
		Score: 0.62, Members: 1, Seed: 3, Value: 0.5, Average: -0.4, Window: 48, TimeUnit: "hours",
		Modalities: []report.ModalityPart{
			{Name: "labs", Observed: 2, Left: &left, Gradients: 0.8, Gates: &gates}, {Name: "notes"},
		},
		Layers: []report.ExplainedLayer{{
			Rows:   []string{"labs", "notes"},
			Weight: [][]float64{{0.75, 0.25}, {0, 1}}, Cohort: [][]float64{{0.5, 0.5}, nil}, Average: [][]float64{{0.6, 0.4}, {0, 1}},
		}},
		Shifts: []report.Shift{
			{Layer: 1, Row: "labs", Expert: 2, Weight: 0.25, Cohort: 0.3, Values: -0.15, Recorded: 0.1, Most: "labs", MostBy: -0.15},
			{Layer: 1, Row: "labs", Expert: 1, Weight: 0.75, Cohort: 0.5, Values: 0.15, Recorded: 0.1, Most: "notes", MostBy: 0.12},
		},
		Observations: []report.Observation{
			{Modality: "labs", Feature: "K", Time: 2, Part: -0.1},
			{Modality: "labs", Feature: "BUN", Time: 12.5, Recorded: &bun, Part: 0.9},
		},
	}
	e.Sort()
	return e
}

func ExampleExplanation_WriteText() {
	if err := explained().WriteText(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// Sample s1 of ward
	// death, died: 0.620, truth yes
	//
	// In logits, before calibration, seed 3 says 0.500.
	// With average values, recorded at the same times, it would say -0.400.
	//
	// What each modality adds
	//
	// modality  observed  left out  gradients   gates
	// ─────────────────────────────────────────────────
	// labs             2    +0.900     +0.800  +0.200
	// notes      missing
	//
	// The observations that mattered most, of 2
	//
	// hours  modality  feature  recorded    part
	// ────────────────────────────────────────────
	//  12.5  labs      BUN            54  +0.900
	//   2.0  labs      K                  -0.100
	// All parts and +0.100 that they do not explain make +0.900.
	//
	// Experts that it used
	//
	// of     experts: weight (cohort's)
	// ───────────────────────────────────────
	// labs   1: 75 % (50 %)  2: 25 % (50 %)
	// notes  2: 100 %
	//
	// Where and why its experts differ from the cohort's
	//
	// layer  of    expert  weight  cohort  from values  from when  others, most
	// ───────────────────────────────────────────────────────────────────────────
	//     1  labs       1    75 %    50 %          +15        +10  notes by +12
	//     1  labs       2    25 %    30 %          -15        +10
}

func TestExplanationIsPlainData(t *testing.T) {
	var text bytes.Buffer
	if err := explained().WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var again report.Explanation
	if err := json.Unmarshal(text.Bytes(), &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(explained(), again); diff != "" {
		t.Error(diff)
	}
	if rest := again.Unexplained(); math.Abs(rest-0.1) > 1e-12 {
		t.Errorf("%v is left", rest)
	}
}

// TestProbability neither promises nor rules out what it rounds.
func TestProbability(t *testing.T) {
	for p, want := range map[float64]string{0: "0.000", 1e-7: "< 0.001", 0.2345: "0.234", 0.99999: "> 0.999", 1: "1.000"} {
		if got := report.Probability(p); got != want {
			t.Errorf("%v: %q, want %q", p, got, want)
		}
	}
}

// TestTopShifts leaves out the gates that are like everybody's.
func TestTopShifts(t *testing.T) {
	e := report.Explanation{Shifts: []report.Shift{{Expert: 1, Weight: 0.5, Cohort: 0.496}, {Expert: 2, Weight: 0.5, Cohort: 0.51}}}
	if e.Sort(); len(e.TopShifts()) != 1 || e.TopShifts()[0].Expert != 2 {
		t.Errorf("%+v", e.TopShifts())
	}
}
