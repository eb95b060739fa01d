package main

import (
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/host"
)

// BenchmarkStart measures how long the four first-party plugins take together from the start
// of their processes until they are ready.
func BenchmarkStart(b *testing.B) {
	program, err := exec.LookPath("fusemoe")
	if err != nil {
		b.Fatal(err)
	}
	var specs []host.Spec
	for name, config := range map[string]string{"cxr": "{}", "ecg": "{}", "notes": "{}", "vitals": `{"channels": ["HR"]}`} {
		specs = append(specs, host.Spec{
			Name: name, Command: []string{program, "plugin", "serve", name}, Config: json.RawMessage(config),
		})
	}
	for b.Loop() {
		fleet, err := host.Start(b.Context(), zerolog.Nop(), specs)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		fleet.Stop()
		b.StartTimer()
	}
}
