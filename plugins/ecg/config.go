package ecg

import (
	"fmt"

	"github.com/fusemoe/fusemoe/sdk"
)

// config is what the user writes, with everything that was left out filled in.
type config struct {
	Encoder method `json:"encoder" enum:"features" doc:"what makes a vector of a record"`
	// Seconds is how much of a record is used.
	Seconds float64 `json:"seconds" doc:"used of a record, from its beginning"`
	// Mains are the frequencies of the mains hum, in Hz.
	Mains []float64 `json:"mains" doc:"frequencies of the mains to filter out, in Hz; [] for none"`
}

type method string

const featureEncoder method = "features"

// Below minSeconds there may be no whole beat; maxSeconds, an hour, bounds the memory of a record.
const (
	minSeconds = 2
	maxSeconds = 3600
)

// read decodes and checks the config.
func read(c sdk.Config) (config, error) {
	// Ten seconds are what electrocardiographs print and store.
	cfg := config{Encoder: featureEncoder, Seconds: 10, Mains: []float64{50, 60}}
	if err := c.Decode(&cfg); err != nil {
		return config{}, err
	}
	if cfg.Seconds < minSeconds || cfg.Seconds > maxSeconds {
		return config{}, &sdk.Diagnostic{
			Path: "seconds", Summary: fmt.Sprintf("%g is not from %d to %d", cfg.Seconds, minSeconds, maxSeconds),
		}
	}
	for i, f := range cfg.Mains {
		// Notches near 0 or half the sampling rate would take beats or nothing.
		if f < 10 || f > rate/2-10 {
			return config{}, &sdk.Diagnostic{
				Path:    fmt.Sprintf("mains[%d]", i),
				Summary: fmt.Sprintf("%g Hz is not from 10 to %d", f, rate/2-10), Detail: "mains have 50 or 60 Hz",
			}
		}
	}
	return cfg, nil
}
