// Package onnx runs pretrained networks with ONNX Runtime, a library that the user has
// installed.
//
//	m, err := onnx.Read(config)
//	n, err := m.Open("cpu", []string{"image"}, "features")
//	defer n.Close()
//	out, shape, err := n.Run(onnx.Tensor{Shape: []int64{1, 1, 224, 224}, Floats: pixels})
//
// A run uses one thread: its result then does not depend on how many there are. Whoever
// has more threads makes several runs at a time, which is also faster.
//
// The library is found at run time. A program built without cgo has this package too, and
// says how to build one that can.
package onnx

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/fusemoe/fusemoe/sdk"
)

// Config is what users say of a network. It stands under the key onnx of a plugin's
// config, where the paths of diagnostics begin.
type Config struct {
	// Model is the path of the network.
	Model string `json:"model" doc:"path of the network, an .onnx file"`
	// Library is the path of ONNX Runtime; empty: what sdk.ONNXRuntimeEnv says.
	Library string `json:"library" doc:"path of the ONNX Runtime library, if FUSEMOE_ONNXRUNTIME does not say it"`
	// Output is the name of the output that is used; empty: the plugin chooses.
	Output string `json:"output" doc:"name of the network's output; if left out, the first of a fitting shape"`
}

// At is a diagnostic about a key of the config.
func At(key, summary, detail string) *sdk.Diagnostic {
	return &sdk.Diagnostic{Path: "onnx." + key, Summary: summary, Detail: detail}
}

// Type is what the numbers of a tensor are.
type Type int

// The types of which tensors can be given to a network or taken from it.
const (
	Other Type = iota
	Float32
	Int32
	Int64
)

// Value is an input or an output of a network.
type Value struct {
	Name string
	Type Type
	// Shape has 0 or less where any size will do.
	Shape []int64
}

// String is the value as errors name it.
func (v Value) String() string {
	sizes := make([]string, len(v.Shape))
	for i, n := range v.Shape {
		sizes[i] = "any"
		if n > 0 {
			sizes[i] = fmt.Sprint(n)
		}
	}
	return fmt.Sprintf("%s [%s]", v.Name, strings.Join(sizes, ", "))
}

// describe lists values for an error.
func describe(values []Value) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = v.String()
	}
	return strings.Join(all, ", ")
}

// Model is a network that was read and not opened yet.
type Model struct {
	Inputs, Outputs []Value
	// Fingerprint is that of the file, and of those with its weights.
	Fingerprint string

	path string
}

// Read finds out what the network takes and gives. It loads the library, once for all
// models of the process. Errors are *sdk.Diagnostic.
func Read(c Config) (*Model, error) {
	if c.Model == "" {
		return nil, At("model", "no network is named", "give the path of an .onnx file")
	}
	print, err := fingerprint(c.Model)
	if err != nil {
		return nil, err
	}
	if err := load(c); err != nil {
		return nil, err
	}
	m := &Model{path: c.Model, Fingerprint: print}
	if m.Inputs, m.Outputs, err = inspect(c.Model); err != nil {
		return nil, At("model", "ONNX Runtime cannot read the network: "+err.Error(), "export it again, or install a newer ONNX Runtime")
	}
	return m, nil
}

// Output is the output of that name, or if there is none the first whose shape has one
// of the ranks.
func (m *Model) Output(name string, ranks ...int) (Value, error) {
	for _, v := range m.Outputs {
		fits := slices.Contains(ranks, len(v.Shape))
		switch {
		case name == "" && fits && v.Type == Float32:
			return v, nil
		case name != v.Name:
		case !fits:
			return Value{}, At("output", fmt.Sprintf("the output has %d dimensions: %s", len(v.Shape), v),
				"those of the network are: "+describe(m.Outputs))
		case v.Type != Float32:
			return Value{}, At("output", "the output "+name+" is not of float32 numbers", "export the network with float32 outputs")
		default:
			return v, nil
		}
	}
	if name == "" {
		return Value{}, At("output", fmt.Sprintf("the network has no output of float32 numbers with %s dimensions", either(ranks)),
			"its outputs are: "+describe(m.Outputs))
	}
	return Value{}, At("output", fmt.Sprintf("the network has no output %q", name), "its outputs are: "+describe(m.Outputs))
}

// either is "2", or "2 or 4".
func either(ranks []int) string {
	all := make([]string, len(ranks))
	for i, r := range ranks {
		all[i] = fmt.Sprint(r)
	}
	return strings.Join(all, " or ")
}

// Only is the network's input, of that many dimensions, if it has just one, of float32
// numbers: signal or image.
func (m *Model) Only(rank int) (Value, error) {
	if len(m.Inputs) == 1 && m.Inputs[0].Type == Float32 && len(m.Inputs[0].Shape) == rank {
		return m.Inputs[0], nil
	}
	return Value{}, At("model", fmt.Sprintf("the network should have one input, of float32 numbers and %d dimensions", rank),
		"its inputs are: "+describe(m.Inputs))
}

// Network is an open network. Runs may be made at the same time.
type Network struct{ session session }

// session is the library's part of a network.
type session interface {
	run(inputs []Tensor) ([]float32, []int64, error)
	close()
}

// Open prepares the network for runs on that device, cpu or cuda:0 and so on, with these
// inputs, which are all that it has, and that output. Errors are *sdk.Diagnostic.
func (m *Model) Open(device string, inputs []string, output string) (*Network, error) {
	var used []Value
	for _, name := range inputs {
		i := slices.IndexFunc(m.Inputs, func(v Value) bool { return v.Name == name })
		if i < 0 {
			return nil, At("model", fmt.Sprintf("the network has no input %q", name), "its inputs are: "+describe(m.Inputs))
		}
		used = append(used, m.Inputs[i])
	}
	s, err := open(m.path, device, used, output)
	if err != nil {
		return nil, err
	}
	return &Network{s}, nil
}

// Tensor is numbers in a shape, the last dimension first in memory. It has Floats for an
// input of Float32, else Ints.
type Tensor struct {
	Shape  []int64
	Floats []float32
	Ints   []int64
}

// Run returns the output for the inputs, in the order of Open, and its shape.
func (n *Network) Run(inputs ...Tensor) (values []float32, shape []int64, err error) {
	return n.session.run(inputs)
}

// Close frees what the network holds. A nil network holds nothing.
func (n *Network) Close() {
	if n != nil {
		n.session.close()
	}
}

// install is the one line that gets the library.
const install = `pip install onnxruntime==1.30.0 && export FUSEMOE_ONNXRUNTIME=$(python3 -c 'import glob, onnxruntime as o; print(*glob.glob(o.__path__[0] + "/capi/libonnxruntime.*[0-9]*"))')`

// libraryPath is where the library is, and the key or variable that says so.
func libraryPath(c Config) (path string, err error) {
	source := "onnx.library"
	if path = c.Library; path == "" {
		source, path = sdk.ONNXRuntimeEnv, os.Getenv(sdk.ONNXRuntimeEnv)
	}
	if path == "" {
		return "", At("library", "no ONNX Runtime is named, neither here nor by "+sdk.ONNXRuntimeEnv, "get it: "+install)
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return "", At("library", fmt.Sprintf("%s names no file: %s", source, path), "get the library: "+install)
	}
	return path, nil
}
