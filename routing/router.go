package routing

import (
	"fmt"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
)

// Router mixes the modalities of a batch through experts.
type Router[F kernel.Float] struct {
	config Config
	shape  Shape
	// branches decide independently: one for a joint or per-modality router, one for
	// each modality of a disjoint one.
	branches []*branch[F]
}

// New builds a router with fresh weights, a function of seed and name alone.
func New[F kernel.Float](c Config, name string, s Shape, seed uint64) (*Router[F], error) {
	if err := c.Validate(s.Modalities); err != nil {
		return nil, err
	}
	r := &Router[F]{config: c, shape: s}
	token := s.Width
	if c.Unit == Sample {
		token *= s.Steps
	}
	out := token * s.Modalities
	switch c.Kind {
	case Joint:
		r.branches = []*branch[F]{newBranch[F](c, name, 1, c.Experts, out, out, seed)}
	case PerModality:
		r.branches = []*branch[F]{newBranch[F](c, name, s.Modalities, c.Experts, token, out, seed)}
	case Disjoint:
		for m, experts := range pools(c.Experts, s.Modalities) {
			r.branches = append(r.branches, newBranch[F](c, fmt.Sprintf("%s.%d", name, m), 1, experts, token, out, seed))
		}
	}
	return r, nil
}

// Parameters are the learned arrays of the router.
func (r *Router[F]) Parameters() []*op.Parameter[F] {
	var all []*op.Parameter[F]
	for _, b := range r.branches {
		all = append(all, b.parameters()...)
	}
	return all
}

// Accumulators carry the balance losses over the runs of an optimizer step.
func (r *Router[F]) Accumulators() []*op.Accumulator {
	var all []*op.Accumulator
	for _, b := range r.branches {
		all = append(all, b.importance...)
		all = append(all, b.load...)
	}
	return all
}

// Batch is what a router must know about the samples of a run.
type Batch struct {
	Samples int
	// Present is modality-major, one entry for each modality and sample, and is read
	// at each run.
	Present []bool
	// Differentiate adds the auxiliary losses.
	Differentiate bool
	// LastStep says that of the mixture only the last step of each sample is asked for, of
	// a router by steps. All steps are routed all the same, and count in the balance.
	LastStep bool
}

// Decision is the gate matrix of one branch.
type Decision struct {
	// Gates is [Groups·Rows, Experts], zero where a token does not go.
	Gates op.Node
	// Modalities are those of the groups; a joint decision is about all and has none.
	Modalities []int
	// FirstExpert is the number of the branch's first expert among all experts.
	FirstExpert, Experts int
}

// Output is what a router adds to the graph.
type Output struct {
	// Mixture is [Samples·Steps, Modalities·Width], or [Samples, Modalities·Width] of the
	// last step: what the experts make of the batch.
	Mixture op.Node
	// Balance has the importance and load losses of every gate, to be added up.
	Balance []op.Node
	// Entropy is nil unless the config asks for it.
	Entropy   op.Node
	Decisions []Decision
}

// Apply adds the router to the graph. x is [Modalities·Samples·Steps, Width].
func (r *Router[F]) Apply(g *op.Graph[F], x op.Node, b Batch) Output {
	s := r.shape
	rows := b.Samples
	if r.config.Unit == Step {
		rows *= s.Steps
	}
	var out Output
	switch r.config.Kind {
	case Joint:
		tokens := g.Columns(kernel.Columns[F]{Groups: s.Modalities, Rows: b.Samples * s.Steps, Width: s.Width}, x)
		out.Mixture = r.branches[0].apply(g, tokens, rows, nil, nil, b, &out)
	case PerModality:
		active := activeRows(b.Present, rows/b.Samples)
		out.Mixture = r.branches[0].apply(g, x, rows, nil, active, b, &out)
		out.Decisions[0].Modalities = sequence(s.Modalities)
	case Disjoint:
		out.Mixture = r.applyDisjoint(g, x, rows, b, &out)
	}
	return out
}

// applyDisjoint routes every modality through its own pool. A modality that is
// missing from a sample has nothing to say there: its experts are not used.
func (r *Router[F]) applyDisjoint(g *op.Graph[F], x op.Node, rows int, b Batch, out *Output) op.Node {
	terms := make([]op.Node, len(r.branches))
	first := 0
	for m, branch := range r.branches {
		tokens := g.Rows(x, m*rows, (m+1)*rows, branch.width)
		active := activeRows(b.Present[m*b.Samples:(m+1)*b.Samples], rows/b.Samples)
		terms[m] = branch.apply(g, tokens, rows, active, active, b, out)
		d := &out.Decisions[m]
		d.Modalities, d.FirstExpert = []int{m}, first
		first += branch.experts
	}
	return g.Sum(terms...)
}

// activeRows repeats the presence of a sample for each of its rows. The result is
// read at each run and overwritten by the next.
func activeRows(present []bool, repeat int) func() []bool {
	rows := make([]bool, len(present)*repeat)
	return func() []bool {
		for i := range rows {
			rows[i] = present[i/repeat]
		}
		return rows
	}
}

func sequence(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
