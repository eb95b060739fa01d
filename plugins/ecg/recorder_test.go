package ecg_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorder says how an artificial heart is recorded.
type recorder struct {
	rate     float64
	names    []string // in the order of the file; nil: the twelve leads
	units    string
	perUnit  float64 // digital steps
	seconds  float64
	mains    float64                                // mV at 50 Hz
	wander   float64                                // mV at 0.2 Hz
	override func(lead string, x float64) (y int16) // for what is broken
}

func newRecorder() recorder {
	return recorder{rate: 500, units: "mV", perUnit: 1000, seconds: 10}
}

// strength is how much of the wave each lead sees; the limb leads obey Einthoven and Goldberger.
var strength = map[string]float64{
	"I": 0.8, "II": 1.2, "III": 0.4, "aVR": -1, "aVL": 0.2, "aVF": 0.8,
	"V1": -0.5, "V2": 0.3, "V3": 0.7, "V4": 1.1, "V5": 1, "V6": 0.7,
}

var twelve = []string{"I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"}

// Of the artificial heart: a beat each 800 ms, in it an R wave of 1 mV, a P wave 160 ms before and a T wave
// 260 ms behind.
func heart(seconds float64) float64 {
	wave := func(center, width, height float64) float64 {
		d := math.Mod(seconds, 0.8) - center
		return height * math.Exp(-d*d/(2*width*width))
	}
	return wave(0.24, 0.02, 0.15) + wave(0.4, 0.01, 1) + wave(0.66, 0.035, 0.3)
}

// record writes the artificial heart and returns the path of the header.
func (r recorder) record(t testing.TB) string {
	t.Helper()
	if r.names == nil {
		r.names = twelve
	}
	n := int(r.seconds * r.rate)
	var data []byte
	sums := make([]uint16, len(r.names))
	for i := range n {
		at := float64(i) / r.rate
		hum := r.mains*math.Sin(2*math.Pi*50*at) + r.wander*math.Sin(2*math.Pi*0.2*at)
		wave := heart(at)
		for k, name := range r.names {
			x := strength[strings.TrimPrefix(name, "lead ")]*wave + hum
			v := int16(math.Round(x * r.perUnit))
			if r.override != nil {
				v = r.override(name, x)
			}
			sums[k] += uint16(v)
			data = append(data, byte(v), byte(uint16(v)>>8))
		}
	}
	header := fmt.Sprintf("r %d %g %d\n", len(r.names), r.rate, n)
	for k, name := range r.names {
		header += fmt.Sprintf("r.dat 16 %g/%s 16 0 0 %d 0 %s\n", r.perUnit, r.units, sums[k], name)
	}
	folder := t.TempDir()
	for name, content := range map[string][]byte{"r.hea": []byte(header), "r.dat": data} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "r.hea")
}
