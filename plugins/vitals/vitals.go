// Package vitals is the modality of named numeric channels: vital signs, laboratory
// values, ventilator settings, anything that comes as rows of numbers with times.
//
// Its config names the channels and what of them is plausible:
//
//	channels:
//	  - HR
//	  - {name: temperature, column: Temp, min: 25, max: 45}
//	  - {name: urine, column: Urine, min: 0, log: true}
//	scale: standard
//	summary: [mean, min, max, first, last, count, std, slope]
//	rows: true
//
// Implausible values are dropped and counted. The others are standardised with the mean
// and deviation of the training split.
//
// A summary, if there is one, adds one row to a sample, at the time of its first: with
// statistics of each channel, as further features channel:statistic, which the other rows
// do not observe. With rows: false it is all there is. Statistics are of the values after
// limits and logarithm; those that cannot be computed are not observed.
package vitals

import (
	"context"
	"iter"
	"slices"

	"github.com/fusemoe/fusemoe/sdk"
)

// Vitals is the modality. Use New.
type Vitals struct {
	config  config
	column  map[string]int // to the index of its channel
	scaler  *scaler
	dropped []int // values per channel since the last Summarize
}

// New returns the modality, to be configured.
func New() *Vitals { return &Vitals{} }

var (
	_ sdk.Modality     = (*Vitals)(nil)
	_ sdk.Fitter       = (*Vitals)(nil)
	_ sdk.FeatureNamer = (*Vitals)(nil)
	_ sdk.Summarizer   = (*Vitals)(nil)
)

// Info describes the modality.
func (*Vitals) Info() sdk.Info {
	return sdk.Info{Name: "vitals", Version: "1.0.0", Kind: sdk.Measurements, Accepts: []string{sdk.RowType}}
}

// Configure reads the channels and, if there is one, the fitted state.
func (v *Vitals) Configure(_ context.Context, c sdk.Config) (dim int, err error) {
	cfg, err := read(c)
	if err != nil {
		return 0, err
	}
	*v = Vitals{config: cfg, column: make(map[string]int), dropped: make([]int, len(cfg.Channels))}
	for i, ch := range cfg.Channels {
		v.column[ch.Column] = i
	}
	if len(c.State) > 0 {
		if v.scaler, err = restore(c.State, cfg); err != nil {
			return 0, err
		}
	}
	return len(v.Features()), nil
}

// Features are the names of the channels, and of their statistics as channel:statistic.
func (v *Vitals) Features() []string {
	var names []string
	if v.config.Rows {
		for _, ch := range v.config.Channels {
			names = append(names, ch.Name)
		}
	}
	for _, ch := range v.config.Channels {
		for _, s := range v.config.Summary {
			names = append(names, ch.Name+":"+string(s))
		}
	}
	return names
}

// Fit learns the mean and deviation of every feature.
func (v *Vitals) Fit(ctx context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	names := v.Features()
	moments := make([]moments, len(names))
	for s, err := range samples {
		if err != nil {
			return nil, err
		}
		for _, r := range v.rows(s) {
			for i, x := range r.values {
				if r.observed[i] {
					moments[i].add(x)
				}
			}
		}
	}
	var never []string
	for i, m := range moments {
		if m.n == 0 {
			never = append(never, names[i])
		}
	}
	if len(never) == len(names) {
		return nil, &sdk.Diagnostic{
			Path: "channels", Summary: "no value of any channel in the training split",
			Detail: "check the names of the columns and the ranges from min to max",
		}
	}
	if len(never) > 0 {
		sdk.Log(ctx).Warn().Strs("features", never).Msg("never observed in the training split")
	}
	return save(v.config, moments)
}

// Encode returns one vector per row that has a plausible value of one of the channels, and
// one for the sample if the config asks for a summary.
func (v *Vitals) Encode(_ context.Context, s sdk.Sample) (q sdk.Sequence, err error) {
	for _, r := range v.rows(s) {
		values := make([]float32, len(r.values))
		for i, x := range r.values {
			if r.observed[i] {
				values[i] = v.scaler.scale(i, x)
			}
		}
		q.Times = append(q.Times, r.time)
		q.Values = append(q.Values, values)
		q.Observed = append(q.Observed, r.observed)
	}
	return q, nil
}

// Summarize logs how many values were implausible, by channel.
func (v *Vitals) Summarize(ctx context.Context) {
	dropped := make(map[string]int)
	for i, n := range v.dropped {
		if n > 0 {
			dropped[v.config.Channels[i].Name] = n
		}
		v.dropped[i] = 0
	}
	if len(dropped) > 0 {
		sdk.Log(ctx).Info().Interface("dropped", dropped).Msg("dropped implausible values")
	}
}

// row is one vector before it is scaled.
type row struct {
	time     float64
	values   []float64
	observed []bool
}

// rows are the vectors that Encode returns, before they are scaled.
func (v *Vitals) rows(s sdk.Sample) []row {
	rows := v.charted(s)
	if len(rows) == 0 || len(v.config.Summary) == 0 {
		return rows
	}
	channels := len(v.config.Channels)
	summary := summarize(rows, channels, v.config.Summary)
	if !v.config.Rows {
		summary.values, summary.observed = summary.values[channels:], summary.observed[channels:]
		return []row{summary}
	}
	statistics := len(summary.values) - channels
	for i := range rows {
		rows[i].values = append(rows[i].values, make([]float64, statistics)...)
		rows[i].observed = append(rows[i].observed, make([]bool, statistics)...)
	}
	return slices.Insert(rows, 0, summary)
}

// charted are the rows of the sample with a plausible value of one of the channels.
func (v *Vitals) charted(s sdk.Sample) []row {
	var rows []row
	for _, it := range s.Items {
		r := row{time: it.Time}
		for name, measured := range it.Row.All() {
			i, ok := v.column[name]
			if !ok {
				continue
			}
			x, ok := v.config.Channels[i].value(measured)
			if !ok {
				v.dropped[i]++
				continue
			}
			if r.values == nil {
				n := len(v.config.Channels)
				r.values, r.observed = make([]float64, n), make([]bool, n)
			}
			r.values[i], r.observed[i] = x, true
		}
		if r.values != nil {
			rows = append(rows, r)
		}
	}
	return rows
}
