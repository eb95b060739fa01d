package vitals

import (
	"fmt"
	"slices"

	"github.com/fusemoe/fusemoe/sdk"
)

// config is what the user writes, with everything that was left out filled in.
type config struct {
	// Channels are what to read from the rows, in the order of the features.
	Channels []channel `json:"channels" doc:"columns to read, each its name or an object"`
	// Scale says what the training split makes of values.
	Scale scale `json:"scale" enum:"standard,robust,quantile,none" doc:"what becomes of the training split: mean 0 and deviation 1, median 0 and a normal interquartile range, or by rank the normal distribution"`
	// Summary are the statistics of every channel that one more row of a sample holds.
	Summary []statistic `json:"summary" doc:"statistics of each channel over the sample, in one row more; [] for none"`
	// Rows says whether the rows themselves are given too.
	Rows bool `json:"rows" doc:"give the rows themselves; false leaves the summary alone"`
}

type scale string

const (
	standard scale = "standard"
	robust   scale = "robust"
	quantile scale = "quantile"
	none     scale = "none"
)

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
		ch.complete()
		if d := ch.problem(names, columns); d != nil {
			d.Path = fmt.Sprintf("channels[%d]%s", i, d.Path)
			return config{}, d
		}
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
