package ecg

import (
	"cmp"
	"fmt"
	"math"

	"github.com/fusemoe/fusemoe/plugins/ecg/internal/autoencoder"
	"github.com/fusemoe/fusemoe/sdk"
)

// config is what the user writes, with everything that was left out filled in.
type config struct {
	Encoder method `json:"encoder" enum:"features,autoencoder,onnx" doc:"what makes a vector of a record"`
	// Seconds is how much of a record is used.
	Seconds float64 `json:"seconds" doc:"used of a record, from its beginning"`
	// Mains are the frequencies of the mains hum, in Hz.
	Mains []float64 `json:"mains" doc:"frequencies of the mains to filter out, in Hz; [] for none"`
	// Network is for the encoder autoencoder.
	Network training `json:"autoencoder"`
	// ONNX is for the encoder of that name.
	ONNX pretrained `json:"onnx"`
}

type method string

const (
	featureEncoder method = "features"
	networkEncoder method = "autoencoder"
	onnxEncoder    method = "onnx"
)

// training is what the autoencoder sees, and how long it learns.
type training struct {
	// Rate is the sampling rate of what it sees, in Hz.
	Rate int `json:"rate" doc:"samples a second that it sees: 100, 125, 250 or 500"`
	// Width is how many numbers it makes of a record.
	Width int `json:"width" doc:"numbers that a record becomes"`
	// Epochs bounds training.
	Epochs int `json:"epochs" doc:"at most; it stops when six have not helped"`
	// Records bounds what training keeps in memory.
	Records int `json:"records" doc:"of the training split to learn from, at most; of more a random part"`
}

// Below minSeconds there may be no whole beat; maxSeconds, an hour, bounds the memory of a record.
const (
	minSeconds = 2
	maxSeconds = 3600
)

// read decodes and checks the config.
func read(c sdk.Config) (config, error) {
	// Ten seconds are what electrocardiographs print and store.
	cfg := config{
		Encoder: featureEncoder, Seconds: 10, Mains: []float64{50, 60}, Network: defaultTraining(), ONNX: defaultPretrained(),
	}
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
	if d := cmp.Or(cfg.networkProblem(), cfg.onnxProblem()); d != nil {
		return config{}, d
	}
	return cfg, nil
}

// defaultTraining has the published width. An electrocardiogram says little above 60 Hz, for which 125 samples a
// second are enough: with 500, as published, training takes four times as long. 5,000 records of ten seconds are
// 0.15 GB and, on two cores, half a minute an epoch.
func defaultTraining() training { return training{Rate: 125, Width: 256, Epochs: 100, Records: 5_000} }

// networkProblem finds what is wrong with the settings of the autoencoder.
func (c *config) networkProblem() *sdk.Diagnostic {
	problem := func(key, format string, args ...any) *sdk.Diagnostic {
		return &sdk.Diagnostic{Path: key, Summary: fmt.Sprintf(format, args...)}
	}
	n := c.Network
	if c.Encoder != networkEncoder {
		if n != defaultTraining() {
			return problem("autoencoder", "is there, but the encoder is %s", c.Encoder)
		}
		return nil
	}
	switch {
	case n.Rate != 100 && n.Rate != 125 && n.Rate != 250 && n.Rate != 500:
		return problem("autoencoder.rate", "%d is none of 100, 125, 250 and 500", n.Rate)
	case n.Width < 1 || n.Width > 1024:
		return problem("autoencoder.width", "%d is not from 1 to 1024", n.Width)
	case n.Epochs < 1:
		return problem("autoencoder.epochs", "%d is not at least 1", n.Epochs)
	case n.Records < 1:
		return problem("autoencoder.records", "%d is not at least 1", n.Records)
	}
	if most := float64(autoencoder.Longest) / float64(n.Rate); c.Seconds > most {
		return problem("seconds", "an autoencoder at %d Hz sees %g s at most", n.Rate, math.Floor(most))
	}
	// The layer between the last block and the vector has that many weights of four bytes, in JSON a third more.
	if bytes := c.shape().Length * n.Width * 4 / 3 * 4; bytes > largestState {
		d := problem("seconds", "an autoencoder of %g s at %d Hz to %d numbers is too large", c.Seconds, n.Rate, n.Width)
		d.Detail = "lower seconds, or autoencoder.rate or autoencoder.width"
		return d
	}
	return nil
}

// largestState leaves room, in what Fit may return, for everything else.
const largestState = sdk.MaxState - 1<<20
