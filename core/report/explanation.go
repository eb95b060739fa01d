package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
)

// Explanation says why a model predicts what it does of one sample.
type Explanation struct {
	Run     string `json:"run"`
	Version string `json:"version"`
	Dataset string `json:"dataset"`
	Sample  string `json:"sample"`
	Task    string `json:"task"`
	Kind    string `json:"kind"`
	// Output is the label or the class that is explained; empty of a regression.
	Output string `json:"output,omitempty"`
	// Truth is what happened, empty where that is not known.
	Truth string `json:"truth,omitempty"`
	// Score is what fusemoe predict gives, of Members trainings taken together; the rest
	// is about one of them, that of Seed.
	Score   float64 `json:"score"`
	Members int     `json:"members"`
	Seed    uint64  `json:"seed"`
	// Value is what the network computes, before calibration: a logit, or the value of a
	// regression. Average is that of the same sample with the training mean in place of
	// every value.
	Value   float64 `json:"value"`
	Average float64 `json:"average"`
	// Window and TimeUnit are the dataset's.
	Window   float64 `json:"window"`
	TimeUnit string  `json:"time_unit"`

	Modalities []ModalityPart   `json:"modalities"`
	Layers     []ExplainedLayer `json:"layers"`
	// Shifts are the gates that differ most from the cohort's, the largest difference first.
	Shifts []Shift `json:"shifts"`
	// Observations are all parts that integrated gradients give, the largest first.
	Observations []Observation `json:"observations"`
}

// ModalityPart is what one modality contributes to the value.
type ModalityPart struct {
	Name string `json:"name"`
	// Observed counts numbers, or vectors of a modality that is not made of measurements;
	// 0 where the sample lacks it.
	Observed int `json:"observed"`
	// Left is the value minus that with the learned indicator of a missing modality in its
	// place; nil of one that is missing, or the only one.
	Left *float64 `json:"left_out"`
	// Gradients is the sum of its observations' parts.
	Gradients float64 `json:"gradients"`
	// Gates is the gate-weighted contribution of its experts over all layers: weight times
	// gradient. Nil of a joint router, whose gates see all modalities at once.
	Gates *float64 `json:"gates"`
}

// ExplainedLayer is what the experts of a layer did: rows of modalities, or one row of a
// joint router, by expert.
type ExplainedLayer struct {
	Rows []string `json:"rows"`
	// Weight is the mean gate weight in the sample, Cohort that in the run's test split, nil
	// for a row that is missing in the sample, Average that of the sample with average values.
	Weight  [][]float64 `json:"weight"`
	Cohort  [][]float64 `json:"cohort"`
	Average [][]float64 `json:"average"`
	// Effect is the gate-weighted contribution of each expert to the value.
	Effect [][]float64 `json:"effect"`
}

// Shift is one gate that differs from the cohort's. Layer and Expert count from 1.
type Shift struct {
	Layer  int     `json:"layer"`
	Row    string  `json:"row"`
	Expert int     `json:"expert"`
	Weight float64 `json:"weight"`
	Cohort float64 `json:"cohort"`
	// Values is the part of the difference that goes when every value is the training mean,
	// and Recorded the rest: what was recorded, and when.
	Values   float64 `json:"from_values"`
	Recorded float64 `json:"from_recorded"`
	// Most is the modality whose values alone move the gate most, by MostBy.
	Most   string  `json:"most,omitempty"`
	MostBy float64 `json:"most_by,omitempty"`
}

// Observation is one number, or one vector of a modality without names, that the model saw.
type Observation struct {
	Modality string  `json:"modality"`
	Feature  string  `json:"feature,omitempty"`
	Time     float64 `json:"time"`
	// Recorded is what the dataset has of it, nil where the plugin made it of something else.
	Recorded *float64 `json:"recorded,omitempty"`
	// Part is its part of Value - Average.
	Part float64 `json:"part"`
}

// shownObservations and shownShifts are as many as people read; JSON has all.
const shownObservations, shownShifts = 15, 6

// Top are the observations that mattered most.
func (e Explanation) Top() []Observation {
	return e.Observations[:min(len(e.Observations), shownObservations)]
}

// TopShifts are the gates that differ most, by half a percentage point at least.
func (e Explanation) TopShifts() []Shift {
	n := 0
	for n < min(len(e.Shifts), shownShifts) && math.Abs(e.Shifts[n].Weight-e.Shifts[n].Cohort) >= 0.005 {
		n++
	}
	return e.Shifts[:n]
}

// Unexplained is what of Value - Average the observations do not sum to: what the choice
// of experts adds by jumps, and what the numeric integral misses.
func (e Explanation) Unexplained() float64 {
	rest := e.Value - e.Average
	for _, o := range e.Observations {
		rest -= o.Part
	}
	return rest
}

// Sort puts shifts and observations in order.
func (e *Explanation) Sort() {
	slices.SortStableFunc(e.Observations, func(a, b Observation) int { return cmp.Compare(math.Abs(b.Part), math.Abs(a.Part)) })
	slices.SortStableFunc(e.Shifts, func(a, b Shift) int {
		return cmp.Compare(math.Abs(b.Weight-b.Cohort), math.Abs(a.Weight-a.Cohort))
	})
}

// Scale is what the value and its parts are measured in.
func (e Explanation) Scale() string {
	if e.Kind == "regression" {
		return "units of " + e.Task
	}
	return "logits"
}

// WriteJSON writes all of an explanation.
func (e Explanation) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(e)
}

// Headline is the prediction in a sentence.
func (e Explanation) Headline() string {
	what := e.Task
	if e.Output != "" && e.Output != e.Task {
		what += ", " + e.Output
	}
	text := fmt.Sprintf("%s: %s", what, Probability(e.Score))
	if e.Kind == "regression" {
		text = fmt.Sprintf("%s: %.4g", what, e.Score)
	}
	if e.Truth != "" {
		text += ", truth " + e.Truth
	}
	return text
}

// Probability rounds a probability so that neither end is reached by rounding.
func Probability(p float64) string {
	switch {
	case p > 0 && p < 0.0005:
		return "< 0.001"
	case p < 1 && p > 0.9995:
		return "> 0.999"
	}
	return fmt.Sprintf("%.3f", p)
}

// Reason names the modality, other than the shift's own, whose values moved the gate most.
func (s Shift) Reason() string {
	if s.Most == "" || s.Most == s.Row {
		return ""
	}
	return fmt.Sprintf("%s by %s", s.Most, Points(s.MostBy))
}

// Points are percentage points, with their sign unless there are none.
func Points(share float64) string {
	text := fmt.Sprintf("%+.0f", 100*share)
	if text == "-0" || text == "+0" {
		return "0"
	}
	return text
}
