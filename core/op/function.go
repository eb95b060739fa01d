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

// function is one coarse operation: Gorgonia's Op and SDOp over a pair of closures
// that call a kernel.
type function[F kernel.Float] struct {
	*Call[F]
	graph *Graph[F]
	id    uint64
	shape tensor.Shape
	types []hm.Type
	// wanted says which inputs need a gradient: all but the graph's constants.
	wanted   []bool
	forward  func(y []F, in [][]F)
	backward func(din [][]F, dy, y []F, in [][]F)

	y    *tensor.Dense
	in   [][]F
	grad *gradients[F]
}

// apply adds an operation with the given result shape to the graph. forward
// overwrites y; backward overwrites every slice of din that is not nil. On a device the
// call says all.
func (g *Graph[F]) apply(c Call[F], shape []int, inputs []Node,
	forward func(y []F, in [][]F), backward func(din [][]F, dy, y []F, in [][]F),
) Node {
	g.nextID()
	return g.applyUncounted(c, shape, inputs, forward, backward)
}

// applyUncounted is apply for an operation that leaves the random streams of others as
// they are without it.
func (g *Graph[F]) applyUncounted(c Call[F], shape []int, inputs []Node,
	forward func(y []F, in [][]F), backward func(din [][]F, dy, y []F, in [][]F),
) Node {
	c.Size = tensor.Shape(shape).TotalSize()
	f := &function[F]{
		Call: &c, graph: g, id: g.identity(), shape: shape,
		forward: forward, backward: backward, in: make([][]F, len(inputs)),
	}
	for _, n := range inputs {
		f.types = append(f.types, n.Type())
		f.wanted = append(f.wanted, !g.constants[n])
		c.Inputs = append(c.Inputs, g.operands[n])
	}
	if g.device == nil {
		f.y = newTensor[F](shape)
	}
	f.types = append(f.types, gorgonia.TensorType{Dims: len(shape), Of: dtype[F]()})
	out, err := gorgonia.ApplyOp(f, inputs...)
	if err != nil {
		panic(fmt.Sprintf("op: %s: %v", c.Name, err))
	}
	g.calls = append(g.calls, f.Call)
	g.operands[out] = Operand[F]{Call: f.Call}
	return out
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

func (f *function[F]) Arity() int     { return len(f.in) }
func (f *function[F]) Type() hm.Type  { return hm.NewFnType(f.types...) }
func (f *function[F]) String() string { return fmt.Sprintf("%s#%d", f.Name, f.id) }

// InferShape returns the shape that the operation was built with.
func (f *function[F]) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return f.shape, nil }

// Do computes the operation into its own memory.
func (f *function[F]) Do(in ...gorgonia.Value) (out gorgonia.Value, err error) {
	defer f.graph.recovered(f.Name, &err)
	for i, v := range in {
		f.in[i] = values[F](v)
	}
	f.forward(values[F](f.y), f.in)
	return f.y, nil
}

// ReturnsPtr, CallsExtern and OverwritesInput tell Gorgonia to leave the memory of
// the result alone: the operation owns it.
func (f *function[F]) ReturnsPtr() bool     { return true }
func (f *function[F]) CallsExtern() bool    { return false }
func (f *function[F]) OverwritesInput() int { return -1 }

// WriteHash identifies the operation. No two are equal, so that Gorgonia never
// merges two dropouts or two expert layers into one.
func (f *function[F]) WriteHash(h hash.Hash) { writeHash(h, f.Name, f.id) }
func (f *function[F]) Hashcode() uint32      { return hashcode(f) }

// DiffWRT tells which inputs the operation is differentiated by.
func (f *function[F]) DiffWRT(int) []bool { return f.wanted }

// SymDiff adds one gradient node for each wanted input.
func (f *function[F]) SymDiff(inputs gorgonia.Nodes, output, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	f.grad = newGradients(f, inputs)
	out := make(gorgonia.Nodes, len(inputs))
	for i := range inputs {
		if !f.wanted[i] {
			continue
		}
		operands := append(append(gorgonia.Nodes{}, inputs...), output, grad)
		n, err := gorgonia.ApplyOp(&gradient[F]{all: f.grad, input: i, id: f.graph.identity()}, operands...)
		if err != nil {
			return nil, fmt.Errorf("gradient of %s: %w", f.Name, err)
		}
		out[i] = n
	}
	return out, nil
}

// recovered turns a panic of a kernel, which is a bug, into an error: Gorgonia runs
// the operations on a goroutine of its own, where a panic would end the process. The
// error is kept beside: Gorgonia's own hides what it wraps.
func (g *Graph[F]) recovered(name string, err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("%s: %w: %v", name, ErrKernel, v)
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
