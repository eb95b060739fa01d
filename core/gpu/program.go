//go:build gpu

package gpu

import (
	"fmt"
	"slices"

	"github.com/fusemoe/fusemoe/core/kernel/cuda"
	"github.com/fusemoe/fusemoe/core/op"
)

// program is a graph on the device: its operations in the order in which they run, and the
// memory of their results and gradients, which is taken once.
type program struct {
	*device
	nodes  []*node
	byCall map[*call]*node
	loss   *node
	step   op.Step
	// scalars has the results of all operations that give one number, side by side, to be
	// read at once; slopes has their gradients.
	scalars, slopes cuda.Array
	numbers         []float32
	runs, read      uint64
	own             []cuda.Array
}

type call = op.Call[float32]

// node is one operation.
type node struct {
	*call
	operation
	y, dy cuda.Array
	in    []cuda.Array
	// learns says that a gradient leads to a parameter, reached that one came here in this
	// run.
	learns, reached bool
	// host is where the result is read to, when it was.
	host []float32
	read uint64
	// free gives back what the operation took beside.
	free []func()
}

// operation is what package cuda computes for a call. backward overwrites every gradient of
// din that is not the zero Array.
type operation struct {
	forward  func(y cuda.Array, in []cuda.Array)
	backward func(din []cuda.Array, dy, y cuda.Array, in []cuda.Array)
}

// Compile takes the memory that the operations need.
func (d *device) Compile(calls []*call, loss *call) (op.Program[float32], error) {
	p := &program{device: d, byCall: map[*call]*node{}}
	d.During(func() {
		p.layOut(calls)
		if loss != nil {
			p.loss = p.byCall[loss]
			p.slopes = p.take(p.scalars.Len())
			p.layOutGradients()
		}
	})
	for _, n := range p.nodes {
		if err := p.lower(n); err != nil {
			return nil, err
		}
	}
	if err := d.Wait(); err != nil {
		return nil, fmt.Errorf("take the memory of a network: %w", err)
	}
	return p, nil
}

func (p *program) take(n int) cuda.Array {
	a := p.New(n)
	p.own = append(p.own, a)
	return a
}

func (p *program) layOut(calls []*call) {
	scalars := 0
	for _, c := range calls {
		if c.Size == 1 {
			scalars++
		}
	}
	p.scalars, p.numbers = p.take(scalars), make([]float32, scalars)
	scalars = 0
	for _, c := range calls {
		n := &node{call: c, in: make([]cuda.Array, len(c.Inputs))}
		rows, viewed := c.Kernel.(op.RowRange)
		switch {
		case viewed:
			n.y = p.byCall[c.Inputs[0].Call].y.Slice(rows.Lo*rows.Width, c.Size)
		case c.Size == 1:
			n.y = p.scalars.Slice(scalars, 1)
			scalars++
		default:
			n.y = p.take(c.Size)
		}
		for i, o := range c.Inputs {
			switch {
			case o.Call != nil:
				from := p.byCall[o.Call]
				n.in[i], n.learns = from.y, n.learns || from.learns
			case o.Parameter != nil:
				n.in[i], n.learns = p.of(o.Parameter).value, true
			default:
				n.in[i] = p.take(len(o.Input))
			}
		}
		p.byCall[c] = n
		p.nodes = append(p.nodes, n)
	}
}

func (p *program) layOutGradients() {
	scalars := 0
	for _, n := range p.nodes {
		_, viewed := n.Kernel.(op.RowRange)
		switch {
		case n.Size == 1 && !viewed:
			n.dy = p.slopes.Slice(scalars, 1)
			scalars++
		case n.learns:
			n.dy = p.take(n.Size)
		}
	}
}

// Run computes every operation and, of a program with a loss, adds the gradients to those
// of the parameters.
func (p *program) Run(step op.Step) error {
	p.step = step
	p.runs++
	p.During(func() {
		for _, n := range p.nodes {
			p.feed(n)
			n.forward(n.y, n.in)
		}
		if p.loss != nil {
			p.backward()
		}
	})
	if err := p.Failure(); err != nil {
		return fmt.Errorf("on the GPU: %w", err)
	}
	return nil
}

// feed brings the inputs of an operation up to date.
func (p *program) feed(n *node) {
	n.reached = false
	for i, o := range n.Inputs {
		switch {
		case o.Parameter != nil:
			p.of(o.Parameter)
		case o.Input != nil:
			p.Load(n.in[i], o.Input)
		}
	}
}

// backward goes through the operations from the loss on.
func (p *program) backward() {
	weight := float32(1)
	if p.step.Weight != 0 {
		weight = float32(p.step.Weight)
	}
	p.loss.reached = true
	p.Load(p.loss.dy, []float32{weight})
	for _, n := range slices.Backward(p.nodes) {
		if !n.reached || !n.learns {
			continue
		}
		if rows, viewed := n.Kernel.(op.RowRange); viewed {
			p.addRows(n, rows)
			continue
		}
		p.backwardOf(n)
	}
}

// sum is a gradient that has to be added to what others gave.
type sum struct{ to, own cuda.Array }

// backwardOf runs one operation backward. The first gradient of an input is written where
// it belongs, others are added to it.
func (p *program) backwardOf(n *node) {
	din := make([]cuda.Array, len(n.Inputs))
	var sums []sum
	target := func(to cuda.Array, written *bool) cuda.Array {
		if !*written {
			*written = true
			return to
		}
		own := p.New(to.Len())
		sums = append(sums, sum{to, own})
		return own
	}
	for i, o := range n.Inputs {
		switch {
		case o.Parameter != nil:
			w := p.gradient(o.Parameter)
			din[i] = target(w.grad, &w.written)
		case o.Call != nil && p.byCall[o.Call].learns:
			from := p.byCall[o.Call]
			din[i] = target(from.dy, &from.reached)
		}
	}
	n.backward(din, n.dy, n.y, n.in)
	for _, s := range sums {
		p.Add(s.to, s.own)
		p.Free(s.own)
	}
}

// addRows adds the gradient of some rows to that of all.
func (p *program) addRows(n *node, rows op.RowRange) {
	from := p.byCall[n.Inputs[0].Call]
	if !from.reached {
		p.Clear(from.dy)
		from.reached = true
	}
	p.Add(from.dy.Slice(rows.Lo*rows.Width, n.Size), n.dy)
}

// Value reads the result of an operation, the scalars all at once.
func (p *program) Value(c *call) ([]float32, error) {
	n := p.byCall[c]
	if _, viewed := c.Kernel.(op.RowRange); c.Size == 1 && !viewed {
		if p.read != p.runs {
			if err := p.Store(p.numbers, p.scalars); err != nil {
				return nil, err
			}
			p.read = p.runs
		}
		at := n.y.Offset(p.scalars)
		return p.numbers[at : at+1], nil
	}
	if n.host == nil {
		n.host = make([]float32, c.Size)
	}
	if n.read == p.runs {
		return n.host, nil
	}
	n.read = p.runs
	return n.host, p.Store(n.host, n.y)
}

// Close gives the memory of the program back.
func (p *program) Close() error {
	for _, n := range p.nodes {
		for _, free := range n.free {
			free()
		}
	}
	p.Free(p.own...)
	return nil
}
