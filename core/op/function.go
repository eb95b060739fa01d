package op

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"reflect"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/fusemoe/fusemoe/core/kernel"
)

const errElementType = "op: a value has another element type than its graph"

// function is one coarse operation: Gorgonia's Op over a pair of closures that call a
// kernel.
type function[F kernel.Float] struct {
	owner
	*Call[F]
	graph  *Graph[F]
	id     uint64
	shape  tensor.Shape
	types  []hm.Type
	inputs []Node
	out    Node
	// wanted says which inputs need a gradient: those that lead to a parameter; learns
	// that one of them does.
	wanted   []bool
	learns   bool
	forward  func(y []F, in [][]F)
	backward func(din [][]F, dy, y []F, in [][]F)
	// passes are the inputs whose gradient is that of the result, which is handed on as it
	// is. window is where the result lies in its input, nil for one with memory of its own.
	passes []int
	window *RowRange

	result *tensor.Dense
	// y is the memory of the result, in that of the inputs.
	y  []F
	in [][]F
}

// owner tells Gorgonia to leave the memory of a result alone: the operation owns it.
type owner struct{}

func (owner) ReturnsPtr() bool     { return true }
func (owner) CallsExtern() bool    { return false }
func (owner) OverwritesInput() int { return -1 }

// apply adds an operation with the given result shape to the graph. forward
// overwrites y; backward overwrites every slice of din that is not nil. On a device the
// call says all.
func (g *Graph[F]) apply(c Call[F], shape []int, inputs []Node,
	forward func(y []F, in [][]F), backward func(din [][]F, dy, y []F, in [][]F),
) Node {
	g.nextID()
	return g.add(c, shape, inputs, forward, backward).out
}

// add is apply for an operation that leaves the random streams of others as they are
// without it.
func (g *Graph[F]) add(c Call[F], shape []int, inputs []Node,
	forward func(y []F, in [][]F), backward func(din [][]F, dy, y []F, in [][]F),
) *function[F] {
	return g.addIn(nil, c, shape, inputs, forward, backward)
}

// addIn is add for an operation whose result lies in a window of its only input.
func (g *Graph[F]) addIn(window *RowRange, c Call[F], shape []int, inputs []Node,
	forward func(y []F, in [][]F), backward func(din [][]F, dy, y []F, in [][]F),
) *function[F] {
	c.Size = tensor.Shape(shape).TotalSize()
	f := &function[F]{
		Call: &c, graph: g, id: g.identity(), shape: shape, inputs: inputs,
		forward: forward, backward: backward, window: window,
	}
	for _, n := range inputs {
		f.types = append(f.types, n.Type())
		f.wanted = append(f.wanted, g.learns[n])
		f.learns = f.learns || g.learns[n]
		c.Inputs = append(c.Inputs, g.operands[n])
		f.in = append(f.in, g.memory[n])
	}
	f.remember()
	f.types = append(f.types, gorgonia.TensorType{Dims: len(shape), Of: dtype[F]()})
	out, err := gorgonia.ApplyOp(f, inputs...)
	if err != nil {
		panic(fmt.Sprintf("op: %s: %v", c.Name, err))
	}
	f.out = out
	g.functions, g.calls = append(g.functions, f), append(g.calls, f.Call)
	g.operands[out], g.learns[out], g.memory[out] = Operand[F]{Call: f.Call}, f.learns, f.y
	return f
}

// remember takes the memory of the result.
func (f *function[F]) remember() {
	switch w := f.window; {
	case f.graph.device != nil:
		return
	case w != nil:
		f.y = f.in[0][w.Lo*w.Width : w.Hi*w.Width]
	default:
		f.y = make([]F, f.Size)
	}
	f.result = tensor.New(tensor.WithShape(f.shape...), tensor.WithBacking(f.y))
}

// nextID counts what a network is built of. The count names the random stream of an
// operation, so it belongs to the results that a seed gives.
func (g *Graph[F]) nextID() uint64 {
	g.operations++
	return g.operations
}

// identity tells the nodes of the graph apart.
func (g *Graph[F]) identity() uint64 {
	g.nodes++
	return g.nodes
}

// key is the random stream of operation id in the current run.
func (g *Graph[F]) key(id uint64) uint64 { return g.step.Key(id) }

func (f *function[F]) Arity() int     { return len(f.inputs) }
func (f *function[F]) Type() hm.Type  { return hm.NewFnType(f.types...) }
func (f *function[F]) String() string { return fmt.Sprintf("%s#%d", f.Name, f.id) }

// InferShape returns the shape that the operation was built with.
func (f *function[F]) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return f.shape, nil }

// Do computes the operation into its own memory, from that of its inputs.
func (f *function[F]) Do(...gorgonia.Value) (out gorgonia.Value, err error) {
	defer f.graph.recovered("", f.Name, &err)
	f.forward(f.y, f.in)
	return f.result, nil
}

// WriteHash identifies the operation. No two are equal, so that Gorgonia never
// merges two dropouts or two expert layers into one.
func (f *function[F]) WriteHash(h hash.Hash) { writeHash(h, f.Name, f.id) }
func (f *function[F]) Hashcode() uint32      { return hashcode(f) }

// recovered turns a panic of a kernel, which is a bug, into an error: Gorgonia runs
// the operations on a goroutine of its own, where a panic would end the process. The
// error is kept beside: Gorgonia's own hides what it wraps. what and name, which say where
// it was, are put together here only: each operation would allocate for it.
func (g *Graph[F]) recovered(what, name string, err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("%s%s: %w: %v", what, name, ErrKernel, v)
		g.failure = *err
	}
}

// ErrKernel marks a failure inside a kernel: a bug, not a mistake of the user.
var ErrKernel = errors.New("internal error in a kernel")

func dtype[F kernel.Float]() tensor.Dtype {
	var zero F
	return tensor.Dtype{Type: reflect.TypeOf(zero)}
}

func writeHash(h hash.Hash, name string, id uint64) {
	h.Write([]byte(name))
	h.Write(binary.LittleEndian.AppendUint64(nil, id))
}

func hashcode(op interface{ WriteHash(hash.Hash) }) uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}
