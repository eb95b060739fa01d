package model

import (
	"fmt"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/routing"
)

// program is the model's graph for one batch size, forward only or with gradients.
type program[F kernel.Float] struct {
	graph   *op.Graph[F]
	samples int
	// What a run reads: filled by feed.
	series  []kernel.Series[F]
	grids   [][]F
	present []bool
	labels  [][]F
	// filled is the memory of series in which what is missing was filled in.
	filled []kernel.Series[F]
	// What a run leaves behind.
	logits    []op.Node
	total     op.Node
	terms     []term
	decisions [][]routing.Decision
	// Of a program that explains: what the attention made of each modality, its regular
	// grid as a parameter, and which logits of each task are summed up in total.
	attended []op.Node
	imputed  []*op.Parameter[F]
	chosen   [][]F
}

// purpose is what a program is for.
type purpose int

const (
	predict purpose = iota
	train
	explain
)

// term is one loss: its node, the name that it is reported under, and the share of
// the reported value that it makes up.
type term struct {
	name  string
	share float64
	node  op.Node
}

// build lays out the graph.
func (m *Model[F]) build(pool *kernel.Pool, samples int, to purpose) (*program[F], error) {
	c := m.config
	graph := op.NewGraphOn(m.device, pool)
	if to == explain { // devices tell no gradients
		graph = op.NewGraph[F](pool)
	}
	p := &program[F]{
		graph: graph, samples: samples,
		series:  make([]kernel.Series[F], len(m.modalities)),
		grids:   make([][]F, len(m.modalities)),
		present: make([]bool, len(m.modalities)*samples),
		filled:  make([]kernel.Series[F], len(m.modalities)),
		imputed: make([]*op.Parameter[F], len(m.modalities)),
	}
	g := p.graph
	grids := make([]op.Node, len(m.modalities))
	for i, e := range m.encoders {
		var imputed op.Node
		switch name := "grid." + e.modality.Name; {
		case e.imputes() && to == explain:
			p.imputed[i] = op.Zeros[F](name, samples*c.Steps, 2*e.modality.Width)
			imputed, p.grids[i] = g.Parameter(p.imputed[i]), p.imputed[i].Value
		case e.imputes():
			imputed, p.grids[i] = g.Input(name, samples*c.Steps, 2*e.modality.Width)
		}
		var attended op.Node
		grids[i], attended = e.apply(g, samples, &p.series[i], imputed)
		p.attended = append(p.attended, attended)
	}
	x := g.Assemble(m.assembly(samples), grids, m.indicators(g), g.Parameter(m.modality), g.Parameter(m.position), p.present)
	x = g.Dropout(kernel.Dropout[F]{Rate: c.Dropout}, x)
	var mixed []routing.Output
	steps := c.Steps
	for i, l := range m.layers {
		batch := routing.Batch{Samples: samples, Present: p.present, Differentiate: to == train}
		if m.lastStepAlone && i == len(m.layers)-1 {
			batch.LastStep, steps = true, 1
		}
		var out routing.Output
		x, out = l.apply(g, x, batch)
		mixed = append(mixed, out)
		p.decisions = append(p.decisions, out.Decisions)
	}
	x = m.final.apply(g, x, samples*steps)
	var query op.Node
	if m.query != nil {
		query = g.Parameter(m.query)
	}
	pooled := g.Pool(kernel.StepPooling[F]{
		Kind: c.Pooling, Modalities: len(m.modalities), Samples: samples, Steps: steps, Width: c.Width,
	}, x, query)
	for _, h := range m.heads {
		p.logits = append(p.logits, h.apply(g, pooled, samples))
	}
	switch to {
	case train:
		m.losses(p, mixed)
	case explain:
		m.choose(p)
	case predict:
	}
	if err := g.Compile(p.total); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return p, nil
}

// losses adds the tasks' losses and the auxiliary ones, and their weighted sum.
func (m *Model[F]) losses(p *program[F], mixed []routing.Output) {
	c := m.config
	var weights []float64
	var nodes []op.Node
	add := func(name string, coefficient, share float64, n op.Node) {
		weights = append(weights, coefficient*share)
		nodes = append(nodes, n)
		p.terms = append(p.terms, term{name, share, n})
	}
	for i, h := range m.heads {
		labels := make([]F, p.samples*h.task.Columns())
		p.labels = append(p.labels, labels)
		add(h.task.Name, 1, 1, h.loss(p.graph, p.logits[i], p.samples, labels))
	}
	for _, out := range mixed {
		if c.Balance > 0 {
			for _, n := range out.Balance {
				add("balance", c.Balance, 1, n)
			}
		}
		if out.Entropy != nil {
			// Averaged over layers: method decision 9.
			add("entropy", c.Entropy, 1/float64(len(mixed)), out.Entropy)
		}
	}
	p.total = p.graph.WeightedSum(weights, nodes)
}

func (m *Model[F]) assembly(samples int) kernel.Assemble[F] {
	c := m.config
	return kernel.Assemble[F]{
		Modalities: len(m.modalities), Samples: samples, Steps: c.Steps, Width: c.Width, Scale: m.inputScale(),
	}
}

// feed copies a batch to where the graph reads it. Dropped modalities, in training,
// are taken for missing; a sample keeps at least one.
func (m *Model[F]) feed(pool *kernel.Pool, p *program[F], b Batch[F], step op.Step) {
	copy(p.series, b.Series)
	copy(p.present, b.Present)
	if step.Training && m.config.ModalityDropout > 0 {
		dropModalities(p.present, p.samples, m.config.ModalityDropout, kernel.Key(step.Seed, step.Number, modalityStream))
	}
	m.fillMissing(p)
	for i, e := range m.encoders {
		if p.grids[i] != nil {
			k := kernel.Imputation[F]{Samples: p.samples, Steps: m.config.Steps, Width: e.modality.Width, Mean: e.mean}
			k.Fill(pool, p.grids[i], &p.series[i])
		}
	}
	for i, h := range m.heads {
		if p.labels == nil {
			break
		}
		for j, v := range b.Labels[i] {
			if h.task.Kind == Regression && h.task.Deviation > 0 {
				v = F((float64(v) - h.task.Mean) / h.task.Deviation)
			}
			p.labels[i][j] = v
		}
	}
}

// modalityStream is the random stream of modality dropout; operations count from 1.
const modalityStream = 0

func dropModalities(present []bool, samples int, rate float64, key uint64) {
	modalities := len(present) / samples
	for s := range samples {
		left := 0
		for m := range modalities {
			if present[m*samples+s] {
				left++
			}
		}
		for m := range modalities {
			i := m*samples + s
			if present[i] && left > 1 && kernel.Uniform(key, uint64(i)) < rate {
				present[i] = false
				left--
			}
		}
	}
}
