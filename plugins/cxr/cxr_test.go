package cxr_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat"

	"github.com/fusemoe/fusemoe/plugins/cxr"
	"github.com/fusemoe/fusemoe/sdk"
)

// chests are the radiographs in testdata, one a sample.
func chests() []sdk.Sample {
	paths, err := filepath.Glob("testdata/pneumoniamnist/*.png")
	if err != nil {
		panic(err) // a bad pattern
	}
	var samples []sdk.Sample
	for _, path := range paths {
		samples = append(samples, sdk.Sample{Items: []sdk.Item{{Time: 2, MediaType: "image/png", Path: path}}})
	}
	return samples
}

func each(samples []sdk.Sample) iter.Seq2[sdk.Sample, error] {
	return func(yield func(sdk.Sample, error) bool) {
		for _, s := range samples {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// fitted is a CXR with that config, fitted on the radiographs in testdata, and its state.
func fitted(t testing.TB, config string, threads int) (*cxr.CXR, []byte) {
	t.Helper()
	x, c := cxr.New(), sdk.Config{JSON: []byte(config), Threads: threads}
	if _, err := x.Configure(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	state, err := x.Fit(t.Context(), each(chests()))
	if err != nil {
		t.Fatal(err)
	}
	c.State = state
	if _, err := x.Configure(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return x, state
}

// Two radiographs of a stay become two vectors, at their times.
func Example() {
	ctx := context.Background()
	config := sdk.Config{JSON: []byte(`{"components": 4}`)}
	x := cxr.New()
	if _, err := x.Configure(ctx, config); err != nil {
		fmt.Println(err)
		return
	}
	state, err := x.Fit(ctx, each(chests()))
	if err != nil {
		fmt.Println(err)
		return
	}
	config.State = state
	width, err := x.Configure(ctx, config)
	if err != nil {
		fmt.Println(err)
		return
	}
	stay := sdk.Sample{Items: []sdk.Item{
		{Time: 0.5, MediaType: "image/png", Path: "testdata/pneumoniamnist/normal-01.png"},
		{Time: 9, MediaType: "image/png", Path: "testdata/pneumoniamnist/normal-02.png"},
	}}
	q, err := x.Encode(ctx, stay)
	fmt.Println(width, q.Times, len(q.Values), len(q.Values[0]), err)
	// Output: 4 [0.5 9] 2 4 <nil>
}

func TestConfigsThatCannotBeUsed(t *testing.T) {
	for _, test := range []struct{ config, path, summary string }{
		{`{"encodr": "descriptor"}`, "encodr", "unknown key, did you mean encoder?"},
		{`{"encoder": "resnet"}`, "encoder", `unknown value "resnet"`},
		{`{"size": 16}`, "size", "16 pixels"},
		{`{"size": 4096}`, "size", "4096 pixels"},
		{`{"components": 0}`, "components", "0 components"},
		{`{"components": 5000}`, "components", "5000 components"},
		{`{"onnx": {"model": "m.onnx"}}`, "onnx", "is there, but the encoder is descriptor"},
		{`{"encoder": "onnx", "components": 64}`, "components", "is there, but the encoder is onnx"},
		{`{"encoder": "onnx", "whiten": true}`, "whiten", "is there, but the encoder is onnx"},
		{`{"encoder": "onnx"}`, "onnx.model", "no network is named"},
		{`{"encoder": "onnx", "size": 0}`, "size", "0 pixels"},
		{`{"encoder": "onnx", "onnx": {"channels": 2}}`, "onnx.channels", "2 channels"},
		{`{"encoder": "onnx", "onnx": {"black": 1, "white": 1}}`, "onnx.white", "black and white are both 1"},
		{`{"encoder": "onnx", "onnx": {"deviation": [0]}}`, "onnx.deviation", "nothing can be divided by 0"},
		{`{"whiten": 1}`, "whiten", "number is not true or false"},
	} {
		t.Run(test.config, func(t *testing.T) {
			_, err := cxr.New().Configure(t.Context(), sdk.Config{JSON: []byte(test.config)})
			d, ok := errors.AsType[*sdk.Diagnostic](err)
			if !ok || d.Path != test.path || d.Summary != test.summary {
				t.Errorf("got %v, want %s: %s", err, test.path, test.summary)
			}
		})
	}
}

func TestNeitherThreadsNorBatchesChangeAVector(t *testing.T) {
	one, stateOfOne := fitted(t, `{"components": 8}`, 1)
	four, stateOfFour := fitted(t, `{"components": 8}`, 4)
	if !bytes.Equal(stateOfOne, stateOfFour) {
		t.Fatal("the number of threads changes what is learned")
	}
	all := chests()
	together, err := four.EncodeBatch(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range all {
		alone, err := one.Encode(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(alone, together[i]); diff != "" {
			t.Error(diff)
		}
	}
}

func TestContentInPlaceOfAPathGivesTheSame(t *testing.T) {
	x, _ := fitted(t, `{"components": 3}`, 0)
	s := chests()[0]
	data, err := os.ReadFile(s.Items[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := x.Encode(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.Encode(t.Context(), sdk.Sample{Items: []sdk.Item{{Time: 2, MediaType: "image/png", Data: data}}})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// TestCoordinatesAreCentredAndScaled looks at the split that was fitted: each coordinate
// has mean 0; their variances are 1 with whitening, and 1 on average without, descending.
func TestCoordinatesAreCentredAndScaled(t *testing.T) {
	for config, equal := range map[string]bool{`{"components": 6}`: false, `{"components": 6, "whiten": true}`: true} {
		t.Run(config, func(t *testing.T) {
			x, _ := fitted(t, config, 0)
			all, err := x.EncodeBatch(t.Context(), chests())
			if err != nil {
				t.Fatal(err)
			}
			var sum float64
			last := math.Inf(1)
			for k := range 6 {
				var values []float64
				for _, q := range all {
					values = append(values, float64(q.Values[0][k]))
				}
				mean, variance := stat.PopMeanVariance(values, nil)
				if math.Abs(mean) > 1e-4 || equal && math.Abs(variance-1) > 1e-3 || !equal && variance >= last {
					t.Errorf("coordinate %d has mean %g and variance %g", k, mean, variance)
				}
				sum, last = sum+variance, variance
			}
			if math.Abs(sum-6) > 1e-2 {
				t.Errorf("the variances add up to %g", sum)
			}
		})
	}
}

func TestABrokenImageIsThatSamplesErrorWithoutItsName(t *testing.T) {
	x, _ := fitted(t, `{"components": 2}`, 0)
	path := filepath.Join(t.TempDir(), "p10000032.png")
	if err := os.WriteFile(path, []byte("\x89PNG\r\n\x1a\nSecret Name"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := chests()[0].Items[0]
	bad := sdk.Sample{Items: []sdk.Item{good, {Time: 3, MediaType: "image/png", Path: path}}}
	_, err := x.Encode(t.Context(), bad)
	if err == nil || !strings.HasPrefix(err.Error(), "image 2 of 2: the PNG file is cut short or damaged") {
		t.Errorf("got %v", err)
	}
	if text := fmt.Sprint(err); strings.Contains(text, "Secret") || strings.Contains(text, "10000032") {
		t.Error("the error identifies the patient")
	}
}

func TestImagesThatCannotBeReadAreLeftOutOfFitting(t *testing.T) {
	x, want := fitted(t, `{"components": 2}`, 0)
	bad := sdk.Sample{Items: []sdk.Item{{MediaType: "image/png", Data: []byte("no image")}}}
	got, err := x.Fit(t.Context(), each(append(chests(), bad)))
	if err != nil || !bytes.Equal(want, got) {
		t.Errorf("another state, %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Fit(ctx, each(chests())); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTooFewImagesAreADiagnostic(t *testing.T) {
	x := cxr.New()
	if _, err := x.Configure(t.Context(), sdk.Config{JSON: []byte(`{"components": 24}`)}); err != nil {
		t.Fatal(err)
	}
	_, err := x.Fit(t.Context(), each(chests()))
	if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Path != "components" {
		t.Errorf("got %v", err)
	}
}

func TestStateThatDoesNotFitIsRefused(t *testing.T) {
	const config = `{"components": 2}`
	_, state := fitted(t, config, 0)
	for _, test := range []struct{ name, config, state string }{
		{"another width", `{"components": 3}`, string(state)},
		{"another version", config, `{"version": 99}`},
		{"no state", config, `mean`},
		{"no numbers", config, `{"version": 1}`},
		{"infinite numbers", config, strings.Replace(string(state), `"rows":"`, `"rows":"AACAfwAA`, 1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := cxr.New().Configure(t.Context(), sdk.Config{JSON: []byte(test.config), State: []byte(test.state)})
			if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Detail != "fit the modality again" {
				t.Errorf("got %v", err)
			}
		})
	}
}

// FuzzState checks that no state makes the plugin panic.
func FuzzState(f *testing.F) {
	_, state := fitted(f, `{"components": 1, "size": 32}`, 0)
	f.Add(state)
	f.Add([]byte(`{"version":1,"mean":"","rows":""}`))
	sample := chests()[0]
	f.Fuzz(func(t *testing.T, state []byte) {
		if len(state) == 0 {
			return
		}
		x := cxr.New()
		if _, err := x.Configure(t.Context(), sdk.Config{JSON: []byte(`{"components": 1, "size": 32}`), State: state}); err == nil {
			if _, err := x.Encode(t.Context(), sample); err != nil {
				t.Error(err)
			}
		}
	})
}

// BenchmarkEncode encodes PNG files of 224 x 224 pixels on all threads.
func BenchmarkEncode(b *testing.B) {
	x, _ := fitted(b, `{"components": 23}`, 0)
	m := image.NewGray(image.Rect(0, 0, 224, 224))
	for i := range m.Pix {
		m.Pix[i] = uint8(128 + 100*math.Sin(float64(i%224)/20)*math.Cos(float64(i/224)/30) + float64(i*i%19))
	}
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		b.Fatal(err)
	}
	samples := make([]sdk.Sample, 32)
	for i := range samples {
		samples[i].Items = []sdk.Item{{MediaType: "image/png", Data: file.Bytes()}}
	}
	images := 0
	for b.Loop() {
		if _, err := x.EncodeBatch(b.Context(), samples); err != nil {
			b.Fatal(err)
		}
		images += len(samples)
	}
	b.ReportMetric(float64(images)/b.Elapsed().Seconds(), "images/s")
}
