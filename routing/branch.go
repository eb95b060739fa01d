package routing

import (
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
)

// branch is one set of gates over one pool of experts.
type branch[F kernel.Float] struct {
	config         Config
	groups         int
	experts        int
	width, out     int
	gate, bias     *op.Parameter[F]
	noise          *op.Parameter[F]
	w1, b1, w2, b2 *op.Parameter[F]
	// importance and load carry the balance sums of each gate over accumulated runs,
	// whatever graphs those runs went through.
	importance, load []*op.Accumulator
}

func newBranch[F kernel.Float](c Config, name string, groups, experts, width, out int, seed uint64) *branch[F] {
	fan := func(n int) float64 { return 1 / math.Sqrt(float64(n)) }
	b := &branch[F]{config: c, groups: groups, experts: experts, width: width, out: out}
	// The gates start apart: equal gates would tie in the top-k and give the entropy
	// loss no gradient. Tokens come from a layer norm, so a prototype of unit-normal
	// entries lies in their midst; the softmax gate wants logits near 1 instead.
	scale := 1.0
	if c.Gate == kernel.Softmax {
		scale = fan(width)
		b.bias = op.Zeros[F](name+".gate.bias", groups, experts)
	}
	b.gate = op.Normal[F](name+".gate.weight", scale, seed, groups, experts, width)
	if c.Noise {
		b.noise = op.Zeros[F](name+".noise.weight", groups, width, experts)
	}
	b.w1 = op.Uniform[F](name+".expert.1.weight", fan(width), seed, experts, width, c.Hidden)
	b.b1 = op.Zeros[F](name+".expert.1.bias", experts, c.Hidden)
	b.w2 = op.Uniform[F](name+".expert.2.weight", fan(c.Hidden), seed, experts, c.Hidden, out)
	b.b2 = op.Zeros[F](name+".expert.2.bias", experts, out)
	for range groups {
		b.importance = append(b.importance, &op.Accumulator{})
		b.load = append(b.load, &op.Accumulator{})
	}
	return b
}

func (b *branch[F]) parameters() []*op.Parameter[F] {
	all := []*op.Parameter[F]{b.gate, b.w1, b.b1, b.w2, b.b2}
	if b.bias != nil {
		all = append(all, b.bias)
	}
	if b.noise != nil {
		all = append(all, b.noise)
	}
	return all
}

// apply routes rows tokens of each group. routed tells which tokens go anywhere, nil
// for all; counted tells which ones the entropy loss is about.
func (b *branch[F]) apply(g *op.Graph[F], tokens op.Node, rows int, routed, counted func() []bool,
	batch Batch, out *Output,
) op.Node {
	logits := b.logits(g, tokens, rows)
	noisy, raw := logits, op.Node(nil)
	if b.noise != nil {
		raw = g.Linear(kernel.Linear[F]{Groups: b.groups, Rows: rows, In: b.width, Out: b.experts}, tokens, g.Parameter(b.noise), nil)
		noisy = g.NoisyLogits(kernel.NoisyLogits[F]{Rows: b.groups * rows, Experts: b.experts}, logits, raw)
	}
	k := kernel.TopK[F]{Rows: b.groups * rows, Experts: b.experts, K: min(b.config.TopK, b.experts)}
	gates := g.TopK(k, noisy, routed)
	out.Decisions = append(out.Decisions, Decision{Gates: gates, Experts: b.experts})
	if batch.Differentiate {
		b.losses(g, logits, noisy, raw, gates, rows, routed, counted, out)
	}
	if batch.LastStep {
		sequences, steps := b.groups*batch.Samples, rows/batch.Samples
		tokens, gates = g.LastSteps(sequences, steps, b.width, tokens), g.LastSteps(sequences, steps, b.experts, gates)
		rows = batch.Samples
	}
	return g.Experts(kernel.Experts[F]{
		Rows: b.groups * rows, OutRows: rows, Experts: b.experts,
		Width: b.width, Hidden: b.config.Hidden, Out: b.out,
	}, tokens, gates, op.ExpertNodes{
		W1: g.Parameter(b.w1), B1: g.Parameter(b.b1), W2: g.Parameter(b.w2), B2: g.Parameter(b.b2),
	})
}

func (b *branch[F]) logits(g *op.Graph[F], tokens op.Node, rows int) op.Node {
	k := kernel.GateLogits[F]{Kind: b.config.Gate, Groups: b.groups, Rows: rows, Width: b.width, Experts: b.experts}
	if b.bias == nil {
		return g.GateLogits(k, tokens, g.Parameter(b.gate), nil)
	}
	return g.GateLogits(k, tokens, g.Parameter(b.gate), g.Parameter(b.bias))
}

// losses adds the importance and load losses of every gate, and the entropy loss of
// all gates together.
func (b *branch[F]) losses(g *op.Graph[F], logits, noisy, raw, gates op.Node, rows int,
	routed, counted func() []bool, out *Output,
) {
	importance := kernel.Importance[F]{Rows: rows, Experts: b.experts}
	load := kernel.Load[F]{Rows: rows, Experts: b.experts, K: min(b.config.TopK, b.experts)}
	for m := range b.groups {
		group := func(n op.Node) op.Node {
			if b.groups == 1 {
				return n
			}
			return g.Rows(n, m*rows, (m+1)*rows, b.experts)
		}
		out.Balance = append(out.Balance, g.Importance(importance, group(gates), b.importance[m]))
		if raw != nil && load.K < b.experts {
			out.Balance = append(out.Balance, g.Load(load, group(logits), group(noisy), group(raw), part(routed, m*rows, (m+1)*rows), b.load[m]))
		}
	}
	if b.config.Entropy {
		out.Entropy = g.Entropy(kernel.Entropy[F]{Groups: b.groups, Rows: rows, Experts: b.experts}, logits, counted)
	}
}

// part is the rows lo to hi of a mask that is read at each run, or nil.
func part(mask func() []bool, lo, hi int) func() []bool {
	if mask == nil {
		return nil
	}
	return func() []bool { return mask()[lo:hi] }
}
