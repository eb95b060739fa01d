// Command heartrate encodes a heart rate chart as one number per row.
package main

import (
	"context"

	"github.com/fusemoe/fusemoe/sdk"
)

type heartRate struct {
	Max float32 `json:"max" doc:"beats a minute; what is above was not a heart"`
}

func (*heartRate) Info() sdk.Info {
	return sdk.Info{Name: "heartrate", Version: "0.1.0", Kind: sdk.Measurements, Accepts: []string{sdk.RowType}}
}

func (h *heartRate) Configure(_ context.Context, c sdk.Config) (dim int, err error) {
	h.Max = 250
	return 1, c.Decode(h)
}

func (h *heartRate) Encode(_ context.Context, s sdk.Sample) (q sdk.Sequence, err error) {
	for _, it := range s.Items {
		if bpm, ok := it.Row.Value("heart_rate"); ok && bpm <= h.Max {
			q.Times = append(q.Times, it.Time)
			q.Values = append(q.Values, []float32{bpm / 100})
		}
	}
	return q, nil
}

func main() { sdk.Serve(&heartRate{}) }
