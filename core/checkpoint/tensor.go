package checkpoint

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/nlpodyssey/safetensors"
)

// Tensor is a named array of numbers, row-major. A nil Shape is one number.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// Find is the data of the tensor of that name and shape. A model that misses one was built from another
// configuration than the checkpoint.
func Find(tensors []Tensor, name string, shape ...int) ([]float32, error) {
	for _, t := range tensors {
		switch {
		case t.Name != name:
		case !slices.Equal(t.Shape, shape):
			return nil, fmt.Errorf("tensor %q of the checkpoint has shape %v, the model wants %v: %s",
				name, t.Shape, shape, adviceModel)
		default:
			return t.Data, nil
		}
	}
	return nil, fmt.Errorf("the checkpoint has no tensor %q: %s", name, adviceModel)
}

const adviceModel = "build the model with the configuration in the checkpoint's manifest"

// view shows a Tensor to the safetensors writer, which asks for the bytes of one tensor at a time.
type view struct{ t Tensor }

func (v view) DType() safetensors.DType { return safetensors.F32 }

func (v view) Shape() []uint64 {
	// Not nil, which JSON would show as null.
	shape := make([]uint64, len(v.t.Shape))
	for i, n := range v.t.Shape {
		shape[i] = uint64(n)
	}
	return shape
}

func (v view) DataLen() uint64 { return 4 * uint64(len(v.t.Data)) }

func (v view) Data() []byte {
	data := make([]byte, 0, v.DataLen())
	for _, f := range v.t.Data {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(f))
	}
	return data
}

// encode writes tensors as safetensors, in the order of their names.
func encode(w io.Writer, tensors []Tensor) error {
	views := make(map[string]view, len(tensors))
	for _, t := range tensors {
		if err := t.check(); err != nil {
			return err
		}
		if _, twice := views[t.Name]; twice {
			return fmt.Errorf("two tensors are called %q", t.Name)
		}
		views[t.Name] = view{t}
	}
	return safetensors.SerializeToWriter(views, nil, w)
}

func (t Tensor) check() error {
	if t.Name == "" || t.Name == "__metadata__" {
		return fmt.Errorf("a tensor cannot be called %q", t.Name)
	}
	elements := 1
	for _, n := range t.Shape {
		if n < 0 {
			return fmt.Errorf("tensor %q has shape %v", t.Name, t.Shape)
		}
		elements *= n
	}
	if elements != len(t.Data) {
		return fmt.Errorf("tensor %q has shape %v and %d numbers", t.Name, t.Shape, len(t.Data))
	}
	return nil
}

// decode reads a whole safetensors file of float32 tensors.
func decode(text []byte) ([]Tensor, error) {
	file, err := safetensors.Deserialize(text)
	if err != nil {
		return nil, err
	}
	tensors := make([]Tensor, 0, file.Len())
	for _, named := range file.Tensors() {
		if t := named.TensorView.DType(); t != safetensors.F32 {
			return nil, fmt.Errorf("tensor %q is of type %s, only F32 is read", named.Name, t)
		}
		t := Tensor{Name: named.Name}
		for _, n := range named.TensorView.Shape() {
			// Beside a 0 any number fits the bytes that are there.
			if n > math.MaxInt32 {
				return nil, fmt.Errorf("tensor %q has a dimension of %d", named.Name, n)
			}
			t.Shape = append(t.Shape, int(n))
		}
		data := named.TensorView.Data()
		t.Data = make([]float32, len(data)/4)
		for i := range t.Data {
			t.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		if err := t.check(); err != nil {
			return nil, err
		}
		tensors = append(tensors, t)
	}
	// Tensors without numbers may lie in any order.
	slices.SortFunc(tensors, func(a, b Tensor) int { return cmp.Compare(a.Name, b.Name) })
	return tensors, nil
}
