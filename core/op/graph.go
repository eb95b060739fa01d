package op

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// Node is a value in the graph: a matrix or a scalar of one element.
type Node = *gorgonia.Node

// Parameter is a learned array. Its gradient accumulates over the runs of every
// graph that uses it, until the optimizer clears it.
type Parameter[F kernel.Float] struct {
	Name  string
	Shape []int
	// Value and Grad have one entry for each element, row-major.
	Value, Grad []F
	// cleared says that Grad is 0, spare is where a gradient is computed that is added to it.
	cleared bool
	spare   []F
	// Decays says that weight decay applies: true for matrices, false for biases,
	// norms and embeddings.
	Decays bool
	// version counts the changes of Value that a device has to be told of.
	version int
}

// ClearGrad sets the gradient to 0. The next run of a graph may then overwrite it, so it is
// not to be changed by others before.
func (p *Parameter[F]) ClearGrad() {
	clear(p.Grad)
	p.GradCleared()
}

// GradCleared tells that the gradient was set to 0 otherwise, as ClearGrad does it.
func (p *Parameter[F]) GradCleared() { p.cleared = true }

// target is where a backward pass writes its gradient, before collect.
func (p *Parameter[F]) target() []F {
	if p.cleared {
		p.cleared = false
		return p.Grad
	}
	if p.spare == nil {
		p.spare = make([]F, len(p.Grad))
	}
	return p.spare
}

// collect adds a gradient that target had no other place for.
func (p *Parameter[F]) collect(pool *kernel.Pool, grad []F) {
	if len(grad) > 0 && &grad[0] != &p.Grad[0] {
		kernel.Add(pool, p.Grad, grad)
	}
}

// Changed tells that Value was changed otherwise than by a device's own optimizer.
func (p *Parameter[F]) Changed() { p.version++ }

// Version counts the changes.
func (p *Parameter[F]) Version() int { return p.version }

// Step identifies one run of a graph. The random numbers of the run are a function
// of it, so a resumed training draws the same ones.
type Step struct {
	Seed, Number uint64
	// Training switches dropout and gate noise on.
	Training bool
	// Weight scales the gradients of this run: the share of this run's samples in
	// those of the optimizer step. Zero means one.
	Weight float64
}

// Graph is a computation under construction or, once compiled, ready to run.
type Graph[F kernel.Float] struct {
	graph   *gorgonia.ExprGraph
	pool    *kernel.Pool
	machine gorgonia.VM
	step    Step
	// operations counts what gives each operation its own random stream, nodes what
	// tells Gorgonia that no two are the same.
	operations, nodes uint64
	// functions are the operations in the order in which they were added; learns has what
	// leads to a parameter.
	functions  []*function[F]
	used       map[*Parameter[F]]Node
	parameters map[Node]*Parameter[F]
	learns     map[Node]bool
	// Of a graph with a loss: the weight of a run, and the gradient of each node.
	weight    []F
	gradients map[Node]*gradient[F]
	buffers   buffers[F]
	kept      map[Node]bool // whose gradients keep their memory
	// calls are the operations, operands what each node is to those that use it. With a
	// device, program is what runs.
	calls    []*Call[F]
	operands map[Node]Operand[F]
	// memory is that of each node, fixed when it is added; nil of results on a device.
	memory  map[Node][]F
	device  Device[F]
	program Program[F]
	// failure is what a kernel panicked with in the last run.
	failure error
}

var errNotCompiled = errors.New("op: the graph is run before it is compiled")

// NewGraph returns an empty graph whose kernels run on the pool.
func NewGraph[F kernel.Float](pool *kernel.Pool) *Graph[F] {
	return &Graph[F]{
		graph: gorgonia.NewGraph(), pool: pool,
		used: map[*Parameter[F]]Node{}, parameters: map[Node]*Parameter[F]{}, learns: map[Node]bool{},
		operands: map[Node]Operand[F]{}, memory: map[Node][]F{}, kept: map[Node]bool{},
	}
}

// NewGraphOn returns an empty graph that runs on a device, or on the pool where there is
// none.
func NewGraphOn[F kernel.Float](d Device[F], pool *kernel.Pool) *Graph[F] {
	g := NewGraph[F](pool)
	g.device = d
	return g
}

// Input adds an array that is filled before each run and not differentiated. The
// returned slice is its memory.
func (g *Graph[F]) Input(name string, shape ...int) (Node, []F) {
	data := make([]F, tensor.Shape(shape).TotalSize())
	t := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	n := gorgonia.NewTensor(g.graph, t.Dtype(), len(shape),
		gorgonia.WithShape(shape...), gorgonia.WithName(g.unique(name)), gorgonia.WithValue(t))
	g.nextID()
	g.operands[n], g.memory[n] = Operand[F]{Input: data}, data
	return n, data
}

// Parameter adds a learned array. The graph shares its memory, so that an update of
// the parameter is seen by the next run of every graph.
func (g *Graph[F]) Parameter(p *Parameter[F]) Node {
	if n, ok := g.used[p]; ok {
		return n
	}
	t := tensor.New(tensor.WithShape(p.Shape...), tensor.WithBacking(p.Value))
	n := gorgonia.NewTensor(g.graph, t.Dtype(), len(p.Shape),
		gorgonia.WithShape(p.Shape...), gorgonia.WithName(g.unique(p.Name)), gorgonia.WithValue(t))
	g.operations += 2 // as many as when the published results were drawn
	g.used[p], g.parameters[n], g.learns[n] = n, p, true
	g.operands[n], g.memory[n] = Operand[F]{Parameter: p}, p.Value
	return n
}

// Compile differentiates loss, a scalar, with respect to every parameter, and makes
// the graph ready to run. A nil loss gives a graph that only computes forward.
func (g *Graph[F]) Compile(loss Node) (err error) {
	if g.device != nil {
		if g.program, err = g.device.Compile(g.calls, g.operands[loss].Call); err != nil {
			return fmt.Errorf("op: compile the graph: %w", err)
		}
		return nil
	}
	if loss != nil {
		if err := g.differentiate(loss); err != nil {
			return fmt.Errorf("op: differentiate the graph: %w", err)
		}
	}
	g.machine = gorgonia.NewTapeMachine(g.graph)
	return nil
}

// Run computes every node once and adds the gradients to the parameters. Values are
// read afterwards with Value.
func (g *Graph[F]) Run(step Step) error {
	if g.program != nil {
		if err := g.program.Run(step); err != nil {
			return fmt.Errorf("op: run the graph: %w", err)
		}
		return nil
	}
	if g.machine == nil {
		return errNotCompiled
	}
	g.step = step
	if g.weight != nil {
		w := step.Weight
		if w == 0 {
			w = 1
		}
		g.weight[0] = F(w)
	}
	g.machine.Reset()
	g.failure = nil
	if err := g.machine.RunAll(); err != nil {
		if g.failure != nil {
			err = g.failure
		}
		return fmt.Errorf("op: run the graph: %w", err)
	}
	return nil
}

// Close releases the machine and, with it, the memory of the graph. Gorgonia gives its
// machines a finalizer, and what has one is never collected as part of a cycle: the
// graph must let go of the machine, which holds the graph.
func (g *Graph[F]) Close() error {
	if g.program != nil {
		err := g.program.Close()
		g.program = nil
		return err
	}
	if g.machine == nil {
		return nil
	}
	err := g.machine.Close()
	g.machine = nil
	return err
}

// Value is the content of a node after a run; the next run overwrites it. It fails where
// it cannot be had from the device.
func (g *Graph[F]) Value(n Node) ([]F, error) {
	if g.program != nil {
		return g.program.Value(g.operands[n].Call)
	}
	return Value[F](n), nil
}

// Value is the content of a node after a run on the processor; the next run overwrites it.
func Value[F kernel.Float](n Node) []F { return values[F](n.Value()) }

// KeepGradient has the graph keep the gradient of an operation's result for Gradient, but
// not of Rows, whose results lie in others. It comes before Compile.
func (g *Graph[F]) KeepGradient(n Node) { g.kept[n] = true }

// Gradient is a kept gradient after a run of a differentiated graph; the next run
// overwrites it.
func (g *Graph[F]) Gradient(n Node) []F {
	d := g.gradients[n]
	if d == nil || d.sum == nil || !g.kept[n] {
		panic(errNoGradient)
	}
	return d.sum
}

const errNoGradient = "op: the loss does not depend on the node, or its gradient was not kept"

// unique makes a node's name its own: Gorgonia takes leaves of one name and shape for
// the same one.
func (g *Graph[F]) unique(name string) string { return fmt.Sprintf("%s#%d", name, g.identity()) }

func values[F kernel.Float](v gorgonia.Value) []F {
	switch data := v.Data().(type) {
	case []F:
		return data
	case F: // the tensor package gives an array of one element as a bare number
		return []F{data}
	default:
		panic(errElementType)
	}
}
