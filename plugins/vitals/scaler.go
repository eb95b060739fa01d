package vitals

import (
	"encoding/json"
	"math"
	"reflect"

	"github.com/fusemoe/fusemoe/sdk"
)

// moments accumulates the mean and the deviation of numbers in one pass (Welford,
// "Note on a method for calculating corrected sums of squares and products", 1962).
type moments struct {
	n       float64
	mean    float64
	squares float64 // sum of the squared differences from the mean
}

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.squares += d * (x - m.mean)
}

// resolution is the relative difference below which two float32, as measured, are the
// same number: half of 2^-23.
const resolution = 0x1p-24

// deviation is that of the numbers themselves, not an estimate for others; 1 if all are
// the same, so that dividing by it changes nothing.
func (m *moments) deviation() float64 {
	if d := math.Sqrt(m.squares / m.n); d > resolution*math.Abs(m.mean) {
		return d
	}
	return 1
}

// scaler standardises features. A nil one leaves them as they are.
type scaler struct {
	mean, deviation []float64
}

func (s *scaler) scale(feature int, x float64) float32 {
	if s != nil {
		x = (x - s.mean[feature]) / s.deviation[feature]
	}
	return float32(x)
}

// stateVersion changes when state of an older version can no longer be read.
const stateVersion = 2

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
	features := len((&Vitals{config: cfg}).Features())
	switch {
	case s.Version != stateVersion:
		return nil, refuse("is of another version of this plugin")
	case !reflect.DeepEqual(s.Config, cfg):
		return nil, refuse("belongs to another config")
	case len(s.Mean) != features || len(s.Deviation) != features:
		return nil, refuse("does not fit its config")
	}
	for _, d := range s.Deviation {
		if d <= 0 {
			return nil, refuse("has a deviation that is not positive")
		}
	}
	if cfg.Scale == none {
		return nil, nil
	}
	return &scaler{s.Mean, s.Deviation}, nil
}
