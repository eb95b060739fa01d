package cxr_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fusemoe/fusemoe/plugins/cxr"
	"github.com/fusemoe/fusemoe/plugins/internal/onnx/onnxtest"
	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/sdktest"
)

// looking is a config for a network of the tests; more are further keys of onnx.
func looking(network string, size int, more string) string {
	return fmt.Sprintf(`{"encoder": "onnx", "size": %d, "onnx": {"model": "../internal/onnx/testdata/%s.onnx"%s}}`, size, network, more)
}

// slanted is a PNG file with the pixels of testdata/embed.py.
func slanted(t testing.TB, size int) sdk.Sample {
	m := image.NewGray(image.Rect(0, 0, size, size))
	for i := range m.Pix {
		m.Pix[i] = uint8(7*(i%size) + 13*(i/size))
	}
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		t.Fatal(err)
	}
	return sdk.Sample{Items: []sdk.Item{{Time: 2, MediaType: "image/png", Data: file.Bytes()}}}
}

// TestVectorsAreThoseOfPython compares with what testdata/embed.py wrote.
func TestVectorsAreThoseOfPython(t *testing.T) {
	onnxtest.Library(t)
	data, err := os.ReadFile("testdata/networks.json")
	if err != nil {
		t.Fatal(err)
	}
	var python map[string][]float32
	if err := json.Unmarshal(data, &python); err != nil {
		t.Fatal(err)
	}
	const imageNet = `, "black": 0, "white": 1, "mean": [0.485, 0.456, 0.406], "deviation": [0.229, 0.224, 0.225]`
	for name, config := range map[string]string{
		"gray":         looking("image", 32, `, "output": "vector"`),
		"gray, places": looking("image", 32, ""),
		"colour":       looking("colour", 32, imageNet),
		"colour last":  looking("places", 32, `, "black": 0, "white": 255, "channels": 3`),
	} {
		t.Run(name, func(t *testing.T) {
			x, _ := fitted(t, config, 0)
			got, err := x.Encode(t.Context(), slanted(t, 32))
			if err != nil || len(got.Values) != 1 || got.Times[0] != 2 {
				t.Fatalf("%v, %v", got, err)
			}
			// The pixels of torchxrayvision are in the hundreds.
			if diff := cmp.Diff(python[name], got.Values[0], cmpopts.EquateApprox(1e-6, 1e-4)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestANetworkConforms(t *testing.T) {
	onnxtest.Library(t)
	samples := chests()[:6]
	for i := range samples {
		samples[i].ID = string(rune('a' + i))
	}
	sdktest.Conform(t, sdktest.Case{
		New: func() sdk.Modality { return cxr.New() }, Config: looking("image", 64, ""), Samples: samples,
	})
}

func TestNeitherThreadsNorBatchesChangeANetworksVector(t *testing.T) {
	onnxtest.Library(t)
	one, _ := fitted(t, looking("image", 64, ""), 1)
	four, _ := fitted(t, looking("image", 64, ""), 4)
	together, err := four.EncodeBatch(t.Context(), chests())
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range chests() {
		alone, err := one.Encode(t.Context(), s)
		if diff := cmp.Diff(alone, together[i]); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
	if one.Fingerprint() == "" || one.Fingerprint() != four.Fingerprint() {
		t.Errorf("fingerprints %q and %q", one.Fingerprint(), four.Fingerprint())
	}
	if other, _ := fitted(t, looking("colour", 32, ""), 1); other.Fingerprint() == one.Fingerprint() {
		t.Error("another network has the same fingerprint")
	}
}

func TestNetworksThatCannotLookAtImages(t *testing.T) {
	onnxtest.Library(t)
	for _, test := range []struct{ name, config, path, want string }{
		{"a text network", looking("text", 32, ""), "onnx.model", "one input, of float32 numbers and 4 dimensions"},
		{"another size", looking("colour", 64, ""), "size", "the network takes images of 32 x 32 pixels, not 64"},
		{"too small an image", looking("image", 1, ""), "onnx.model", "the network does not take an image of 1 x 1 pixels"},
		{"other channels", looking("colour", 32, `, "channels": 1`), "onnx.channels", "takes another number"},
		{"numbers for other channels", looking("image", 32, `, "mean": [1, 2, 3]`), "onnx.mean", "it has 3 numbers for 1 channels"},
		{"another output", looking("image", 32, `, "output": "logits"`), "onnx.output", `no output "logits"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := cxr.New().Configure(t.Context(), sdk.Config{JSON: []byte(test.config)})
			d, ok := errors.AsType[*sdk.Diagnostic](err)
			if !ok || d.Path != test.path || !strings.Contains(d.Summary, test.want) || d.Detail == "" {
				t.Errorf("got %v, want %s: %s", err, test.path, test.want)
			}
		})
	}
}

// BenchmarkNetwork looks at images of 224 x 224 pixels with the network that DENSENET_ONNX
// names, such as the DenseNet-121 that docs/networks.md exports, on all threads.
func BenchmarkNetwork(b *testing.B) {
	onnxtest.Library(b)
	path := os.Getenv("DENSENET_ONNX")
	if path == "" {
		b.Skip("DENSENET_ONNX names no network; docs/networks.md exports one")
	}
	x, _ := fitted(b, fmt.Sprintf(`{"encoder": "onnx", "onnx": {"model": %q}}`, path), 0)
	samples := make([]sdk.Sample, 32)
	for i := range samples {
		samples[i] = slanted(b, 224)
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
