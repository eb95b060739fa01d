package vitals_test

import (
	"testing"

	"github.com/fusemoe/fusemoe/plugins/vitals"
	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/sdktest"
)

func TestConformance(t *testing.T) {
	samples := []sdk.Sample{
		{ID: "a", Items: []sdk.Item{at(0.5, "HR", 72, "Temp", 36.6), at(2, "HR", 900), at(3, "HR", 80)}},
		{ID: "b", Items: []sdk.Item{at(1, "HR", 120, "Temp", 39.1)}},
	}
	for name, config := range map[string]string{
		"rows":    `{"channels": [{"name": "HR", "max": 300}, "Temp"]}`,
		"summary": `{"channels": [{"name": "HR", "log": true}, "Temp"], "summary": ["mean", "slope"], "rows": false}`,
		"units":   `{"channels": [{"name": "T", "column": ["Temp", {"name": "HR", "factor": 0.5}]}], "scale": "quantile"}`,
		"codes":   `{"channels": [{"name": "HR", "levels": [72, 80, 120]}, {"name": "Temp", "categories": [36.6, 39.1]}], "scale": "robust"}`,
		"both":    `{"channels": ["HR", "Temp"], "summary": ["last", "count"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			sdktest.Conform(t, sdktest.Case{New: func() sdk.Modality { return vitals.New() }, Config: config, Samples: samples})
		})
	}
}
