package model

import (
	"fmt"
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/routing"
)

// Attribution says what one logit of one sample is made of.
type Attribution[F kernel.Float] struct {
	// Output is the logit, or the value of a regression, Baseline that of a sample with
	// the same times at which every value is the training mean.
	Output, Baseline float64
	// Values has, for each modality, the part of Output - Baseline of each value of its
	// series, by integrated gradients (Sundararajan et al., Axiomatic Attribution for Deep
	// Networks, 2017). They sum to the difference, but for what the choice of experts
	// adds: where it changes on the way from the baseline the output jumps, and no
	// gradient sees that.
	Values [][]F
	// Layers is what the experts of each layer did.
	Layers []LayerEffect
}

// LayerEffect has one row for each modality, or one for all of a joint router, and a
// column for each expert.
type LayerEffect struct {
	// Gates is the mean weight with which the expert was chosen. Effect is the gate's
	// weight times the output's gradient by it, summed over the steps: what the output
	// would lose, to first order, without what this modality told that expert.
	Gates, Effect [][]float64
}

// The way from the baseline has pathSteps points, of which pathBatch are computed at a
// time. They lie closer to the baseline, as a power of equal steps: layer norms turn
// most steeply there. By TestAttributionIsComplete the sum is then off by a few
// hundredths of the difference at worst.
const pathSteps, pathBatch, pathPower = 256, 16, 4

// Attribute explains one logit of a batch of one sample. It clears the gradients of the
// parameters: it is not for a model in training.
func (m *Model[F]) Attribute(pool *kernel.Pool, b Batch[F], task, output int) (a Attribution[F], err error) {
	p, err := m.program(m.explaining, pool, pathBatch, explain)
	if err != nil {
		return a, err
	}
	for t, weights := range p.chosen {
		clear(weights)
		if t == task {
			weights[output] = 1
		}
	}
	scale := 1.0
	if t := m.tasks[task]; t.Kind == Regression && t.Deviation > 0 {
		scale = t.Deviation
	}
	a.Values = make([][]F, len(m.modalities))
	for i, s := range b.Series {
		a.Values[i] = make([]F, len(s.Values))
	}
	for first := 0; first < pathSteps; first += pathBatch {
		share := func(k int) float64 { return (float64(first+k) + 0.5) / pathSteps }
		path := m.path(b, func(k int) float64 { return math.Pow(share(k), pathPower) })
		if err := m.differentiate(pool, p, path); err != nil {
			return a, err
		}
		m.addGradients(pool, p, b, a.Values, func(k int) float64 {
			return scale * pathPower * math.Pow(share(k), pathPower-1) / pathSteps
		})
	}
	for i, values := range a.Values {
		for j := range values {
			values[j] *= b.Series[i].Values[j] - m.baseline(i, j)
		}
	}
	if err := m.differentiate(pool, p, m.path(b, func(int) float64 { return 1 })); err != nil {
		return a, err
	}
	out, err := m.output(p)
	if err != nil {
		return a, err
	}
	for l, layer := range p.decisions {
		a.Layers = append(a.Layers, m.effect(p, out.Decisions[l], layerGradients(p.graph, layer), scale))
	}
	ends, err := m.Predict(pool, m.path(b, func(k int) float64 { return float64(min(k, 1)) }))
	if err != nil {
		return a, err
	}
	outputs := m.tasks[task].Outputs
	a.Baseline, a.Output = float64(ends.Logits[task][output]), float64(ends.Logits[task][outputs+output])
	return a, nil
}

// choose makes the sum of chosen logits the scalar of the program, and keeps the gradients
// that are looked at.
func (m *Model[F]) choose(p *program[F]) {
	var nodes []op.Node
	var ones []float64
	for i, h := range m.heads {
		weights := make([]F, h.task.Outputs)
		p.chosen = append(p.chosen, weights)
		nodes, ones = append(nodes, p.graph.Contract(p.logits[i], weights)), append(ones, 1)
	}
	p.total = p.graph.WeightedSum(ones, nodes)
	for _, n := range p.attended {
		p.graph.KeepGradient(n)
	}
	for _, layer := range p.decisions {
		for _, d := range layer {
			p.graph.KeepGradient(d.Gates)
		}
	}
}

// baseline is what value j of a modality's series is compared with.
func (m *Model[F]) baseline(modality, j int) F {
	if mean := m.encoders[modality].mean; mean != nil {
		return mean[j%len(mean)]
	}
	return 0
}

// path repeats a sample pathBatch times, at these shares of the way from the baseline.
func (m *Model[F]) path(b Batch[F], share func(k int) float64) Batch[F] {
	out := Batch[F]{}
	for i, s := range b.Series {
		at := kernel.Series[F]{Start: []int{0}, Width: s.Width}
		for k := range pathBatch {
			alpha := F(share(k))
			at.Times = append(at.Times, s.Times...)
			at.Observed = append(at.Observed, s.Observed...)
			for j, v := range s.Values {
				if s.Observed == nil || s.Observed[j] != 0 {
					base := m.baseline(i, j)
					v = base + alpha*(v-base)
				}
				at.Values = append(at.Values, v)
			}
			at.Start = append(at.Start, len(at.Times))
			out.Present = append(out.Present, b.Present[i])
		}
		out.Series = append(out.Series, at)
	}
	return out
}

// differentiate runs the program and leaves the gradients of its inputs, and none of
// the parameters.
func (m *Model[F]) differentiate(pool *kernel.Pool, p *program[F], b Batch[F]) error {
	for _, grid := range p.imputed {
		if grid != nil {
			grid.ClearGrad()
		}
	}
	m.feed(pool, p, b, op.Step{})
	if err := p.graph.Run(op.Step{}); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	for _, parameter := range m.Parameters() {
		parameter.ClearGrad()
	}
	return nil
}

// addGradients adds the gradients by the sample's values, weighed along the path.
func (m *Model[F]) addGradients(pool *kernel.Pool, p *program[F], b Batch[F], values [][]F, weight func(k int) float64) {
	for i, e := range m.encoders {
		n := len(values[i])
		if n == 0 {
			continue // missing: there is nothing to explain
		}
		series := &p.series[i]
		dv := make([]F, len(series.Values))
		a := e.attention(pathBatch)
		y := make([]F, len(op.Value[F](p.attended[i])))
		a.Forward(pool, y, series, e.weights())
		a.BackwardValues(pool, dv, p.graph.Gradient(p.attended[i]), series)
		if p.imputed[i] != nil {
			k := kernel.Imputation[F]{Samples: pathBatch, Steps: m.config.Steps, Width: e.modality.Width}
			k.Backward(pool, dv, p.imputed[i].Grad, series)
		}
		for k := range pathBatch {
			w := F(weight(k))
			for j, g := range dv[k*n : (k+1)*n] {
				if b.Series[i].Observed == nil || b.Series[i].Observed[j] != 0 {
					values[i][j] += g * w
				}
			}
		}
	}
}

// layerGradients are the gradients of a layer's gates.
func layerGradients[F kernel.Float](g *op.Graph[F], layer []routing.Decision) (all [][]F) {
	for _, d := range layer {
		all = append(all, g.Gradient(d.Gates))
	}
	return all
}

// effect sums up what a layer's gates did with the first sample of a program.
func (m *Model[F]) effect(p *program[F], layer []Decision[F], gradients [][]F, scale float64) LayerEffect {
	e := LayerEffect{Gates: m.gates(layer, p.samples), Effect: m.perExpert(layer)}
	eachGate(layer, p.samples, func(decision, at, row, expert int, _ float64) {
		e.Effect[row][expert] += float64(layer[decision].Gates[at]) * float64(gradients[decision][at]) * scale
	})
	return e
}
