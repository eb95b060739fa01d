package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/sdktest"
)

func conformance() sdktest.Case {
	bpm := func(time float64, value float32) sdk.Item {
		return sdk.Item{Time: time, MediaType: sdk.RowType, Row: sdk.NewRow([]string{"heart_rate"}, []float32{value})}
	}
	return sdktest.Case{
		New:     func() sdk.Modality { return &heartRate{} },
		Samples: []sdk.Sample{{ID: "a", Items: []sdk.Item{bpm(0.5, 72), bpm(2, 80)}}, {ID: "b", Items: []sdk.Item{bpm(1, 140)}}},
	}
}

func TestConformance(t *testing.T) { sdktest.Conform(t, conformance()) }

func TestTheProgramConforms(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heartrate")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sdktest.Binary(t, path, conformance())
}

// A complete plugin is short: README and tutorial say so.
func TestAPluginHasLessThan40Lines(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(source, []byte("\n")); n >= 40 {
		t.Errorf("%d lines", n)
	}
}
