package ecg

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"testing"
)

// annotatedBeats are the times, in seconds, of the beats in an annotation file in the MIT format at 360 Hz
// (annot(5) of the WFDB Applications Guide).
func annotatedBeats(t *testing.T, file string) []float64 {
	t.Helper()
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("../shared/data/wfdb-samples is not there")
	}
	if err != nil {
		t.Fatal(err)
	}
	const (
		lastBeat = 13 // codes from 1 are beats of all kinds
		skip     = 59 // the next four bytes are a long interval
		text     = 63 // as many bytes follow, padded to an even number
	)
	var out []float64
	at := 0
	for i := 0; i+1 < len(data); i += 2 {
		word := int(binary.LittleEndian.Uint16(data[i:]))
		code, interval := word>>10, word&1023
		switch {
		case word == 0:
			return out
		case code == skip:
			at += int(binary.LittleEndian.Uint16(data[i+2:]))<<16 + int(binary.LittleEndian.Uint16(data[i+4:]))
			i += 4
		case code == text:
			i += (interval + 1) / 2 * 2
		case code < skip:
			at += interval
			if code >= 1 && code <= lastBeat {
				out = append(out, float64(at)/360)
			}
		}
	}
	return out
}

// TestTheBeatsOfHalfAnHourAreFound compares with the annotations of record 100 of the MIT-BIH arrhythmia
// database.
func TestTheBeatsOfHalfAnHourAreFound(t *testing.T) {
	const record = "../../../shared/data/wfdb-samples/100"
	want := annotatedBeats(t, record+".atr")
	tr, err := load(record, config{Seconds: maxSeconds, Mains: []float64{60}})
	if err != nil {
		t.Fatal(err)
	}
	got := detect(tr)
	if len(got) != 2273 || len(want) != 2273 {
		t.Fatalf("%d beats, %d annotated", len(got), len(want))
	}
	for i, b := range got {
		if math.Abs(float64(b)/rate-want[i]) > 0.05 {
			t.Errorf("beat %d is at %.3f s, not %.3f s", i, float64(b)/rate, want[i])
		}
	}
}

// FuzzFeatures measures any two leads. Nothing panics, and what is measured is finite.
func FuzzFeatures(f *testing.F) {
	f.Add(uint16(1000), uint8(0), uint8(6), []byte{0, 0, 0, 255})
	f.Add(uint16(1200), uint8(1), uint8(1), []byte("a heart that beats wildly"))
	f.Add(uint16(1), uint8(0), uint8(5), []byte{7})
	f.Fuzz(func(t *testing.T, more uint16, one, two uint8, pattern []byte) {
		if len(pattern) == 0 {
			return
		}
		n := minSeconds*rate + int(more)
		tr := &tracing{}
		for k, lead := range []uint8{one, two} {
			x := make([]float64, n)
			for i := range x {
				x[i] = (float64(pattern[(i/(k+1))%len(pattern)]) - 128) / 32
			}
			tr.leads[lead%leadCount] = x
		}
		for j, x := range features(tr) {
			if math.IsInf(x, 0) {
				t.Errorf("%s is %g", featureNames[j], x)
			}
		}
	})
}
