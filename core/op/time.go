package op

import (
	"slices"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// TimeNodes are the learned arrays of an irregular-time attention, in the order of
// kernel.TimeWeights.
type TimeNodes struct {
	Weight, Bias, Query, QueryBias, Key, KeyBias Node
}

// IrregularAttention carries a ragged series, read at each run, onto the regular
// grid: [Samples·Steps, columns] with Heads·Width columns, or Width more with Flags.
func (g *Graph[F]) IrregularAttention(k kernel.IrregularAttention[F], s *kernel.Series[F], w TimeNodes) Node {
	columns := k.Heads * k.Width
	if k.Flags {
		columns += k.Width
	}
	inputs := []Node{w.Weight, w.Bias, w.Query, w.QueryBias, w.Key, w.KeyBias}
	weights := func(a [][]F) kernel.TimeWeights[F] {
		return kernel.TimeWeights[F]{Weight: a[0], Bias: a[1], Query: a[2], QueryBias: a[3], Key: a[4], KeyBias: a[5]}
	}
	return g.apply(Call[F]{Name: "irregular-time attention", Kernel: k, Series: s}, []int{k.Samples * k.Steps, columns}, inputs,
		func(y []F, in [][]F) { k.Forward(g.pool, y, s, weights(in)) },
		func(din [][]F, dy, _ []F, in [][]F) { k.Backward(g.pool, weights(din), dy, s, weights(in)) })
}

// Unfold lays the last Taps steps of every sequence side by side: a linear layer
// over it is a causal convolution. One tap adds no node.
func (g *Graph[F]) Unfold(k kernel.Unfold[F], x Node) Node {
	if k.Taps == 1 {
		return x
	}
	return g.apply(Call[F]{Name: "unfold", Kernel: k}, []int{k.Samples * k.Steps, k.Taps * k.Width}, []Node{x},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0]) },
		func(din [][]F, dy, _ []F, _ [][]F) { k.Backward(g.pool, din[0], dy) })
}

// Blend is σ(z)·a + (1-σ(z))·b.
func (g *Graph[F]) Blend(k kernel.Blend[F], a, b, z Node) Node {
	return g.apply(Call[F]{Name: "blend", Kernel: k}, a.Shape(), []Node{a, b, z},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0], in[1], in[2]) },
		func(din [][]F, dy, _ []F, in [][]F) {
			k.Backward(g.pool, din[0], din[1], din[2], dy, in[0], in[1], in[2])
		})
}

// MaxSteps is the maximum over the steps of every sequence: [Samples, Width].
func (g *Graph[F]) MaxSteps(k kernel.MaxSteps[F], x Node) Node {
	return g.apply(Call[F]{Name: "maximum over steps", Kernel: k}, []int{k.Samples, k.Width}, []Node{x},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0]) },
		func(din [][]F, dy, _ []F, in [][]F) { k.Backward(g.pool, din[0], dy, in[0]) })
}

// Assemble stacks the grids of all modalities, [Modalities·Samples·Steps, Width],
// with the learned indicator in place of a missing one. present is read at each run:
// modality-major, one entry for each modality and sample.
func (g *Graph[F]) Assemble(k kernel.Assemble[F], grids []Node, missing, modality, position Node, present []bool) Node {
	inputs := append(slices.Clone(grids), missing, modality, position)
	m := len(grids)
	return g.apply(Call[F]{Name: "assemble", Kernel: k, Present: present}, []int{k.Modalities * k.Samples * k.Steps, k.Width}, inputs,
		func(x []F, in [][]F) { k.Forward(g.pool, x, in[:m], in[m], in[m+1], in[m+2], present) },
		func(din [][]F, dx, _ []F, _ [][]F) {
			k.Backward(g.pool, din[:m], din[m], din[m+1], din[m+2], dx, present)
		})
}

// LastSteps is the last step of every sequence: [Sequences, Width].
func (g *Graph[F]) LastSteps(sequences, steps, width int, x Node) Node {
	k := kernel.StepPooling[F]{Kind: kernel.LastStep, Modalities: 1, Samples: sequences, Steps: steps, Width: width}
	return g.add(Call[F]{Name: "last step", Kernel: k}, []int{sequences, width}, []Node{x},
		func(y []F, in [][]F) { k.Forward(g.pool, y, in[0], nil) },
		func(din [][]F, dy, _ []F, in [][]F) { k.Backward(g.pool, din[0], nil, dy, in[0], nil) }).out
}

// Pool reduces the steps of every sequence: [Samples, Modalities·Width]. query is
// [Modalities, Width] for attention pooling and nil otherwise.
func (g *Graph[F]) Pool(k kernel.StepPooling[F], x, query Node) Node {
	shape := []int{k.Samples, k.Modalities * k.Width}
	if query == nil {
		return g.apply(Call[F]{Name: "pooling", Kernel: k}, shape, []Node{x},
			func(h []F, in [][]F) { k.Forward(g.pool, h, in[0], nil) },
			func(din [][]F, dh, _ []F, in [][]F) { k.Backward(g.pool, din[0], nil, dh, in[0], nil) })
	}
	return g.apply(Call[F]{Name: "attention pooling", Kernel: k}, shape, []Node{x, query},
		func(h []F, in [][]F) { k.Forward(g.pool, h, in[0], in[1]) },
		func(din [][]F, dh, _ []F, in [][]F) { k.Backward(g.pool, din[0], din[1], dh, in[0], in[1]) })
}
