package op

import (
	"fmt"
	"hash"
	"slices"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// differentiate adds what makes gradients of the loss: for each operation that it depends
// on, from the last to the first, one node that runs the whole backward pass and one for
// each input that is another operation's result, which hands its gradient on. Those of a
// result that several operations use are added up. Gorgonia would differentiate the graph
// by itself, with a node for each parameter and its sums on one thread.
func (g *Graph[F]) differentiate(loss Node) error {
	g.weight = newTensor[F]([]int{1})
	g.gradients = map[Node]Node{loss: gorgonia.NewTensor(g.graph, g.weight.Dtype(), 1,
		gorgonia.WithShape(1), gorgonia.WithName("weight of the run"), gorgonia.WithValue(g.weight))}
	for _, f := range slices.Backward(g.functions) {
		dy := g.gradients[f.out]
		if dy == nil || !f.learns {
			continue
		}
		back, err := gorgonia.ApplyOp(newBackward(f), append(slices.Clone(f.inputs), f.out, dy)...)
		if err != nil {
			return fmt.Errorf("gradients of %s: %w", f.Name, err)
		}
		for i, n := range f.inputs {
			if !f.wanted[i] || g.parameters[n] != nil {
				continue
			}
			if err := g.addGradient(n, &handed[F]{function: f, input: i, id: g.identity()}, back); err != nil {
				return fmt.Errorf("gradient of %s: %w", f.Name, err)
			}
		}
	}
	return nil
}

// addGradient hands on the gradient of n, and adds it to what others gave.
func (g *Graph[F]) addGradient(n Node, hand *handed[F], back Node) error {
	own, err := gorgonia.ApplyOp(hand, back)
	if err == nil && g.gradients[n] != nil {
		own, err = gorgonia.ApplyOp(&sum[F]{graph: g, id: g.identity(), of: n}, g.gradients[n], own)
	}
	g.gradients[n] = own
	return err
}

// backward is the node that runs the backward pass of an operation: the gradients of
// parameters go to the parameters, those of other inputs to where handed finds them.
type backward[F kernel.Float] struct {
	*function[F]
	id uint64
}

func newBackward[F kernel.Float](f *function[F]) *backward[F] {
	f.din, f.dy = make([][]F, len(f.inputs)), make([]*tensor.Dense, len(f.inputs))
	for i, n := range f.inputs {
		if f.wanted[i] && f.graph.parameters[n] == nil && i != f.passes {
			f.dy[i] = newTensor[F](n.Shape())
		}
	}
	return &backward[F]{function: f, id: f.graph.identity()}
}

// Do takes the inputs, the result and its gradient, which it returns.
func (b *backward[F]) Do(operands ...gorgonia.Value) (out gorgonia.Value, err error) {
	defer b.graph.recovered("gradients of "+b.Name, &err)
	n := len(b.inputs)
	result, dy := operands[n], operands[n+1]
	if i := b.passes; i >= 0 && b.wanted[i] && b.graph.parameters[b.inputs[i]] == nil {
		b.dy[i] = dy.(*tensor.Dense)
	}
	for i := range n {
		b.in[i] = values[F](operands[i])
		switch p := b.graph.parameters[b.inputs[i]]; {
		case p != nil:
			b.din[i] = p.target()
		case b.dy[i] != nil && i != b.passes:
			b.din[i] = values[F](b.dy[i])
		}
	}
	b.backward(b.din, values[F](dy), values[F](result), b.in)
	for i := range n {
		if p := b.graph.parameters[b.inputs[i]]; p != nil {
			p.collect(b.graph.pool, b.din[i])
		}
	}
	return dy, nil
}

func (b *backward[F]) Arity() int            { return len(b.inputs) + 2 }
func (b *backward[F]) String() string        { return fmt.Sprintf("gradients of %s", b.function) }
func (b *backward[F]) WriteHash(h hash.Hash) { writeHash(h, b.String(), b.id) }
func (b *backward[F]) Hashcode() uint32      { return hashcode(b) }

func (b *backward[F]) Type() hm.Type {
	result := b.types[len(b.types)-1]
	return hm.NewFnType(append(slices.Clone(b.types), result, result)...)
}

// handed is the gradient of one input, once the backward pass has run.
type handed[F kernel.Float] struct {
	owner
	function *function[F]
	input    int
	id       uint64
}

func (d *handed[F]) Arity() int                                   { return 1 }
func (d *handed[F]) String() string                               { return fmt.Sprintf("gradient %d of %s", d.input, d.function) }
func (d *handed[F]) WriteHash(h hash.Hash)                        { writeHash(h, d.String(), d.id) }
func (d *handed[F]) Hashcode() uint32                             { return hashcode(d) }
func (d *handed[F]) Do(...gorgonia.Value) (gorgonia.Value, error) { return d.function.dy[d.input], nil }

func (d *handed[F]) Type() hm.Type {
	types := d.function.types
	return hm.NewFnType(types[len(types)-1], types[d.input])
}

func (d *handed[F]) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return d.function.inputs[d.input].Shape(), nil
}

// sum adds a gradient to another one of the same node, in its memory: nobody else has use
// for it.
type sum[F kernel.Float] struct {
	owner
	graph *Graph[F]
	of    Node
	id    uint64
}

func (s *sum[F]) Arity() int            { return 2 }
func (s *sum[F]) Type() hm.Type         { t := s.of.Type(); return hm.NewFnType(t, t, t) }
func (s *sum[F]) String() string        { return "sum of gradients" }
func (s *sum[F]) WriteHash(h hash.Hash) { writeHash(h, s.String(), s.id) }
func (s *sum[F]) Hashcode() uint32      { return hashcode(s) }

func (s *sum[F]) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return s.of.Shape(), nil }

func (s *sum[F]) Do(in ...gorgonia.Value) (out gorgonia.Value, err error) {
	defer s.graph.recovered(s.String(), &err)
	kernel.Add(s.graph.pool, values[F](in[0]), values[F](in[1]))
	return in[0], nil
}
