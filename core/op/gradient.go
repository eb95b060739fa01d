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
// on, from the last to the first, one node that runs the whole backward pass. A gradient
// lies where those who make it and those who need it know it, so that the nodes hand nothing
// on: the one operand of each is the one before, for the order. Gorgonia would differentiate
// the graph by itself, with a node for each parameter and its sums on one thread.
func (g *Graph[F]) differentiate(loss Node) error {
	g.weight = make([]F, 1)
	g.gradients = map[Node]*gradient[F]{}
	g.addGradient(loss, kernel.Term[F]{Values: g.weight}, nil)
	last := loss
	for _, f := range slices.Backward(g.functions) {
		dy := g.gradients[f.out]
		switch {
		case dy == nil || !f.learns:
			continue
		case f.window != nil && g.parameters[f.inputs[0]] == nil:
			for i, t := range dy.terms {
				t.Lo += f.window.Lo * f.window.Width
				g.addGradient(f.inputs[0], t, dy.owners[i])
			}
			continue
		}
		back, err := gorgonia.ApplyOp(newBackward(f, dy, last.Type()), last)
		if err != nil {
			return fmt.Errorf("gradients of %s: %w", f.Name, err)
		}
		last = back
	}
	return nil
}

// gradient is that of a node: the sum of what the operations that use the node make.
type gradient[F kernel.Float] struct {
	terms  []kernel.Term[F]
	owners []*buffer[F] // of the memory of each term, nil for what is not to be changed
	// sum is where the terms are added up, which may be the first or, if it is all, is.
	sum   []F
	owner *buffer[F]
}

// addGradient adds a term, which takes over a use of its memory. The terms of one node keep
// their order: the last operation that uses it comes first.
func (g *Graph[F]) addGradient(n Node, t kernel.Term[F], owner *buffer[F]) {
	d := g.gradients[n]
	if d == nil {
		d = &gradient[F]{}
		g.gradients[n] = d
	}
	d.terms, d.owners = append(d.terms, t), append(d.owners, owner)
}

// place finds where the terms of a gradient of the given size are added up, and frees the
// memory of the others.
func (d *gradient[F]) place(size int, b *buffers[F]) {
	d.sum, d.owner = d.terms[0].Values, d.owners[0]
	rest := d.owners[1:]
	if len(d.sum) < size || len(d.terms) > 1 && (d.owner == nil || d.owner.users > 1) {
		d.owner = b.take(size)
		d.sum, rest = d.owner.values[:size], d.owners
	}
	for _, owner := range rest {
		b.release(owner)
	}
}

// total is the gradient once those who make it have run.
func (d *gradient[F]) total(pool *kernel.Pool) []F {
	if len(d.terms) > 1 || len(d.terms[0].Values) < len(d.sum) {
		kernel.Sum(pool, d.sum, d.terms)
	}
	return d.sum
}

// backward is the node that runs the backward pass of an operation: the gradients of
// parameters go to the parameters, those of other inputs to the terms of theirs.
type backward[F kernel.Float] struct {
	*function[F]
	id    uint64
	after hm.Type
	dy    *gradient[F]
	din   [][]F
	// learned are the inputs that are parameters, nil for the others.
	learned []*Parameter[F]
}

func newBackward[F kernel.Float](f *function[F], dy *gradient[F], after hm.Type) *backward[F] {
	g := f.graph
	b := &backward[F]{function: f, id: g.identity(), after: after, dy: dy, din: make([][]F, len(f.inputs))}
	dy.place(len(f.y), &g.buffers)
	for _, n := range f.inputs {
		b.learned = append(b.learned, g.parameters[n])
	}
	for i, n := range f.inputs {
		switch {
		case b.repeats(i):
			b.din[i] = make([]F, len(f.in[i]))
		case !b.makes(i):
		case slices.Contains(f.passes, i):
			g.addGradient(n, kernel.Term[F]{Values: dy.sum}, dy.owner.retain())
		default:
			own := g.buffers.take(len(f.in[i]))
			b.din[i] = own.values[:len(f.in[i])]
			g.addGradient(n, kernel.Term[F]{Values: b.din[i]}, own)
		}
	}
	if !g.kept[f.out] {
		g.buffers.release(dy.owner)
	}
	return b
}

// makes says that the gradient of an input is wanted that is no parameter.
func (b *backward[F]) makes(input int) bool {
	return b.wanted[input] && b.learned[input] == nil
}

// repeats says that an input is a parameter that an earlier input is, too: its gradient is
// added to that of the other.
func (b *backward[F]) repeats(input int) bool {
	p := b.learned[input]
	return p != nil && slices.Contains(b.learned[:input], p)
}

// Do returns nothing that anybody reads.
func (b *backward[F]) Do(...gorgonia.Value) (out gorgonia.Value, err error) {
	defer b.graph.recovered("gradients of ", b.Name, &err)
	dy := b.dy.total(b.graph.pool)
	for i, p := range b.learned {
		if p != nil && !b.repeats(i) {
			b.din[i] = p.target()
		}
	}
	b.backward(b.din, dy, b.y, b.in)
	for i, p := range b.learned {
		if p != nil {
			p.collect(b.graph.pool, b.din[i])
		}
	}
	return done, nil
}

// done is the result of a node that runs for what it leaves behind.
var done = gorgonia.NewF32(0)

func (b *backward[F]) Arity() int            { return 1 }
func (b *backward[F]) Type() hm.Type         { return hm.NewFnType(b.after, tensor.Float32) }
func (b *backward[F]) String() string        { return fmt.Sprintf("gradients of %s", b.function) }
func (b *backward[F]) WriteHash(h hash.Hash) { writeHash(h, b.String(), b.id) }
func (b *backward[F]) Hashcode() uint32      { return hashcode(b) }

func (b *backward[F]) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensor.ScalarShape(), nil
}
