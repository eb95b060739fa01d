package model

import (
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
)

// head turns the pooled modalities into the logits of one task: a residual block and
// a linear layer.
type head[F kernel.Float] struct {
	task                   Task
	dropout                float64
	first, second, outputs grouped[F]
}

func newHead[F kernel.Float](t Task, width int, dropout float64, seed uint64) *head[F] {
	name := "head." + t.Name
	return &head[F]{
		task: t, dropout: dropout,
		first:   newGrouped[F](name+".1", seed, 1, width, width),
		second:  newGrouped[F](name+".2", seed, 1, width, width),
		outputs: newGrouped[F](name+".out", seed, 1, width, t.Outputs),
	}
}

func (h *head[F]) parameters() []*op.Parameter[F] {
	return append(append(h.first.parameters(), h.second.parameters()...), h.outputs.parameters()...)
}

// apply maps the pooled rows, one for each sample, to logits.
func (h *head[F]) apply(g *op.Graph[F], pooled op.Node, samples int) op.Node {
	hidden := g.Dropout(kernel.Dropout[F]{Rate: h.dropout}, g.Activate(kernel.ReLU, h.first.apply(g, pooled, samples)))
	return h.outputs.apply(g, g.Residual(kernel.Residual[F]{}, pooled, h.second.apply(g, hidden, samples)), samples)
}

// loss is the task's own loss over the known labels.
func (h *head[F]) loss(g *op.Graph[F], logits op.Node, samples int, labels []F) op.Node {
	t := h.task
	var weight []F
	for _, w := range t.Weight {
		weight = append(weight, F(w))
	}
	switch t.Kind {
	case Multiclass:
		return g.SoftmaxCrossEntropy(kernel.SoftmaxCrossEntropy[F]{Samples: samples, Classes: t.Outputs}, logits, labels, weight)
	case Regression:
		return g.SquaredError(kernel.SquaredError[F]{Samples: samples, Outputs: t.Outputs}, logits, labels)
	case Binary, Multilabel:
	}
	return g.BinaryCrossEntropy(kernel.BinaryCrossEntropy[F]{Samples: samples, Outputs: t.Outputs}, logits, labels, weight)
}
