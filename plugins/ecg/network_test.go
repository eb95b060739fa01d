package ecg

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fusemoe/fusemoe/plugins/internal/onnx"
	"github.com/fusemoe/fusemoe/plugins/internal/onnx/onnxtest"
	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/sdktest"
)

const (
	networks = "../internal/onnx/testdata/"
	record   = "testdata/ptbxl/00002_hr.hea"
)

// listening is a config for a network of the tests; more are further keys of onnx.
func listening(network, more string) string {
	return fmt.Sprintf(`{"encoder": "onnx", "onnx": {"model": "%s%s.onnx"%s}}`, networks, network, more)
}

func recorded(path string) sdk.Sample {
	return sdk.Sample{ID: path, Items: []sdk.Item{{Time: 3, MediaType: MediaType, Path: path}}}
}

// heard is the vector of the record.
func heard(t *testing.T, config string) []float32 {
	t.Helper()
	e := New()
	dim, err := e.Configure(t.Context(), sdk.Config{JSON: []byte(config), Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	q, err := e.Encode(t.Context(), recorded(record))
	if err != nil || len(q.Values) != 1 || len(q.Values[0]) != dim || q.Times[0] != 3 {
		t.Fatalf("%v, %v", q, err)
	}
	return q.Values[0]
}

// TestANetworkIsGivenTheLeadsAsItWantsThem runs the networks of the tests, which the tests of the package onnx
// hold to Python, on inputs that are put together one number after the other.
func TestANetworkIsGivenTheLeadsAsItWantsThem(t *testing.T) {
	onnxtest.Library(t)
	cfg, err := read(sdk.Config{})
	if err != nil {
		t.Fatal(err)
	}
	tracing, err := load(record, cfg)
	if err != nil {
		t.Fatal(err)
	}
	reversed := slices.Clone(leadNames[:])
	slices.Reverse(reversed)
	for _, test := range []struct {
		name, network, more string
		shape               []int64
		number              func(lead, sample int) float64
	}{
		{
			"leads first, of the length of seconds", "signal", `, "output": "vector"`,
			[]int64{1, 12, 5000},
			func(lead, sample int) float64 { return tracing.leads[lead][sample] },
		},
		{
			"leads last, of its own length", "keras", "",
			[]int64{1, 1024, 12},
			func(lead, sample int) float64 { return tracing.leads[lead][sample] },
		},
		{
			"other order and unit", "signal", fmt.Sprintf(`, "output": "vector", "gain": 1000, "leads": ["%s"]`, strings.Join(reversed, `", "`)),
			[]int64{1, 12, 5000},
			func(lead, sample int) float64 { return 1000 * tracing.leads[11-lead][sample] },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			model, err := onnx.Read(onnx.Config{Model: networks + test.network + ".onnx"})
			if err != nil {
				t.Fatal(err)
			}
			n, err := model.Open("cpu", []string{"input"}, "vector")
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			input := onnx.Tensor{Shape: test.shape}
			for i := range test.shape[1] {
				for k := range test.shape[2] {
					lead, sample := int(i), int(k)
					if test.shape[2] == leadCount {
						lead, sample = sample, lead
					}
					input.Floats = append(input.Floats, float32(test.number(lead, sample)))
				}
			}
			want, _, err := n.Run(input)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, heard(t, listening(test.network, test.more))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnOutputWithMomentsHasTheirMean(t *testing.T) {
	onnxtest.Library(t)
	want := heard(t, listening("signal", `, "output": "vector"`)) // the network's own mean of its features
	got := heard(t, listening("signal", `, "output": "features"`))
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatARecordLacksIsZero(t *testing.T) {
	n := &network{leads: []int{1, 0}, length: 4, resampler: newResampler(rate, rate)}
	got := n.prepare(&tracing{leads: [leadCount][]float64{{1, 2, 3, 4, 5}, nil}})
	if diff := cmp.Diff(prepared{{0, 0, 0, 0}, {1, 2, 3, 4}}, got); diff != "" {
		t.Error(diff)
	}
	got = n.prepare(&tracing{leads: [leadCount][]float64{{1, 2}, {3}}})
	if diff := cmp.Diff(prepared{{3, 0, 0, 0}, {1, 2, 0, 0}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestANetworkConforms(t *testing.T) {
	onnxtest.Library(t)
	sdktest.Conform(t, sdktest.Case{
		New: func() sdk.Modality { return New() }, Config: listening("signal", ""),
		Samples: []sdk.Sample{recorded(record), recorded("testdata/ptbxl/00286_hr.hea")},
	})
}

func TestTheFingerprintIsThatOfTheNetwork(t *testing.T) {
	onnxtest.Library(t)
	prints := make(map[string]bool)
	for _, config := range []string{`{}`, listening("signal", ""), listening("keras", "")} {
		e := New()
		if _, err := e.Configure(t.Context(), sdk.Config{JSON: []byte(config)}); err != nil {
			t.Fatal(err)
		}
		prints[e.Fingerprint()] = true
	}
	if len(prints) != 3 || !prints[""] {
		t.Errorf("got %v, want an empty one and two others", prints)
	}
}

func TestNetworksThatCannotListen(t *testing.T) {
	onnxtest.Library(t)
	for _, test := range []struct{ name, config, path, want string }{
		{"an image network", listening("image", ""), "onnx.model", "one input, of float32 numbers and 3 dimensions"},
		{"other leads", listening("signal", `, "leads": ["I", "II"]`), "onnx.leads", "has 2 leads, which the network's input does not: input [any, 12, any]"},
		{"longer than the seconds", listening("keras", `, "rate": 100`), "seconds", "takes 1024 samples at 100 Hz, more than 10 s have"},
		{"another output", listening("keras", `, "output": "logits"`), "onnx.output", `no output "logits"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New().Configure(t.Context(), sdk.Config{JSON: []byte(test.config)})
			d, ok := errors.AsType[*sdk.Diagnostic](err)
			if !ok || d.Path != test.path || !strings.Contains(d.Summary, test.want) || d.Detail == "" {
				t.Errorf("got %v, want %s: %s", err, test.path, test.want)
			}
		})
	}
}
