package model

import (
	"math"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/op"
)

// timeEmbedding is the Time2Vec that all modalities share: one linear feature, the
// others sines (paper, section 2.4 of the NeurIPS version).
type timeEmbedding[F kernel.Float] struct {
	weight, bias *op.Parameter[F]
}

func newTimeEmbedding[F kernel.Float](c Config, seed uint64) timeEmbedding[F] {
	// Times lie in [0,1]: at this frequency a sine turns by an eighth of its period from
	// one grid point to the next. Most start slower, and tell apart points that are
	// farther from each other. Frequencies within [-1,1], the usual start of a linear
	// layer, would leave all sines nearly linear.
	frequency := math.Pi * float64(c.Steps) / 4
	return timeEmbedding[F]{
		weight: op.Normal[F]("time.weight", frequency/2, seed, c.TimeWidth),
		bias:   op.Normal[F]("time.bias", 1, seed, c.TimeWidth),
	}
}

func (t timeEmbedding[F]) parameters() []*op.Parameter[F] {
	return []*op.Parameter[F]{t.weight, t.bias}
}

// encoder carries the series of one modality onto the regular grid.
type encoder[F kernel.Float] struct {
	config   Config
	modality Modality
	time     timeEmbedding[F]
	// mean is the modality's, nil for zeros.
	mean []F

	query, queryBias, key, keyBias *op.Parameter[F]
	out, outBias                   *op.Parameter[F]
	// The imputation branch; nil without one.
	convolution                *op.Parameter[F]
	gateA, gateI, gateBias     *op.Parameter[F]
	gateHidden, gateHiddenBias *op.Parameter[F]
	columns, gateOutputs       int
}

func newEncoder[F kernel.Float](c Config, m Modality, time timeEmbedding[F], seed uint64) *encoder[F] {
	e := &encoder[F]{config: c, modality: m, time: time, columns: c.TimeHeads * m.Width}
	if m.Measurements {
		e.columns += m.Width
	}
	for _, v := range m.Mean {
		e.mean = append(e.mean, F(v))
	}
	name := "encoder." + m.Name
	e.query, e.queryBias = linear[F](name+".query", seed, c.TimeWidth, c.TimeWidth)
	e.key, e.keyBias = linear[F](name+".key", seed, c.TimeWidth, c.TimeWidth)
	e.out, e.outBias = linear[F](name+".out", seed, e.columns, c.Width)
	if e.imputes() {
		e.gateOutputs = 1
		if c.Imputation.Gate == kernel.PerFeature {
			e.gateOutputs = c.Width
		}
		e.convolution, _ = linear[F](name+".convolution", seed, 2*m.Width*c.Imputation.Kernel, c.Width)
		e.gateA, e.gateBias = linear[F](name+".blend.attention", seed, c.Width, c.Width)
		e.gateI, _ = linear[F](name+".blend.imputation", seed, c.Width, c.Width)
		e.gateHidden, e.gateHiddenBias = linear[F](name+".blend.out", seed, c.Width, e.gateOutputs)
	}
	return e
}

func (e *encoder[F]) imputes() bool { return e.modality.Measurements && e.config.Imputation.Enabled }

func (e *encoder[F]) parameters() []*op.Parameter[F] {
	all := []*op.Parameter[F]{e.query, e.queryBias, e.key, e.keyBias, e.out, e.outBias}
	if e.imputes() {
		all = append(all, e.convolution, e.gateA, e.gateI, e.gateBias, e.gateHidden, e.gateHiddenBias)
	}
	return all
}

// weights are those of the irregular-time attention.
func (e *encoder[F]) weights() kernel.TimeWeights[F] {
	return kernel.TimeWeights[F]{
		Weight: e.time.weight.Value, Bias: e.time.bias.Value,
		Query: e.query.Value, QueryBias: e.queryBias.Value, Key: e.key.Value, KeyBias: e.keyBias.Value,
	}
}

// attention is the irregular-time attention of so many samples.
func (e *encoder[F]) attention(samples int) kernel.IrregularAttention[F] {
	c := e.config
	return kernel.IrregularAttention[F]{
		Samples: samples, Steps: c.Steps, Heads: c.TimeHeads, Embed: c.TimeWidth,
		Width: e.modality.Width, Flags: e.modality.Measurements,
	}
}

// apply returns the grid [Samples·Steps, Width], and what of it the attention sees.
// imputed is the modality's regular grid, nil without an imputation branch.
func (e *encoder[F]) apply(g *op.Graph[F], samples int, series *kernel.Series[F], imputed op.Node) (grid, attended op.Node) {
	c := e.config
	attended = g.IrregularAttention(e.attention(samples), series, op.TimeNodes{
		Weight: g.Parameter(e.time.weight), Bias: g.Parameter(e.time.bias),
		Query: g.Parameter(e.query), QueryBias: g.Parameter(e.queryBias),
		Key: g.Parameter(e.key), KeyBias: g.Parameter(e.keyBias),
	})
	rows := samples * c.Steps
	a := g.Linear(kernel.Linear[F]{Groups: 1, Rows: rows, In: e.columns, Out: c.Width},
		attended, g.Parameter(e.out), g.Parameter(e.outBias))
	if !e.imputes() {
		return a, attended
	}
	taps := c.Imputation.Kernel
	windows := g.Unfold(kernel.Unfold[F]{Samples: samples, Steps: c.Steps, Width: 2 * e.modality.Width, Taps: taps}, imputed)
	i := g.Linear(kernel.Linear[F]{Groups: 1, Rows: rows, In: 2 * e.modality.Width * taps, Out: c.Width},
		windows, g.Parameter(e.convolution), nil)
	return g.Blend(kernel.Blend[F]{Samples: samples, Steps: c.Steps, Width: c.Width, Level: c.Imputation.Gate},
		a, i, e.blendGate(g, samples, a, i)), attended
}

// blendGate decides between the two branches: a layer over both, ReLU, a layer.
func (e *encoder[F]) blendGate(g *op.Graph[F], samples int, a, i op.Node) op.Node {
	c := e.config
	rows := samples * c.Steps
	if c.Imputation.Gate == kernel.PerSample {
		over := kernel.MaxSteps[F]{Samples: samples, Steps: c.Steps, Width: c.Width}
		a, i, rows = g.MaxSteps(over, a), g.MaxSteps(over, i), samples
	}
	square := kernel.Linear[F]{Groups: 1, Rows: rows, In: c.Width, Out: c.Width}
	hidden := g.Activate(kernel.ReLU, g.Sum(
		g.Linear(square, a, g.Parameter(e.gateA), g.Parameter(e.gateBias)),
		g.Linear(square, i, g.Parameter(e.gateI), nil),
	))
	return g.Linear(kernel.Linear[F]{Groups: 1, Rows: rows, In: c.Width, Out: e.gateOutputs},
		hidden, g.Parameter(e.gateHidden), g.Parameter(e.gateHiddenBias))
}

// linear is a layer of in×out weights, uniform within ±1/√in as is usual, and a zero
// bias.
func linear[F kernel.Float](name string, seed uint64, in, out int) (weight, bias *op.Parameter[F]) {
	return op.Uniform[F](name+".weight", 1/math.Sqrt(float64(in)), seed, in, out), op.Zeros[F](name+".bias", out)
}
