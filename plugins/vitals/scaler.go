package vitals

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"

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

const (
	// kept is how many values of a feature its quantiles are taken of, a random part of more. That part puts
	// a quantile at a rank that is off by a third of a percent.
	kept = 20_000
	// steps is how many parts the quantiles cut the values into.
	steps = 256
	// rarest is the rank beyond which values are no longer told apart: three deviations.
	rarest = 0.00135
	// normalRange is the interquartile range of the normal distribution, in deviations.
	normalRange = 1.34898
)

// fitting is what Fit keeps of a feature.
type fitting struct {
	moments
	values []float64 // for quantiles
}

// add takes in a value; random chooses which are kept (J. S. Vitter, "Random sampling with a reservoir", 1985).
func (f *fitting) add(x float64, scale scale, random *rand.Rand) {
	f.moments.add(x)
	switch {
	case scale != robust && scale != quantile:
	case len(f.values) < kept:
		f.values = append(f.values, x)
	default:
		if i := random.IntN(int(f.n)); i < kept {
			f.values[i] = x
		}
	}
}

// transform is what Fit makes of a feature.
type transform struct {
	Center    float64   `json:"center"`
	Spread    float64   `json:"spread"`
	Quantiles []float64 `json:"quantiles,omitempty"` // steps+1, ascending; none: center and spread
}

// transform for values that are not observed, or that stay as they are.
var identity = transform{Spread: 1}

func (f *fitting) transform(scale scale) transform {
	if f.n == 0 || scale == none {
		return identity
	}
	t := transform{Center: f.mean, Spread: f.deviation()}
	if scale == standard {
		return t
	}
	slices.Sort(f.values)
	at := func(p float64) float64 {
		below, rest := math.Modf(p * float64(len(f.values)-1))
		i := int(below)
		return f.values[i] + rest*(f.values[min(i+1, len(f.values)-1)]-f.values[i])
	}
	if scale == quantile {
		for i := range steps + 1 {
			t.Quantiles = append(t.Quantiles, at(float64(i)/steps))
		}
		return t
	}
	t.Center = at(0.5)
	// Where half of all values are the same, the deviation still tells the others apart.
	if wide := (at(0.75) - at(0.25)) / normalRange; wide > resolution*math.Abs(t.Center) {
		t.Spread = wide
	}
	return t
}

func (t *transform) apply(x float64) float32 {
	if len(t.Quantiles) == 0 {
		return float32((x - t.Center) / t.Spread)
	}
	// Of a value that is several quantiles, the rank is in their middle.
	first, _ := slices.BinarySearch(t.Quantiles, x)
	end := first
	for end < len(t.Quantiles) && t.Quantiles[end] == x {
		end++
	}
	rank := float64(first+end-1) / 2
	if end == first && first > 0 && first < len(t.Quantiles) {
		low, high := t.Quantiles[first-1], t.Quantiles[first]
		rank = float64(first-1) + (x-low)/(high-low)
	}
	p := max(rarest, min(1-rarest, rank/float64(len(t.Quantiles)-1)))
	return float32(math.Sqrt2 * math.Erfinv(2*p-1))
}

// stateVersion changes when state of an older version can no longer be read.
const stateVersion = 3

// state is what Fit returns, as JSON.
type state struct {
	Version    int         `json:"version"`
	Config     config      `json:"config"` // that it was fitted with
	Transforms []transform `json:"transforms"`
}

// restore reads fitted state, for the config it was fitted with only.
func restore(data []byte, cfg config) ([]transform, error) {
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
	case len(s.Transforms) != len((&Vitals{config: cfg}).Features()):
		return nil, refuse("does not fit its config")
	}
	for _, t := range s.Transforms {
		if t.Spread <= 0 {
			return nil, refuse("has a deviation that is not positive")
		}
		if n := len(t.Quantiles); n != 0 && n != steps+1 || !slices.IsSorted(t.Quantiles) {
			return nil, refuse("has quantiles that are none")
		}
	}
	return s.Transforms, nil
}

func save(cfg config, transforms []transform) ([]byte, error) {
	return json.Marshal(state{Version: stateVersion, Config: cfg, Transforms: transforms})
}
