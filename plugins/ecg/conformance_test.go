package ecg_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/plugins/ecg"
	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/sdktest"
)

func TestConformance(t *testing.T) {
	records := paths(t)
	a, b := sample(records[0], records[1]), sample(records[2])
	a.ID, b.ID = "a", "b"
	for name, config := range map[string]string{"features": `{"seconds": 5, "mains": [50]}`, "autoencoder": smallNetwork} {
		t.Run(name, func(t *testing.T) {
			sdktest.Conform(t, sdktest.Case{
				New: func() sdk.Modality { return ecg.New() }, Config: config, Samples: []sdk.Sample{a, b},
			})
		})
	}
}
