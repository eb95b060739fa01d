//go:build cgo

package onnx_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fusemoe/fusemoe/plugins/internal/onnx"
	"github.com/fusemoe/fusemoe/plugins/internal/onnx/onnxtest"
	"github.com/fusemoe/fusemoe/sdk"
)

// opened is a network of testdata, open for one output.
func opened(t testing.TB, name, output string) *onnx.Network {
	t.Helper()
	onnxtest.Library(t)
	m, err := onnx.Read(onnx.Config{Model: filepath.Join("testdata", name)})
	if err != nil {
		t.Fatal(err)
	}
	var inputs []string
	for _, v := range m.Inputs {
		inputs = append(inputs, v.Name)
	}
	n, err := m.Open("cpu", inputs, output)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// ramp rises evenly from low to high.
func ramp(low, high float64, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(low + (high-low)*float64(i)/float64(n-1))
	}
	return out
}

// TestNetworksGiveWhatPythonGives compares with what testdata/generate.py wrote.
func TestNetworksGiveWhatPythonGives(t *testing.T) {
	data, err := os.ReadFile("testdata/python.json")
	if err != nil {
		t.Fatal(err)
	}
	var python map[string]struct {
		Shape  []int64
		Values []float32
	}
	if err := json.Unmarshal(data, &python); err != nil {
		t.Fatal(err)
	}
	image := []onnx.Tensor{{Shape: []int64{1, 1, 7, 7}, Floats: ramp(-1, 1, 49)}}
	tokens := []onnx.Tensor{
		{Shape: []int64{2, 4}, Ints: []int64{101, 2053, 15749, 102, 101, 30521, 102, 0}},
		{Shape: []int64{2, 4}, Ints: []int64{1, 1, 1, 1, 1, 1, 1, 0}},
		{Shape: []int64{2, 4}, Ints: make([]int64, 8)},
	}
	for _, test := range []struct {
		model, output string
		inputs        []onnx.Tensor
	}{
		{"image", "features", image},
		{"image", "vector", image},
		{"text", "last_hidden_state", tokens},
		{"text", "pooler_output", tokens},
		{"signal", "vector", []onnx.Tensor{{Shape: []int64{1, 12, 100}, Floats: ramp(-1, 1, 1200)}}},
		{"keras", "vector", []onnx.Tensor{{Shape: []int64{1, 1024, 12}, Floats: ramp(-1, 1, 12288)}}},
		{"external", "output", []onnx.Tensor{{Shape: []int64{1, 16}, Floats: ramp(0, 1, 16)}}},
	} {
		t.Run(test.model+" "+test.output, func(t *testing.T) {
			got, shape, err := opened(t, test.model+".onnx", test.output).Run(test.inputs...)
			if err != nil {
				t.Fatal(err)
			}
			want := python[test.model+" "+test.output]
			if diff := cmp.Diff(want.Shape, shape); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(want.Values, got, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRunsAtTheSameTimeAreTheSame(t *testing.T) {
	n := opened(t, "image.onnx", "vector")
	input := onnx.Tensor{Shape: []int64{1, 1, 40, 40}, Floats: ramp(0, 1, 1600)}
	want, _, err := n.Run(input)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if got, _, err := n.Run(input); err != nil || !cmp.Equal(want, got) {
					t.Errorf("got %v, %v", got, err)
				}
			}
		})
	}
	all.Wait()
}

func TestARunThatFailsIsAnError(t *testing.T) {
	n := opened(t, "image.onnx", "vector")
	if _, _, err := n.Run(onnx.Tensor{Shape: []int64{1, 2, 7, 7}, Floats: ramp(0, 1, 98)}); err == nil {
		t.Error("two channels are none for a network of one")
	}
	if _, _, err := n.Run(onnx.Tensor{Shape: []int64{1, 1, 9, 9}, Floats: ramp(0, 1, 49)}); err == nil {
		t.Error("49 numbers are none for 81")
	}
}

// TestWhatCannotBeOpenedSaysWhy is about networks and libraries that are there.
func TestWhatCannotBeOpenedSaysWhy(t *testing.T) {
	onnxtest.Library(t)
	read := func(name string) *onnx.Model {
		m, err := onnx.Read(onnx.Config{Model: "testdata/" + name})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, test := range []struct {
		name string
		do   func() error
		want string
	}{
		{
			"no such input",
			func() error { _, err := read("image.onnx").Open("cpu", []string{"pixels"}, "vector"); return err },
			`onnx.model: the network has no input "pixels"; its inputs are: input [any, 1, any, any]`,
		},
		{
			"no such output",
			func() error { _, err := read("image.onnx").Output("logits", 2); return err },
			`onnx.output: the network has no output "logits"; its outputs are: features [any, 4, any, any], vector [any, 4]`,
		},
		{
			"an output of another rank",
			func() error { _, err := read("image.onnx").Output("features", 2); return err },
			`onnx.output: the output has 4 dimensions: features [any, 4, any, any]; those of the network are: features [any, 4, any, any], vector [any, 4]`,
		},
		{
			"no output of that rank",
			func() error { _, err := read("text.onnx").Output("", 4, 5); return err },
			`onnx.output: the network has no output of float32 numbers with 4 or 5 dimensions; its outputs are: last_hidden_state [any, any, 8], pooler_output [any, 8]`,
		},
		{
			"whole numbers out",
			func() error { _, err := read("whole.onnx").Output("twice", 1); return err },
			`onnx.output: the output twice is not of float32 numbers; export the network with float32 outputs`,
		},
		{
			"whole numbers in",
			func() error { _, err := read("whole.onnx").Only(1); return err },
			`onnx.model: the network should have one input, of float32 numbers and 1 dimensions; its inputs are: x [any]`,
		},
		{
			"another device",
			func() error { _, err := read("image.onnx").Open("tpu", []string{"input"}, "vector"); return err },
			`onnx.library: cannot run on tpu: only cpu and cuda:0 and so on are known; install onnxruntime-gpu and CUDA, or set the modality's device to cpu`,
		},
		{
			"another library",
			func() error {
				_, err := onnx.Read(onnx.Config{Model: "testdata/image.onnx", Library: "onnx_test.go"})
				return err
			},
			`onnx.library: this process has loaded another ONNX Runtime; start fusemoe again`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.do()
			if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Error() != test.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAGPUThatTheLibraryDoesNotOfferIsADiagnostic(t *testing.T) {
	onnxtest.Library(t)
	m, err := onnx.Read(onnx.Config{Model: "testdata/image.onnx"})
	if err != nil {
		t.Fatal(err)
	}
	n, err := m.Open("cuda:0", []string{"input"}, "vector")
	if err == nil { // this machine has one
		defer n.Close()
		if _, _, err := n.Run(onnx.Tensor{Shape: []int64{1, 1, 7, 7}, Floats: ramp(-1, 1, 49)}); err != nil {
			t.Error(err)
		}
		return
	}
	if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || !strings.HasPrefix(d.Summary, "cannot run on cuda:0: ") {
		t.Errorf("got %v", err)
	}
}

func TestADamagedNetworkIsADiagnostic(t *testing.T) {
	onnxtest.Library(t)
	good, err := os.ReadFile("testdata/image.onnx")
	if err != nil {
		t.Fatal(err)
	}
	// The operation becomes one that there is not: the file is well formed.
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := os.WriteFile(path, []byte(strings.Replace(string(good), "Relu", "Rilu", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = onnx.Read(onnx.Config{Model: path})
	if d, ok := errors.AsType[*sdk.Diagnostic](err); !ok || d.Path != "onnx.model" || !strings.Contains(d.Summary, "cannot read the network") {
		t.Errorf("got %v", err)
	}
}

func Example() {
	if os.Getenv(sdk.ONNXRuntimeEnv) == "" {
		fmt.Println("[1 4] true") // without the library there is nothing to show
		return
	}
	m, err := onnx.Read(onnx.Config{Model: "testdata/image.onnx"})
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := m.Open("cpu", []string{"input"}, "vector")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n.Close()
	out, shape, err := n.Run(onnx.Tensor{Shape: []int64{1, 1, 8, 8}, Floats: make([]float32, 64)})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(shape, math.Abs(float64(out[0])) < 1e-6)
	// Output: [1 4] true
}
