package wfdb_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/plugins/ecg/wfdb"
)

// samples are more records than testdata holds.
const samples = "../../../../shared/data/wfdb-samples"

// python is what the Python package reads from a record; testdata/generate.py writes it.
type python struct {
	Frames    int       `json:"frames"`
	Frequency float64   `json:"frequency"`
	Names     []string  `json:"names"`
	Comments  []string  `json:"comments"`
	Formats   []string  `json:"fmt"`
	Units     []string  `json:"units"`
	Gains     []float64 `json:"adc_gain"`
	Baselines []int     `json:"baseline"`
	Physical  []digest  `json:"physical"`
	Digital   []digest  `json:"digital"`
}

type digest struct {
	Length int     `json:"length"`
	First  []int32 `json:"first"`
	Last   []int32 `json:"last"`
	SHA256 string  `json:"sha256"`
}

func digestOfDigital(x []int32) digest {
	var data []byte
	for _, v := range x {
		data = binary.LittleEndian.AppendUint32(data, uint32(v))
	}
	sum := sha256.Sum256(data)
	return digest{len(x), slices.Clone(x[:4]), slices.Clone(x[len(x)-4:]), hex.EncodeToString(sum[:])}
}

func digestOfPhysical(x []float64) digest {
	var data []byte
	for _, v := range x {
		if math.IsNaN(v) { // of which there are several
			v = math.Inf(1)
		}
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
	}
	sum := sha256.Sum256(data)
	return digest{Length: len(x), SHA256: hex.EncodeToString(sum[:])}
}

// TestRecordsAreThoseOfPython reads every record of wfdb-samples whose signal files are there. Reading
// verifies the checksums, so that every record says how many of its signals have one.
func TestRecordsAreThoseOfPython(t *testing.T) {
	var want map[string]python
	data, err := os.ReadFile("testdata/python.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		record    string
		formats   []wfdb.Format
		checksums int
	}{
		{"03700181", []wfdb.Format{212}, 3},
		{"041s", []wfdb.Format{212}, 7}, // two segments, four samples a frame
		{"041s01", []wfdb.Format{212}, 7},
		{"041s02", []wfdb.Format{212}, 7},
		{"100", []wfdb.Format{212}, 2},
		{"100-no-len", []wfdb.Format{212}, 2}, // the size of the file is the length
		{"100_3chan", []wfdb.Format{212}, 3},  // an odd number of samples
		{"100skew", []wfdb.Format{212}, 2},
		{"3000003_0003", []wfdb.Format{80}, 2},
		{"a103l", []wfdb.Format{16}, 3}, // samples behind the header of a .mat file
		{"a103l-no-len", []wfdb.Format{16}, 3},
		{"binformats", []wfdb.Format{8, 16, 61, 80, 160, 212, 310, 311, 24, 32}, 10},
		{"flacformats", []wfdb.Format{508, 516, 524}, 3},
		{"p10143", []wfdb.Format{61}, 2},
		{"s0010_re", []wfdb.Format{16}, 15}, // two files
		{"test01_00s", []wfdb.Format{16}, 4},
		{"test01_00s_frame", []wfdb.Format{16}, 3},
		{"test01_00s_skew", []wfdb.Format{16}, 4},
		{"test01_00s_skewframe", []wfdb.Format{16}, 3},
		{"v102s", []wfdb.Format{212}, 4},
		{"v102s_1", []wfdb.Format{212}, 4},
		{"v102s_2", []wfdb.Format{212}, 4},
		{"v102s_3", []wfdb.Format{212}, 4},
		{"variable", []wfdb.Format{16}, 3}, // a gap, a lead that comes and goes, another gain
		{"variable_1", []wfdb.Format{16}, 2},
		{"variable_2", []wfdb.Format{16}, 2},
	}
	if len(tests) != len(want) {
		t.Errorf("%d records here and %d from Python", len(tests), len(want))
	}
	for _, test := range tests {
		t.Run(test.record, func(t *testing.T) {
			r, err := wfdb.Read(find(t, test.record))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want[test.record], described(t, r)); diff != "" {
				t.Error(diff)
			}
			var formats []wfdb.Format
			checksums := 0
			for _, s := range r.Signals {
				if !slices.Contains(formats, s.Format) {
					formats = append(formats, s.Format)
				}
				if s.HasChecksum {
					checksums++
				}
			}
			if !slices.Equal(formats, test.formats) || checksums != test.checksums {
				t.Errorf("formats %v and %d checksums, want %v and %d", formats, checksums, test.formats, test.checksums)
			}
		})
	}
}

// find is where the header of a record lies.
func find(t *testing.T, record string) string {
	t.Helper()
	for _, folder := range []string{"testdata", samples} {
		if _, err := os.Stat(filepath.Join(folder, record+".hea")); err == nil {
			return filepath.Join(folder, record)
		}
	}
	t.Skip("../shared/data/wfdb-samples is not there")
	return ""
}

// described is a record in the terms of python.json.
func described(t *testing.T, r *wfdb.Record) python {
	t.Helper()
	out := python{Frames: r.Frames, Frequency: r.Frequency, Comments: []string{}}
	out.Comments = append(out.Comments, r.Comments...)
	for i, s := range r.Signals {
		out.Names = append(out.Names, s.Name)
		out.Physical = append(out.Physical, digestOfPhysical(r.Physical(i)))
		out.Units = append(out.Units, s.Units)
		out.Formats = append(out.Formats, strconv.Itoa(int(s.Format)))
		if r.Name != "variable" { // in which there is no one gain
			out.Gains = append(out.Gains, s.Gain)
			out.Baselines = append(out.Baselines, s.Baseline)
			digital, err := r.Digital(i)
			if err != nil {
				t.Fatal(err)
			}
			out.Digital = append(out.Digital, digestOfDigital(digital))
		}
	}
	return out
}

func TestSegmentsOfDifferentGainHaveNoCommonDigitalValues(t *testing.T) {
	r, err := wfdb.Read("testdata/variable")
	if err != nil {
		t.Fatal(err)
	}
	for i, same := range []bool{true, false, true} { // I and V5 are in one segment each
		if _, err := r.Digital(i); (err == nil) != same {
			t.Errorf("signal %d: %v", i, err)
		}
	}
}

func Example() {
	r, err := wfdb.Read("testdata/100_3chan")
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, s := range r.Signals {
		fmt.Printf("%s: %d samples at %g Hz, the first is %.3f %s\n",
			s.Name, len(r.Physical(i)), r.Rate(i), r.Physical(i)[0], s.Units)
	}
	// Output:
	// I: 999 samples at 360 Hz, the first is -0.145 mV
	// II: 999 samples at 360 Hz, the first is -0.065 mV
	// III: 999 samples at 360 Hz, the first is -0.145 mV
}

func BenchmarkRead(b *testing.B) {
	for _, record := range []string{"test01_00s", "041s", "flacformats"} {
		b.Run(record, func(b *testing.B) {
			for b.Loop() {
				if _, err := wfdb.Read("testdata/" + record); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
