// Package vitals is the modality of named numeric channels: vital signs, laboratory
// values, ventilator settings, anything that comes as rows of numbers with times.
//
// Its config names the channels and what of them is plausible:
//
//	channels:
//	  - HR
//	  - {name: temperature, column: [Temp_C, {name: Temp_F, factor: 0.555556, offset: -17.7778}], min: 25, max: 45}
//	  - {name: urine, column: Urine, min: 0, log: true}
//	  - {name: consciousness, levels: [3, 1, 0]}
//	  - {name: rhythm, categories: [{name: sinus, codes: [1]}, {name: flutter, codes: [4, 5]}]}
//	scale: standard
//	summary: [mean, min, max, first, last, count, std, slope]
//	rows: true
//
// Implausible values are dropped and counted. The others are scaled by what the training
// split had: standard to mean 0 and deviation 1; robust by median and interquartile range,
// which outliers do not move; quantile by rank, to the normal distribution.
//
// The codes of an ordinal channel, levels, become ranks, as 0 for 3 above. Each category of
// a categorical channel is a feature channel=category, 1 or 0, which is not scaled.
//
// A summary, if there is one, adds one row to a sample, at the time of its first: with
// statistics of each channel, as further features channel:statistic, which the other rows
// do not observe. With rows: false it is all there is. Statistics are of the values after
// limits and logarithm; those that cannot be computed are not observed.
package vitals

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"

	"github.com/fusemoe/fusemoe/sdk"
)

// Vitals is the modality. Use New.
type Vitals struct {
	config     config
	columns    map[string]place
	charted    int         // features of the rows
	transforms []transform // nil: none was fitted
	seed       uint64
	dropped    []int // values per channel since the last Summarize
}

// place says what a column of the rows is.
type place struct {
	channel, column int // of the config
	feature         int // the first of the channel
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
	*v = Vitals{config: cfg, columns: make(map[string]place), seed: c.Seed, dropped: make([]int, len(cfg.Channels))}
	for i, ch := range cfg.Channels {
		for k, column := range ch.Columns {
			v.columns[column.Name] = place{channel: i, column: k, feature: v.charted}
		}
		v.charted += ch.width()
	}
	if len(c.State) > 0 {
		if v.transforms, err = restore(c.State, cfg); err != nil {
			return 0, err
		}
	}
	return len(v.Features()), nil
}

// Features are the names of the channels, channel=category for the categories of one, and
// of their statistics as channel:statistic.
func (v *Vitals) Features() []string {
	var charted, names []string
	for _, ch := range v.config.Channels {
		charted = append(charted, ch.features()...)
	}
	if v.config.Rows {
		names = slices.Clone(charted)
	}
	for _, name := range charted {
		for _, s := range v.config.Summary {
			names = append(names, name+":"+string(s))
		}
	}
	return names
}

// Fit learns how to scale every feature.
func (v *Vitals) Fit(ctx context.Context, samples iter.Seq2[sdk.Sample, error]) ([]byte, error) {
	names := v.Features()
	fitted, random := make([]fitting, len(names)), rand.New(rand.NewPCG(v.seed, 0))
	for s, err := range samples {
		if err != nil {
			return nil, err
		}
		for _, r := range v.rows(s) {
			for i, x := range r.values {
				if r.observed[i] {
					fitted[i].add(x, v.config.Scale, random)
				}
			}
		}
	}
	var never []string
	for i, f := range fitted {
		if f.n == 0 {
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
	transforms := make([]transform, len(names))
	for i, f := range fitted {
		transforms[i] = f.transform(v.config.Scale)
	}
	if v.config.Rows { // categories stay 0 and 1
		at := 0
		for _, ch := range v.config.Channels {
			for range ch.width() {
				if len(ch.Categories) > 0 {
					transforms[at] = identity
				}
				at++
			}
		}
	}
	return save(v.config, transforms)
}

// Encode returns one vector per row that has a plausible value of one of the channels, and
// one for the sample if the config asks for a summary.
func (v *Vitals) Encode(_ context.Context, s sdk.Sample) (q sdk.Sequence, err error) {
	for _, r := range v.rows(s) {
		values := make([]float32, len(r.values))
		for i, x := range r.values {
			if r.observed[i] {
				values[i] = float32(x)
				if v.transforms != nil {
					values[i] = v.transforms[i].apply(x)
				}
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
	rows := v.read(s)
	if len(rows) == 0 || len(v.config.Summary) == 0 {
		return rows
	}
	summary := summarize(rows, v.charted, v.config.Summary)
	if !v.config.Rows {
		summary.values, summary.observed = summary.values[v.charted:], summary.observed[v.charted:]
		return []row{summary}
	}
	statistics := len(summary.values) - v.charted
	for i := range rows {
		rows[i].values = append(rows[i].values, make([]float64, statistics)...)
		rows[i].observed = append(rows[i].observed, make([]bool, statistics)...)
	}
	return slices.Insert(rows, 0, summary)
}

// read returns the rows of the sample with a plausible value of one of the channels.
func (v *Vitals) read(s sdk.Sample) []row {
	var rows []row
	scratch := make([]float64, v.charted)
	column := make([]int, len(v.config.Channels)) // that a channel has its value of, in this row
	for _, it := range s.Items {
		r := row{time: it.Time}
		for name, charted := range it.Row.All() {
			at, ok := v.columns[name]
			if !ok || r.values != nil && r.observed[at.feature] && column[at.channel] < at.column {
				continue
			}
			ch := &v.config.Channels[at.channel]
			values := scratch[:ch.width()]
			if !ch.values(values, &ch.Columns[at.column], charted) {
				v.dropped[at.channel]++
				continue
			}
			if r.values == nil {
				r.values, r.observed = make([]float64, v.charted), make([]bool, v.charted)
			}
			column[at.channel] = at.column
			for i, x := range values {
				r.values[at.feature+i], r.observed[at.feature+i] = x, true
			}
		}
		if r.values != nil {
			rows = append(rows, r)
		}
	}
	return rows
}
