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
	// filled is the memory of series in which what is missing was filled in, hidden that of
	// series of which a pretraining has taken a part away.
	filled, hidden []kernel.Series[F]
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
	p := m.newProgram(pool, samples, to)
	g := p.graph
	steps := m.config.Steps
	if m.lastStepAlone {
		steps = 1
	}
	x, mixed := m.fuse(p, to, steps)
	var query op.Node
	if m.query != nil {
		query = g.Parameter(m.query)
	}
	pooled := g.Pool(kernel.StepPooling[F]{
		Kind: m.config.Pooling, Modalities: len(m.modalities), Samples: samples, Steps: steps, Width: m.config.Width,
	}, x, query)
	for _, h := range m.heads {
		p.logits = append(p.logits, h.apply(g, pooled, samples))
	}
	switch to {
	case train:
		m.addLosses(p, mixed)
	case explain:
		m.choose(p)
	case predict:
	}
	if err := g.Compile(p.total); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return p, nil
}

func (m *Model[F]) newProgram(pool *kernel.Pool, samples int, to purpose) *program[F] {
	graph := op.NewGraphOn(m.device, pool)
	if to == explain { // devices tell no gradients
		graph = op.NewGraph[F](pool)
	}
	n := len(m.modalities)
	return &program[F]{
		graph: graph, samples: samples,
		series:  make([]kernel.Series[F], n),
		grids:   make([][]F, n),
		present: make([]bool, n*samples),
		filled:  make([]kernel.Series[F], n),
		hidden:  make([]kernel.Series[F], n),
		imputed: make([]*op.Parameter[F], n),
	}
}

// fuse lays out all of the network that knows no task: from the series to the normed steps
// of the last fusion layer, [Modalities·Samples·steps, Width], where steps is all of them or
// 1, the last.
func (m *Model[F]) fuse(p *program[F], to purpose, steps int) (op.Node, []routing.Output) {
	c, g, samples := m.config, p.graph, p.samples
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
	for i, l := range m.layers {
		batch := routing.Batch{Samples: samples, Present: p.present, Differentiate: to == train}
		batch.LastStep = steps < c.Steps && i == len(m.layers)-1
		var out routing.Output
		x, out = l.apply(g, x, batch)
		mixed = append(mixed, out)
		p.decisions = append(p.decisions, out.Decisions)
	}
	return m.final.apply(g, x, samples*steps), mixed
}

// addLosses adds the tasks' losses and the auxiliary ones, and their weighted sum.
func (m *Model[F]) addLosses(p *program[F], mixed []routing.Output) {
	sum := lossSum[F]{program: p}
	for i, h := range m.heads {
		labels := make([]F, p.samples*h.task.Columns())
		p.labels = append(p.labels, labels)
		sum.add(h.task.Name, 1, 1, h.loss(p.graph, p.logits[i], p.samples, labels))
	}
	m.addRouterLosses(&sum, mixed)
	sum.end()
}

// addRouterLosses adds the auxiliary ones.
func (m *Model[F]) addRouterLosses(sum *lossSum[F], mixed []routing.Output) {
	c := m.config
	for _, out := range mixed {
		if c.Balance > 0 {
			for _, n := range out.Balance {
				sum.add("balance", c.Balance, 1, n)
			}
		}
		if out.Entropy != nil {
			// Averaged over layers: method decision 9.
			sum.add("entropy", c.Entropy, 1/float64(len(mixed)), out.Entropy)
		}
	}
}

// lossSum is a program's total loss while it is laid out.
type lossSum[F kernel.Float] struct {
	program *program[F]
	weights []float64
	nodes   []op.Node
}

// add takes one term up: its coefficient, and the share that the node is of what is reported
// under the name.
func (s *lossSum[F]) add(name string, coefficient, share float64, n op.Node) {
	s.weights = append(s.weights, coefficient*share)
	s.nodes = append(s.nodes, n)
	s.program.terms = append(s.program.terms, term{name, share, n})
}

func (s *lossSum[F]) end() { s.program.total = s.program.graph.WeightedSum(s.weights, s.nodes) }

// losses are the terms of the last run.
func (p *program[F]) losses() (Losses, error) {
	losses := Losses{}
	for _, t := range append(p.terms, term{"total", 1, p.total}) {
		value, err := p.graph.Value(t.node)
		if err != nil {
			return nil, fmt.Errorf("model: %w", err)
		}
		losses[t.name] += t.share * float64(value[0])
	}
	return losses, nil
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
		dropModalities(p.present, p.samples, m.config.ModalityDropout, step.Key(modalityStream))
	}
	m.complete(pool, p)
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

// complete derives from the series what else the graph reads: what stands for missing
// modalities, and the regular grids.
func (m *Model[F]) complete(pool *kernel.Pool, p *program[F]) {
	m.fillMissing(p)
	for i, e := range m.encoders {
		if p.grids[i] != nil {
			k := kernel.Imputation[F]{Samples: p.samples, Steps: m.config.Steps, Width: e.modality.Width, Mean: e.mean}
			k.Fill(pool, p.grids[i], &p.series[i])
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
