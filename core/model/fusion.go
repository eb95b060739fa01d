package model

import (
	"fmt"
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/routing"
)

// normEpsilon is the usual one of layer normalisation.
const normEpsilon = 1e-5

// grouped is one linear layer for each modality, run as one operation.
type grouped[F kernel.Float] struct {
	weight, bias    *op.Parameter[F]
	groups, in, out int
}

func newGrouped[F kernel.Float](name string, seed uint64, groups, in, out int) grouped[F] {
	return grouped[F]{
		weight: op.Uniform[F](name+".weight", 1/math.Sqrt(float64(in)), seed, groups, in, out),
		bias:   op.Zeros[F](name+".bias", groups, out),
		groups: groups, in: in, out: out,
	}
}

func (l grouped[F]) parameters() []*op.Parameter[F] { return []*op.Parameter[F]{l.weight, l.bias} }

// apply maps rows rows of each group.
func (l grouped[F]) apply(g *op.Graph[F], x op.Node, rows int) op.Node {
	return g.Linear(kernel.Linear[F]{Groups: l.groups, Rows: rows, In: l.in, Out: l.out},
		x, g.Parameter(l.weight), g.Parameter(l.bias))
}

// norm is one layer normalisation for each modality.
type norm[F kernel.Float] struct {
	gamma, beta   *op.Parameter[F]
	groups, width int
}

func newNorm[F kernel.Float](name string, groups, width int) norm[F] {
	return norm[F]{
		gamma: op.Constant[F](name+".gamma", 1, groups, width), beta: op.Zeros[F](name+".beta", groups, width),
		groups: groups, width: width,
	}
}

func (n norm[F]) parameters() []*op.Parameter[F] { return []*op.Parameter[F]{n.gamma, n.beta} }

func (n norm[F]) apply(g *op.Graph[F], x op.Node, rows int) op.Node {
	return g.LayerNorm(kernel.LayerNorm[F]{Groups: n.groups, Rows: rows, Width: n.width, Eps: normEpsilon},
		x, g.Parameter(n.gamma), g.Parameter(n.beta))
}

// fusionLayer is self-attention within every modality, the mixture of experts across
// modalities, and a feed-forward block; pre-norm and residual throughout.
type fusionLayer[F kernel.Float] struct {
	config              Config
	attentionNorm       norm[F]
	qkv, attentionOut   grouped[F]
	routerNorm          norm[F]
	router              *routing.Router[F]
	forwardNorm         norm[F]
	forwardIn, forwardO grouped[F]
}

func newFusionLayer[F kernel.Float](c Config, layer, modalities int, seed uint64) (*fusionLayer[F], error) {
	name := fmt.Sprintf("layer.%d", layer)
	router, err := routing.New[F](c.Router, name+".router",
		routing.Shape{Modalities: modalities, Steps: c.Steps, Width: c.Width}, seed)
	if err != nil {
		return nil, err
	}
	return &fusionLayer[F]{
		config:        c,
		attentionNorm: newNorm[F](name+".attention.norm", modalities, c.Width),
		qkv:           newGrouped[F](name+".attention.in", seed, modalities, c.Width, 3*c.Width),
		attentionOut:  newGrouped[F](name+".attention.out", seed, modalities, c.Width, c.Width),
		routerNorm:    newNorm[F](name+".router.norm", modalities, c.Width),
		router:        router,
		forwardNorm:   newNorm[F](name+".forward.norm", modalities, c.Width),
		forwardIn:     newGrouped[F](name+".forward.1", seed, modalities, c.Width, c.Hidden),
		forwardO:      newGrouped[F](name+".forward.2", seed, modalities, c.Hidden, c.Width),
	}, nil
}

func (l *fusionLayer[F]) parameters() []*op.Parameter[F] {
	var all []*op.Parameter[F]
	for _, part := range []interface{ parameters() []*op.Parameter[F] }{
		l.attentionNorm, l.qkv, l.attentionOut, l.routerNorm, l.forwardNorm, l.forwardIn, l.forwardO,
	} {
		all = append(all, part.parameters()...)
	}
	return append(all, l.router.Parameters()...)
}

// apply maps [Modalities·Samples·Steps, Width] to the same shape or, where only the last
// step of each sample is asked for, to [Modalities·Samples, Width].
func (l *fusionLayer[F]) apply(g *op.Graph[F], x op.Node, b routing.Batch) (op.Node, routing.Output) {
	c := l.config
	groups := l.qkv.groups
	rows := b.Samples * c.Steps

	qkv := l.qkv.apply(g, l.attentionNorm.apply(g, x, rows), rows)
	attended := g.SelfAttention(kernel.SelfAttention[F]{
		Sequences: groups * b.Samples, Steps: c.Steps, Heads: c.Heads, Width: c.Width,
	}, qkv)
	x = g.Residual(kernel.Residual[F]{Rate: c.Dropout}, x, l.attentionOut.apply(g, attended, rows))

	mixed := l.router.Apply(g, l.routerNorm.apply(g, x, rows), b)
	every := 1
	if b.LastStep {
		every, rows = c.Steps, b.Samples
		x = g.LastSteps(groups*b.Samples, c.Steps, c.Width, x)
	}
	x = g.AddColumns(kernel.AddColumns[F]{
		Groups: groups, Rows: rows, Width: c.Width, Rate: c.Dropout, Every: every,
	}, x, mixed.Mixture)

	hidden := g.Activate(kernel.GELU, l.forwardIn.apply(g, l.forwardNorm.apply(g, x, rows), rows))
	hidden = g.Dropout(kernel.Dropout[F]{Rate: c.Dropout, Last: kernel.LastOf{Width: c.Hidden, Every: every}}, hidden)
	return g.Residual(kernel.Residual[F]{Rate: c.Dropout, Last: kernel.LastOf{Width: c.Width, Every: every}},
		x, l.forwardO.apply(g, hidden, rows)), mixed
}
