package ecg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/fusemoe/fusemoe/sdk"
)

// moments accumulates the mean and the deviation of numbers in one pass (Welford, "Note on a method for
// calculating corrected sums of squares and products", 1962). NaN is no number.
type moments struct {
	n, mean, squares float64
}

func (m *moments) add(x float64) {
	if math.IsNaN(x) {
		return
	}
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.squares += d * (x - m.mean)
}

// deviation is 1 if there is none, so that dividing by it changes nothing.
func (m *moments) deviation() float64 {
	// Features of size 1 that differ by less are the same, but for rounding.
	const resolution = 1e-9
	if d := math.Sqrt(m.squares / m.n); d > resolution*(1+math.Abs(m.mean)) {
		return d
	}
	return 1
}

// scaler standardises features. A nil one leaves them as they are.
type scaler struct {
	mean, deviation []float64
}

// farthest is how many deviations from the mean a feature may be. What is beyond is mostly an artefact, such
// as an electrode that fell off, and would otherwise drown all other features.
const farthest = 10

// scale standardises a vector. What could not be measured, NaN, becomes the mean, 0.
func (s *scaler) scale(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		if math.IsNaN(x) {
			continue
		}
		if s != nil {
			x = max(-farthest, min(farthest, (x-s.mean[i])/s.deviation[i]))
		}
		out[i] = float32(x)
	}
	return out
}

// measurer is the encoder that measures features and standardises them.
type measurer struct {
	fitted []moments
	scaler *scaler
}

func newMeasurer() *measurer { return &measurer{fitted: make([]moments, len(featureNames))} }

func (*measurer) names() []string { return featureNames }

func (*measurer) prepare(t *tracing) prepared { return prepared{features(t)} }

func (m *measurer) learn(p prepared) {
	for j, x := range p[0] {
		m.fitted[j].add(x)
	}
}

// scales are what measurer keeps.
type scales struct {
	Mean      []float64 `json:"mean"`
	Deviation []float64 `json:"deviation"`
}

func (m *measurer) learned(context.Context) (json.RawMessage, error) {
	var s scales
	for _, f := range m.fitted {
		if f.n == 0 { // never measured: nothing to learn
			f = moments{n: 1}
		}
		s.Mean = append(s.Mean, f.mean)
		s.Deviation = append(s.Deviation, f.deviation())
	}
	return json.Marshal(s)
}

func (m *measurer) restore(learned json.RawMessage) error {
	var s scales
	if err := sdk.Decode(learned, &s); err != nil {
		return fmt.Errorf("cannot be read: %w", err)
	}
	if len(s.Mean) != len(featureNames) || len(s.Deviation) != len(featureNames) {
		return errors.New("does not have the features of this version")
	}
	for _, d := range s.Deviation {
		if d <= 0 {
			return errors.New("has a deviation that is not positive")
		}
	}
	m.scaler = &scaler{s.Mean, s.Deviation}
	return nil
}

// vectors are features in their own units if nothing was learned.
func (m *measurer) vectors(of []prepared) ([][]float32, error) {
	out := make([][]float32, len(of))
	for i, p := range of {
		out[i] = m.scaler.scale(p[0])
	}
	return out, nil
}
