//go:build cgo

package onnx

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// loaded is the library of this process, which has at most one, or empty.
var loaded struct {
	sync.Mutex
	path string
}

// load loads the library, unless it is loaded.
func load(c Config) error {
	loaded.Lock()
	defer loaded.Unlock()
	path, err := libraryPath(c)
	switch {
	case err != nil:
		return err
	case loaded.path == path:
		return nil
	case loaded.path != "":
		return At("library", "this process has loaded another ONNX Runtime", "start fusemoe again")
	}
	ort.SetSharedLibraryPath(path)
	// Its errors are returned; what it would log of them may quote the inputs.
	if err := ort.InitializeEnvironment(ort.WithLogLevelFatal()); err != nil {
		return At("library", "cannot load ONNX Runtime: "+err.Error(), "it must be of version 1.29 or newer and of this kind of machine; get it: "+install)
	}
	_ = ort.DisableTelemetry() // only some builds have any
	loaded.path = path
	return nil
}

// options are those of every session: one thread a run.
func options(level ort.GraphOptimizationLevel) (*ort.SessionOptions, error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(o.SetIntraOpNumThreads(1), o.SetInterOpNumThreads(1), o.SetGraphOptimizationLevel(level)); err != nil {
		return nil, errors.Join(err, o.Destroy())
	}
	return o, nil
}

// inspect opens the network without preparing it for runs.
func inspect(path string) (inputs, outputs []Value, err error) {
	o, err := options(ort.GraphOptimizationLevelDisableAll)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = o.Destroy() }()
	in, out, err := ort.GetInputOutputInfoWithOptions(path, o)
	if err != nil {
		return nil, nil, err
	}
	return values(in), values(out), nil
}

func values(all []ort.InputOutputInfo) []Value {
	out := make([]Value, len(all))
	for i, v := range all {
		out[i].Name = v.Name
		if v.OrtValueType != ort.ONNXTypeTensor {
			continue
		}
		out[i].Shape = v.Dimensions
		switch v.DataType {
		case ort.TensorElementDataTypeFloat:
			out[i].Type = Float32
		case ort.TensorElementDataTypeInt32:
			out[i].Type = Int32
		case ort.TensorElementDataTypeInt64:
			out[i].Type = Int64
		}
	}
	return out
}

// library is a session of ONNX Runtime.
type library struct {
	session *ort.DynamicAdvancedSession
	inputs  []Value
}

func open(path, device string, inputs []Value, output string) (session, error) {
	o, err := options(ort.GraphOptimizationLevelEnableAll)
	if err != nil {
		return nil, err
	}
	defer func() { _ = o.Destroy() }()
	if err := useDevice(o, device); err != nil {
		return nil, err
	}
	names := make([]string, len(inputs))
	for i, v := range inputs {
		names[i] = v.Name
	}
	s, err := ort.NewDynamicAdvancedSession(path, names, []string{output}, o)
	if err != nil {
		return nil, At("model", "ONNX Runtime cannot open the network: "+err.Error(), "export it again, or install a newer ONNX Runtime")
	}
	return &library{s, inputs}, nil
}

// useDevice has sessions run on a GPU.
func useDevice(o *ort.SessionOptions, device string) error {
	if device == "" || device == "cpu" {
		return nil
	}
	fault := func(why string) error {
		return At("library", "cannot run on "+device+": "+why, "install onnxruntime-gpu and CUDA, or set the modality's device to cpu")
	}
	number, ok := strings.CutPrefix(device, "cuda:")
	if _, err := strconv.Atoi(number); !ok || err != nil {
		return fault("only cpu and cuda:0 and so on are known")
	}
	cuda, err := ort.NewCUDAProviderOptions()
	if err != nil {
		return fault(err.Error())
	}
	defer func() { _ = cuda.Destroy() }()
	if err := cuda.Update(map[string]string{"device_id": number}); err != nil {
		return fault(err.Error())
	}
	if err := o.AppendExecutionProviderCUDA(cuda); err != nil {
		return fault(err.Error())
	}
	return nil
}

func (l *library) run(inputs []Tensor) (out []float32, shape []int64, err error) {
	if len(inputs) != len(l.inputs) {
		panic(wrongInputs)
	}
	var pins runtime.Pinner // the library keeps pointers to the inputs while it runs
	defer pins.Unpin()
	in := make([]ort.Value, len(inputs))
	defer func() {
		for _, v := range in {
			if v != nil {
				_ = v.Destroy()
			}
		}
	}()
	for i, t := range inputs {
		if in[i], err = t.value(l.inputs[i].Type, &pins); err != nil {
			return nil, nil, err
		}
	}
	results := []ort.Value{nil}
	if err := l.session.Run(in, results); err != nil {
		return nil, nil, err
	}
	defer func() { _ = results[0].Destroy() }()
	t, ok := results[0].(*ort.Tensor[float32])
	if !ok {
		return nil, nil, fmt.Errorf("the output is a %T, not float32 numbers", results[0])
	}
	return append(out, t.GetData()...), t.GetShape(), nil
}

const wrongInputs = "onnx: Run needs the inputs that Open named"

// value is the tensor for the library.
func (t Tensor) value(as Type, pins *runtime.Pinner) (ort.Value, error) {
	switch as {
	case Float32:
		return pinned(t.Shape, t.Floats, pins)
	case Int32:
		narrow := make([]int32, len(t.Ints))
		for i, x := range t.Ints {
			narrow[i] = int32(x)
		}
		return pinned(t.Shape, narrow, pins)
	case Int64:
		return pinned(t.Shape, t.Ints, pins)
	}
	return nil, errors.New("the input is of a type that is not given")
}

func pinned[T float32 | int32 | int64](shape []int64, data []T, pins *runtime.Pinner) (ort.Value, error) {
	if len(data) > 0 {
		pins.Pin(&data[0])
	}
	v, err := ort.NewTensor(shape, data)
	if err != nil { // a nil *Tensor in an interface would not be nil
		return nil, err
	}
	return v, nil
}

func (l *library) close() { _ = l.session.Destroy() }
