package ecg

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/fusemoe/fusemoe/plugins/ecg/wfdb"
)

// rate is the sampling rate of tracings, in Hz.
const rate = 500

// Recorders sample at 100 to 10,000 Hz; outside of these limits the header is wrong.
const (
	minRate = 50
	maxRate = 20_000
)

const leadCount = 12

// leadNames are the leads in their order in a tracing.
var leadNames = [leadCount]string{"I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"}

// tracing is an electrocardiogram as the encoders want it.
type tracing struct {
	leads [leadCount][]float64 // mV at rate, all of one length; nil: missing
}

// length is the number of samples of a lead.
func (t *tracing) length() int {
	for _, x := range t.leads {
		if x != nil {
			return len(x)
		}
	}
	return 0
}

// missing says of each lead whether it is.
func (t *tracing) missing() (out [leadCount]bool) {
	for i, x := range t.leads {
		out[i] = x == nil
	}
	return out
}

// voltage is a unit of voltage in mV, by its name in small letters.
var voltage = map[string]float64{"mv": 1, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "microvolt": 1e-3, "nv": 1e-6, "v": 1e3}

// leadOf is the number of the lead that a signal is, by its name; -1: none. MLII, a lead II with electrodes
// on the chest as Holter recorders have it, counts as II.
func leadOf(name string) int {
	name = strings.ToLower(strings.TrimSpace(name))
	name = strings.TrimPrefix(strings.TrimPrefix(name, "ecg "), "lead ")
	if name == "mlii" {
		name = "ii"
	}
	for i, lead := range leadNames {
		if strings.EqualFold(lead, name) {
			return i
		}
	}
	return -1
}

// load reads the leads of a record, resampled and filtered.
func load(path string, cfg config) (*tracing, error) {
	if path == "" {
		return nil, errors.New("an ECG is the path of a WFDB header, not its content")
	}
	r, err := wfdb.Read(path)
	if err != nil {
		return nil, err
	}
	t, filters := &tracing{}, newFilters(cfg.Mains)
	known, resamplers := 0, make(map[float64]*resampler)
	for i, s := range r.Signals {
		lead := leadOf(s.Name)
		if lead < 0 || t.leads[lead] != nil {
			continue
		}
		known++
		unit, ok := voltage[strings.ToLower(s.Units)]
		if !ok {
			return nil, fmt.Errorf("lead %s has the unit %q, which is no voltage", leadNames[lead], s.Units)
		}
		if hz := r.Rate(i); hz < minRate || hz > maxRate {
			return nil, fmt.Errorf("lead %s has %g samples a second, not %d to %d", leadNames[lead], hz, minRate, maxRate)
		}
		x := r.Physical(i)
		x = x[:min(len(x), int(math.Round(cfg.Seconds*r.Rate(i))))]
		if !fillGaps(x) {
			continue
		}
		if resamplers[r.Rate(i)] == nil {
			resamplers[r.Rate(i)] = newResampler(r.Rate(i), rate)
		}
		x = resamplers[r.Rate(i)].apply(x)
		for k := range x {
			x[k] *= unit
		}
		if len(x) < minSeconds*rate {
			return nil, fmt.Errorf("lead %s is shorter than %d s", leadNames[lead], minSeconds)
		}
		t.leads[lead] = filters.apply(x)
	}
	if known == 0 {
		return nil, fmt.Errorf("none of its %d signals is a lead of an ECG: %s, …", len(r.Signals), leadNames[0])
	}
	t.trim()
	t.derive()
	return t, nil
}

// trim makes all leads as long as the shortest: signals of different rates may be a sample apart.
func (t *tracing) trim() {
	shortest := math.MaxInt
	for _, x := range t.leads {
		if x != nil {
			shortest = min(shortest, len(x))
		}
	}
	for i, x := range t.leads {
		if x != nil {
			t.leads[i] = x[:shortest]
		}
	}
}

// derive computes the missing limb leads from I and II, of which they are sums (Einthoven, Goldberger).
func (t *tracing) derive() {
	one, two := t.leads[0], t.leads[1]
	if one == nil || two == nil {
		return
	}
	for i, weights := range [...][2]float64{2: {-1, 1}, 3: {-0.5, -0.5}, 4: {1, -0.5}, 5: {-0.5, 1}} {
		if i < 2 || t.leads[i] != nil {
			continue
		}
		t.leads[i] = make([]float64, len(one))
		for k := range one {
			t.leads[i][k] = weights[0]*one[k] + weights[1]*two[k]
		}
	}
}

// fillGaps draws a straight line across samples that were not recorded. It says whether there is a signal:
// not if more than half of it is missing, or if it is flat, as when an electrode is off.
func fillGaps(x []float64) bool {
	low, high := math.Inf(1), math.Inf(-1)
	last, recorded := -1, 0
	for i, v := range x {
		if math.IsNaN(v) {
			continue
		}
		for k := last + 1; k < i; k++ {
			if last < 0 {
				x[k] = v
			} else {
				x[k] = x[last] + (v-x[last])*float64(k-last)/float64(i-last)
			}
		}
		low, high = min(low, v), max(high, v)
		last = i
		recorded++
	}
	for k := last + 1; k < len(x) && last >= 0; k++ {
		x[k] = x[last]
	}
	return recorded > len(x)/2 && high > low
}
