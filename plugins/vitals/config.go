package vitals

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/schema"
)

// config is what the user writes, with everything that was left out filled in.
type config struct {
	// Channels are what to read from the rows, in the order of the features.
	Channels []channel `json:"channels" doc:"columns to read, each its name or an object"`
	// Scale says how values are scaled: standard, to mean 0 and deviation 1 on the
	// training split, or none.
	Scale scale `json:"scale" enum:"standard,none" doc:"standard: to mean 0 and deviation 1 on the training split"`
	// Summary are the statistics of every channel that one more row of a sample holds.
	Summary []statistic `json:"summary" doc:"statistics of each channel over the sample, in one row more; [] for none"`
	// Rows says whether the rows themselves are given too.
	Rows bool `json:"rows" doc:"give the rows themselves; false leaves the summary alone"`
}

type scale string

const (
	standard scale = "standard"
	none     scale = "none"
)

// channel is one column of the rows. In the config its name alone will do.
type channel struct {
	Name   string `json:"name"`
	Column string `json:"column" doc:"in the rows, if it is not the name"` // the name if empty
	// Min and Max bound what is plausible. Values outside are dropped: they are
	// mistakes of typing, units or sensors.
	Min *float64 `json:"min" doc:"the least plausible value; what is below is dropped"`
	Max *float64 `json:"max" doc:"the largest plausible value; what is above is dropped"`
	// Log takes log(1+x), for channels with few very large values. Values of which there
	// is no logarithm are dropped too.
	Log bool `json:"log" doc:"take log(1+x), for channels with few very large values"`
}

// ConfigSchema says that a channel is a name or an object.
func (channel) ConfigSchema() *schema.Schema {
	type plain channel
	return &schema.Schema{AnyOf: []*schema.Schema{schema.Of(""), schema.Of(plain{})}}
}

// UnmarshalJSON reads a name or an object.
func (c *channel) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &c.Name)
	}
	type plain channel
	return sdk.Decode(data, (*plain)(c))
}

// read decodes and checks the config.
func read(c sdk.Config) (config, error) {
	cfg := config{Scale: standard, Summary: []statistic{}, Rows: true}
	if err := c.Decode(&cfg); err != nil {
		return config{}, err
	}
	if len(cfg.Channels) == 0 {
		return config{}, &sdk.Diagnostic{
			Path: "channels", Summary: "no channel", Detail: "list the columns that this modality reads",
		}
	}
	if d := cfg.summaryProblem(); d != nil {
		return config{}, d
	}
	names, columns := make(map[string]bool), make(map[string]bool)
	for i := range cfg.Channels {
		ch := &cfg.Channels[i]
		if ch.Column == "" {
			ch.Column = ch.Name
		}
		if d := ch.problem(names, columns); d != nil {
			d.Path = fmt.Sprintf("channels[%d]%s", i, d.Path)
			return config{}, d
		}
		names[ch.Name], columns[ch.Column] = true, true
	}
	return cfg, nil
}

// summaryProblem finds what is wrong with the summary.
func (c *config) summaryProblem() *sdk.Diagnostic {
	if !c.Rows && len(c.Summary) == 0 {
		return &sdk.Diagnostic{
			Path: "rows", Summary: "without rows and without a summary nothing is left",
			Detail: "list statistics in summary, such as [mean, last, count]",
		}
	}
	for i, s := range c.Summary {
		if slices.Contains(c.Summary[:i], s) {
			return &sdk.Diagnostic{Path: fmt.Sprintf("summary[%d]", i), Summary: fmt.Sprintf("%s is there twice", s)}
		}
	}
	return nil
}

// problem finds what is wrong with a channel, given the names and columns before it.
func (c *channel) problem(names, columns map[string]bool) *sdk.Diagnostic {
	switch {
	case c.Name == "":
		return &sdk.Diagnostic{Path: ".name", Summary: "no name"}
	case names[c.Name]:
		return &sdk.Diagnostic{Path: ".name", Summary: fmt.Sprintf("%s is there twice", c.Name)}
	case columns[c.Column]:
		return &sdk.Diagnostic{Path: ".column", Summary: fmt.Sprintf("another channel reads %s already", c.Column)}
	case c.Min != nil && c.Max != nil && *c.Min > *c.Max:
		return &sdk.Diagnostic{Path: ".min", Summary: fmt.Sprintf("%g is above max, %g", *c.Min, *c.Max)}
	}
	return nil
}

// value is what the channel makes of what was measured, and whether it is plausible.
func (c *channel) value(measured float32) (x float64, ok bool) {
	x = float64(measured)
	if math.IsNaN(x) || math.IsInf(x, 0) || c.Min != nil && x < *c.Min || c.Max != nil && x > *c.Max {
		return 0, false
	}
	if c.Log {
		x = math.Log1p(x)
	}
	return x, !math.IsNaN(x) && !math.IsInf(x, 0)
}
