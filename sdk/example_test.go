package sdk_test

import (
	"context"
	"fmt"

	"github.com/fusemoe/fusemoe/sdk"
)

// heartRate is a whole modality: it encodes a heart rate chart as one number per row.
// Its main function is: sdk.Serve(&heartRate{}).
type heartRate struct {
	config struct {
		Max float32 `json:"max"` // beats a minute; what is above was not a heart
	}
}

func (*heartRate) Info() sdk.Info {
	return sdk.Info{
		Name: "heartrate", Version: "0.1.0",
		Kind: sdk.Measurements, Accepts: []string{sdk.RowType},
	}
}

func (h *heartRate) Configure(_ context.Context, c sdk.Config) (dim int, err error) {
	h.config.Max = 250
	return 1, c.Decode(&h.config)
}

func (h *heartRate) Encode(_ context.Context, s sdk.Sample) (q sdk.Sequence, err error) {
	for _, it := range s.Items {
		if bpm, ok := it.Row.Value("heart_rate"); ok && bpm <= h.config.Max {
			q.Times = append(q.Times, it.Time)
			q.Values = append(q.Values, []float32{bpm / 100})
		}
	}
	return q, nil
}

func Example() {
	ctx := context.Background()
	h := &heartRate{}
	dim, err := h.Configure(ctx, sdk.Config{JSON: []byte(`{"max": 220}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	names := []string{"heart_rate"}
	q, err := h.Encode(ctx, sdk.Sample{Items: []sdk.Item{
		{Time: 0.5, MediaType: sdk.RowType, Row: sdk.NewRow(names, []float32{72})},
		{Time: 1.5, MediaType: sdk.RowType, Row: sdk.NewRow(names, []float32{999})},
		{Time: 2.0, MediaType: sdk.RowType, Row: sdk.NewRow(names, []float32{80})},
	}})
	fmt.Println(dim, q.Times, q.Values, err)
	// Output: 1 [0.5 2] [[0.72] [0.8]] <nil>
}

// A typing error in a config is an error that says where it is and what was meant.
func ExampleConfig_Decode() {
	var config struct {
		Notes struct {
			MaxTokens int `json:"max_tokens"`
		} `json:"notes"`
	}
	c := sdk.Config{JSON: []byte(`{"notes": {"max_token": 512}}`)}
	fmt.Println(c.Decode(&config))
	// Output: notes.max_token: unknown key, did you mean max_tokens?; valid: max_tokens
}
