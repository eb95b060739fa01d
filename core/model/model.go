package model

import (
	"errors"
	"fmt"
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/routing"
)

// Model is the network: its parameters and the graphs built over them. It serves one
// caller at a time.
type Model[F kernel.Float] struct {
	config     Config
	modalities []Modality
	tasks      []Task

	time                        timeEmbedding[F]
	encoders                    []*encoder[F]
	missing, modality, position *op.Parameter[F]
	layers                      []*fusionLayer[F]
	final                       norm[F]
	query                       *op.Parameter[F]
	heads                       []*head[F]

	training, predicting, explaining map[int]*program[F]

	// lastStepAlone says that the pooling looks at the last step only. The last layer then
	// makes no others, once they are routed: no token sees another one after that.
	lastStepAlone bool

	// device is where the graphs run, nil for the processor.
	device op.Device[F]
}

// On puts the model on a device, which the caller closes after it; nil means the processor.
func (m *Model[F]) On(d op.Device[F]) { m.device = d }

// Batch is a set of samples as the network reads it.
type Batch[F kernel.Float] struct {
	// Series has one entry for each modality.
	Series []kernel.Series[F]
	// Present is modality-major, one entry for each modality and sample.
	Present []bool
	// Labels has one array for each task, [Samples, Columns], NaN where unknown.
	// Predict does not read it.
	Labels [][]F
}

// Samples is the number of samples in the batch.
func (b Batch[F]) Samples() int { return b.Series[0].Samples() }

// New builds a model with fresh weights, which are a function of the seed.
func New[F kernel.Float](c Config, modalities []Modality, tasks []Task, seed uint64) (*Model[F], error) {
	c.Router.Entropy = c.Entropy > 0
	if err := c.validate(modalities, tasks); err != nil {
		return nil, err
	}
	n := len(modalities)
	m := &Model[F]{
		config: c, modalities: modalities, tasks: tasks,
		time:     newTimeEmbedding[F](c, seed),
		modality: op.Normal[F]("modality", initialDeviation, seed, n, c.Width),
		position: op.Normal[F]("position", initialDeviation, seed, c.Steps, c.Width),
		final:    newNorm[F]("final.norm", n, c.Width),
		training: map[int]*program[F]{}, predicting: map[int]*program[F]{}, explaining: map[int]*program[F]{},
		lastStepAlone: c.Pooling == kernel.LastStep && c.Router.Unit == routing.Step,
	}
	if c.Missing == Indicator {
		// The indicators start small and apart from the modality embeddings.
		m.missing = op.Normal[F]("missing", initialDeviation, seed, n, c.Steps, c.Width)
	}
	for _, modality := range modalities {
		m.encoders = append(m.encoders, newEncoder(c, modality, m.time, seed))
	}
	for i := range c.Layers {
		l, err := newFusionLayer[F](c, i, n, seed)
		if err != nil {
			return nil, fmt.Errorf("model: %w", err)
		}
		m.layers = append(m.layers, l)
	}
	if c.Pooling == kernel.AttentionSteps {
		m.query = op.Normal[F]("pooling.query", initialDeviation, seed, n, c.Width)
	}
	for _, t := range tasks {
		m.heads = append(m.heads, newHead[F](t, n*c.Width, c.Dropout, seed))
	}
	return m, nil
}

// initialDeviation is the usual one of learned embeddings in transformers.
const initialDeviation = 0.02

// inputScale multiplies the grids before positions are added, as in the original
// transformer (Vaswani et al. 2017, section 3.4).
func (m *Model[F]) inputScale() float64 { return math.Sqrt(float64(m.config.Width)) }

// Parameters are the learned arrays, in a fixed order, each with a unique name.
func (m *Model[F]) Parameters() []*op.Parameter[F] {
	all := m.trunkParameters()
	if m.query != nil {
		all = append(all, m.query)
	}
	for _, h := range m.heads {
		all = append(all, h.parameters()...)
	}
	return all
}

// trunkParameters are those of all that knows no task.
func (m *Model[F]) trunkParameters() []*op.Parameter[F] {
	all := m.time.parameters()
	if m.missing != nil {
		all = append(all, m.missing)
	}
	all = append(all, m.modality, m.position)
	for _, e := range m.encoders {
		all = append(all, e.parameters()...)
	}
	for _, l := range m.layers {
		all = append(all, l.parameters()...)
	}
	return append(all, m.final.parameters()...)
}

// Losses are the terms of one run: a task's loss under its name, "balance" summed over
// the layers and gates, "entropy" averaged over the layers, and "total" with their
// coefficients.
type Losses map[string]float64

// Train runs the batch forward and backward and adds the gradients, scaled by
// step.Weight, to those of the parameters.
func (m *Model[F]) Train(pool *kernel.Pool, b Batch[F], step op.Step) (Losses, error) {
	p, err := m.program(m.training, pool, b.Samples(), train)
	if err != nil {
		return nil, err
	}
	m.feed(pool, p, b, step)
	if err := p.graph.Run(step); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	for _, a := range m.accumulators() {
		a.Carry()
	}
	return p.losses()
}

// EndStep tells that the optimizer has used the gradients: the next run begins a new
// accumulated batch.
func (m *Model[F]) EndStep() {
	for _, a := range m.accumulators() {
		a.Reset()
	}
}

func (m *Model[F]) accumulators() []*op.Accumulator {
	var all []*op.Accumulator
	for _, l := range m.layers {
		all = append(all, l.router.Accumulators()...)
	}
	return all
}

// Output is what the network says about a batch. It is overwritten by the next run.
type Output[F kernel.Float] struct {
	// Logits has one array for each task, [Samples, Outputs]; a regression's values are
	// in the unit of its target.
	Logits [][]F
	// Decisions has the gates of every layer.
	Decisions [][]Decision[F]
}

// Decision is how one gate matrix routed a batch: see routing.Decision.
type Decision[F kernel.Float] struct {
	// Gates is [Groups·Rows, Experts].
	Gates                []F
	Modalities           []int
	FirstExpert, Experts int
}

// Predict runs the batch forward, without dropout or noise.
func (m *Model[F]) Predict(pool *kernel.Pool, b Batch[F]) (Output[F], error) {
	p, err := m.program(m.predicting, pool, b.Samples(), predict)
	if err != nil {
		return Output[F]{}, err
	}
	m.feed(pool, p, b, op.Step{})
	if err := p.graph.Run(op.Step{}); err != nil {
		return Output[F]{}, fmt.Errorf("model: %w", err)
	}
	out, err := m.output(p)
	if err != nil {
		return Output[F]{}, fmt.Errorf("model: %w", err)
	}
	return out, nil
}

func (m *Model[F]) output(p *program[F]) (out Output[F], err error) {
	for i, n := range p.logits {
		logits, err := p.graph.Value(n)
		if err != nil {
			return out, err
		}
		if t := m.tasks[i]; t.Kind == Regression && t.Deviation > 0 {
			for j := range logits {
				logits[j] = F(float64(logits[j])*t.Deviation + t.Mean)
			}
		}
		out.Logits = append(out.Logits, logits)
	}
	for _, layer := range p.decisions {
		var all []Decision[F]
		for _, d := range layer {
			gates, err := p.graph.Value(d.Gates)
			if err != nil {
				return out, err
			}
			all = append(all, Decision[F]{
				Gates: gates, Modalities: d.Modalities, FirstExpert: d.FirstExpert, Experts: d.Experts,
			})
		}
		out.Decisions = append(out.Decisions, all)
	}
	return out, nil
}

func (m *Model[F]) program(built map[int]*program[F], pool *kernel.Pool, samples int, to purpose) (*program[F], error) {
	if p, ok := built[samples]; ok {
		return p, nil
	}
	p, err := m.build(pool, samples, to)
	if err != nil {
		return nil, err
	}
	built[samples] = p
	return p, nil
}

// Close releases the graphs. The parameters stay, and graphs are built anew when they
// are needed.
func (m *Model[F]) Close() error {
	return errors.Join(closeAll(m.training), closeAll(m.predicting), closeAll(m.explaining))
}

// closeAll releases graphs, which are built anew when they are needed.
func closeAll[F kernel.Float](built map[int]*program[F]) error {
	var errs []error
	for samples, p := range built {
		errs = append(errs, p.graph.Close())
		delete(built, samples)
	}
	return errors.Join(errs...)
}
