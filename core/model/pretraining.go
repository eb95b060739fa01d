package model

import (
	"errors"
	"fmt"
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/routing"
)

// Pretraining teaches a model without labels: part of what was observed is hidden from it,
// and a linear decoder for each modality has to tell from the fused steps what stood there.
// The encoders and the fusion layers are those of the model, which is trained on; the heads
// have no part in it, and the decoders are of no use afterwards.
type Pretraining[F kernel.Float] struct {
	model *Model[F]
	// rate is the share of cells that are hidden.
	rate     float64
	scales   []Scale
	decoders []grouped[F]
	learning map[int]*program[F]
	judging  map[int]*program[F]
}

// Scale is how the values of one modality are distributed in the training data: what is to
// be filled in is told in deviations from the mean, so that no unit outweighs another.
type Scale struct{ Mean, Deviation []float64 }

// Pretraining begins one. rate is the share, in (0, 1), of cells that are hidden: a cell is
// all that was observed of one channel, or of a whole embedding, within a step of the time
// grid. What modality dropout takes away has to be filled in too. scales has an entry for
// each modality.
func (m *Model[F]) Pretraining(rate float64, scales []Scale, seed uint64) *Pretraining[F] {
	p := &Pretraining[F]{
		model: m, rate: rate, scales: scales,
		learning: map[int]*program[F]{}, judging: map[int]*program[F]{},
	}
	for _, modality := range m.modalities {
		p.decoders = append(p.decoders, newGrouped[F]("decoder."+modality.Name, seed, 1, m.config.Width, modality.Width))
	}
	return p
}

// Parameters are those that learn: all of the model but its pooling and heads, and the
// decoders.
func (p *Pretraining[F]) Parameters() []*op.Parameter[F] {
	return append(p.model.trunkParameters(), p.Decoders()...)
}

// Decoders are the parameters of the pretraining alone.
func (p *Pretraining[F]) Decoders() (all []*op.Parameter[F]) {
	for _, d := range p.decoders {
		all = append(all, d.parameters()...)
	}
	return all
}

// Reconstruction names the loss of a pretraining: the squared error of what was hidden, in
// squared deviations, averaged within a modality and then over the modalities.
const Reconstruction = "reconstruction"

// Train runs the batch forward and backward as Model.Train does; labels are not read. The
// losses are Reconstruction, those of the routers, and "total".
func (p *Pretraining[F]) Train(pool *kernel.Pool, b Batch[F], step op.Step) (Losses, error) {
	run, err := p.program(p.learning, pool, b.Samples(), train)
	if err != nil {
		return nil, err
	}
	p.feed(pool, run, b, step)
	if err := run.graph.Run(step); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	for _, a := range p.model.accumulators() {
		a.Carry()
	}
	return run.losses()
}

// EndStep is Model.EndStep.
func (p *Pretraining[F]) EndStep() { p.model.EndStep() }

// Judge is the loss of filling in a batch that is not learned from, without dropout of
// activations. What is hidden is a function of the step's seed and number.
func (p *Pretraining[F]) Judge(pool *kernel.Pool, b Batch[F], step op.Step) (float64, error) {
	run, err := p.program(p.judging, pool, b.Samples(), predict)
	if err != nil {
		return 0, err
	}
	step.Training = false
	p.feed(pool, run, b, step)
	if err := run.graph.Run(step); err != nil {
		return 0, fmt.Errorf("model: %w", err)
	}
	losses, err := run.losses()
	return losses[Reconstruction], err
}

// Close releases the graphs.
func (p *Pretraining[F]) Close() error {
	return errors.Join(closeAll(p.learning), closeAll(p.judging))
}

func (p *Pretraining[F]) program(built map[int]*program[F], pool *kernel.Pool, samples int, to purpose) (*program[F], error) {
	if run, ok := built[samples]; ok {
		return run, nil
	}
	run := p.model.newProgram(pool, samples, to)
	fused, mixed := p.model.fuse(run, to, p.model.config.Steps)
	if to != train {
		mixed = nil // nothing else is judged
	}
	p.addLosses(run, fused, mixed)
	loss := run.total
	if to != train {
		loss = nil
	}
	if err := run.graph.Compile(loss); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	built[samples] = run
	return run, nil
}

// addLosses has each modality's decoder tell its hidden values, and adds the routers' losses.
func (p *Pretraining[F]) addLosses(run *program[F], fused op.Node, mixed []routing.Output) {
	m := p.model
	rows := run.samples * m.config.Steps
	sum := lossSum[F]{program: run}
	for i, d := range p.decoders {
		labels := make([]F, rows*d.out)
		run.labels = append(run.labels, labels)
		told := d.apply(run.graph, run.graph.Rows(fused, i*rows, (i+1)*rows, m.config.Width), rows)
		sum.add(Reconstruction, 1, 1/float64(len(p.decoders)),
			run.graph.SquaredError(kernel.SquaredError[F]{Samples: rows, Outputs: d.out}, told, labels))
	}
	m.addRouterLosses(&sum, mixed)
	sum.end()
}

// feed hides part of a batch and gives the graph the rest to read, the hidden part as
// labels.
func (p *Pretraining[F]) feed(pool *kernel.Pool, run *program[F], b Batch[F], step op.Step) {
	m := p.model
	copy(run.present, b.Present)
	if m.config.ModalityDropout > 0 {
		dropModalities(run.present, run.samples, m.config.ModalityDropout, step.Key(modalityStream))
	}
	key := step.Key(hidingStream)
	pool.For(len(m.modalities), 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			h := hiding[F]{
				steps: m.config.Steps, scale: p.scales[i], rate: p.rate, key: kernel.Key(key, uint64(i), 0),
				had: b.Present[i*run.samples:][:run.samples], left: run.present[i*run.samples:][:run.samples],
			}
			h.hide(&run.hidden[i], run.labels[i], b.Series[i])
			run.series[i] = run.hidden[i]
		}
	})
	m.complete(pool, run)
}

// hidingStream is the random stream of what is hidden, beside modalityStream; operations
// have streams of their own, which count from 1.
const hidingStream = math.MaxUint64
