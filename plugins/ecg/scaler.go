package ecg

import (
	"encoding/json"
	"math"
	"reflect"

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

// stateVersion changes when state of an older version can no longer be read.
const stateVersion = 1

// state is what Fit returns, as JSON.
type state struct {
	Version   int       `json:"version"`
	Config    config    `json:"config"` // that it was fitted with
	Mean      []float64 `json:"mean"`
	Deviation []float64 `json:"deviation"`
}

func save(cfg config, fitted []moments) ([]byte, error) {
	s := state{Version: stateVersion, Config: cfg}
	for _, m := range fitted {
		if m.n == 0 { // never measured: nothing to learn
			m = moments{n: 1}
		}
		s.Mean = append(s.Mean, m.mean)
		s.Deviation = append(s.Deviation, m.deviation())
	}
	return json.Marshal(s)
}

// restore reads fitted state, for the config it was fitted with only.
func restore(data []byte, cfg config) (*scaler, error) {
	refuse := func(why string) error {
		return &sdk.Diagnostic{Summary: "the fitted state " + why, Detail: "fit the modality again"}
	}
	var s state
	if err := sdk.Decode(data, &s); err != nil {
		return nil, refuse("cannot be read: " + err.Error())
	}
	switch {
	case s.Version != stateVersion:
		return nil, refuse("is of another version of this plugin")
	case !reflect.DeepEqual(s.Config, cfg):
		return nil, refuse("belongs to another config")
	case len(s.Mean) != len(featureNames) || len(s.Deviation) != len(featureNames):
		return nil, refuse("does not have the features of this version")
	}
	for _, d := range s.Deviation {
		if d <= 0 {
			return nil, refuse("has a deviation that is not positive")
		}
	}
	return &scaler{s.Mean, s.Deviation}, nil
}
