package op

import (
	"fmt"
	"hash"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// gradients holds what one backward pass of an operation gives for all its inputs.
type gradients[F kernel.Float] struct {
	of *function[F]
	// din has one array for each input that wants a gradient.
	din  []*tensor.Dense
	out  [][]F
	in   [][]F
	runs uint64
}

func newGradients[F kernel.Float](f *function[F], inputs gorgonia.Nodes) *gradients[F] {
	a := &gradients[F]{of: f, din: make([]*tensor.Dense, len(inputs)), out: make([][]F, len(inputs)), in: make([][]F, len(inputs))}
	for i, n := range inputs {
		if f.wanted[i] {
			a.din[i] = newTensor[F](n.Shape())
		}
	}
	return a
}

// compute runs the backward pass unless it already ran in this run of the graph.
// operands are the inputs, the result and its gradient.
func (a *gradients[F]) compute(operands []gorgonia.Value) {
	if a.runs == a.of.graph.runs {
		return
	}
	a.runs = a.of.graph.runs
	n := len(a.din)
	for i := range n {
		a.in[i] = values[F](operands[i])
		if a.din[i] != nil {
			a.out[i] = values[F](a.din[i])
		}
	}
	a.of.backward(a.out, values[F](operands[n+1]), values[F](operands[n]), a.in)
}

// gradient is the node that hands on the gradient of one input.
type gradient[F kernel.Float] struct {
	all   *gradients[F]
	input int
	id    uint64
}

func (d *gradient[F]) Arity() int { return len(d.all.din) + 2 }

func (d *gradient[F]) Type() hm.Type {
	f := d.all.of
	result := f.types[len(f.types)-1]
	types := append(append([]hm.Type{}, f.types...), result, f.types[d.input])
	return hm.NewFnType(types...)
}

func (d *gradient[F]) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return d.all.din[d.input].Shape(), nil
}

func (d *gradient[F]) Do(operands ...gorgonia.Value) (out gorgonia.Value, err error) {
	defer d.all.of.graph.recovered("gradient of "+d.all.of.Name, &err)
	d.all.compute(operands)
	return d.all.din[d.input], nil
}

func (d *gradient[F]) ReturnsPtr() bool      { return true }
func (d *gradient[F]) CallsExtern() bool     { return false }
func (d *gradient[F]) OverwritesInput() int  { return -1 }
func (d *gradient[F]) WriteHash(h hash.Hash) { writeHash(h, d.String(), d.id) }
func (d *gradient[F]) Hashcode() uint32      { return hashcode(d) }
func (d *gradient[F]) String() string {
	return fmt.Sprintf("gradient %d of %s", d.input, d.all.of)
}

// newCollector is the operation between a parameter and its users: it passes the
// value on and, on the way back, adds the gradient to the parameter's.
func newCollector[F kernel.Float](g *Graph[F], p *Parameter[F], leaf Node) *collector[F] {
	return &collector[F]{graph: g, parameter: p, id: g.nextID(), kind: leaf.Type(), shape: leaf.Shape()}
}

type collector[F kernel.Float] struct {
	graph     *Graph[F]
	parameter *Parameter[F]
	id        uint64
	kind      hm.Type
	shape     tensor.Shape
	// backward is true for the node that receives the gradient.
	backward bool
}

func (c *collector[F]) Arity() int            { return 1 }
func (c *collector[F]) Type() hm.Type         { return hm.NewFnType(c.kind, c.kind) }
func (c *collector[F]) ReturnsPtr() bool      { return true }
func (c *collector[F]) CallsExtern() bool     { return false }
func (c *collector[F]) OverwritesInput() int  { return -1 }
func (c *collector[F]) DiffWRT(int) []bool    { return []bool{true} }
func (c *collector[F]) WriteHash(h hash.Hash) { writeHash(h, c.String(), c.id) }
func (c *collector[F]) Hashcode() uint32      { return hashcode(c) }

func (c *collector[F]) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return c.shape, nil }

func (c *collector[F]) String() string {
	if c.backward {
		return "gradient of " + c.parameter.Name
	}
	return c.parameter.Name
}

func (c *collector[F]) Do(in ...gorgonia.Value) (out gorgonia.Value, err error) {
	defer c.graph.recovered(c.String(), &err)
	if c.backward {
		kernel.Add(c.graph.pool, c.parameter.Grad, values[F](in[0]))
	}
	return in[0], nil
}

func (c *collector[F]) SymDiff(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	back := *c
	back.backward, back.id = true, c.graph.identity()
	n, err := gorgonia.ApplyOp(&back, grad)
	return gorgonia.Nodes{n}, err
}
