package cxr_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/plugins/cxr"
	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/sdktest"
)

func TestConformance(t *testing.T) {
	samples := chests()[:6]
	for i := range samples {
		samples[i].ID = string(rune('a' + i))
	}
	sdktest.Conform(t, sdktest.Case{
		New: func() sdk.Modality { return cxr.New() }, Config: `{"components": 3, "size": 64}`, Samples: samples,
	})
}
