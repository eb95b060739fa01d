package op_test

import (
	"slices"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
	"github.com/fusemoe/fusemoe/core/op"
)

type (
	graph = op.Graph[float64]
	param = op.Parameter[float64]
)

// learned is a parameter with random content.
func learned(seed uint64, shape ...int) *param {
	p := op.Zeros[float64]("p", shape...)
	copy(p.Value, kerneltest.Random[float64](len(p.Value), 0.7, seed))
	return p
}

// operation is one row of the table: what to build over its learned inputs.
type operation struct {
	name   string
	inputs []*param
	build  func(g *graph, in []op.Node) op.Node
	// evaluation runs it outside training, where dropout and noise are off.
	evaluation bool
}

func operations() []operation {
	const samples, steps, width, heads, embed, modalities = 3, 5, 4, 2, 6, 2
	rows := samples * steps
	series := ragged(samples, width)
	present := []bool{true, false, true, false, true, true}
	active := func() []bool { return []bool{true, true, false, true, true, true, false, true} }
	labels := kerneltest.Random[float64](12, 1, 99)
	binary := []float64{1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0}
	one := func(f func(g *graph, x op.Node) op.Node) func(*graph, []op.Node) op.Node {
		return func(g *graph, in []op.Node) op.Node { return f(g, in[0]) }
	}
	experts := kernel.Experts[float64]{Rows: 8, OutRows: 4, Experts: 5, Width: 3, Hidden: 4, Out: 6}
	expert := func(g *graph, in []op.Node) op.Node {
		gates := g.TopK(kernel.TopK[float64]{Rows: 8, Experts: 5, K: 2}, in[1], nil)
		return g.Experts(experts, in[0], gates, op.ExpertNodes{W1: in[2], B1: in[3], W2: in[4], B2: in[5]})
	}
	irregular := func(flags bool) func(*graph, []op.Node) op.Node {
		return func(g *graph, in []op.Node) op.Node {
			return g.IrregularAttention(kernel.IrregularAttention[float64]{
				Samples: samples, Steps: steps, Heads: heads, Embed: embed, Width: width, Flags: flags,
			}, series, op.TimeNodes{Weight: in[0], Bias: in[1], Query: in[2], QueryBias: in[3], Key: in[4], KeyBias: in[5]})
		}
	}
	timeInputs := []*param{learned(1, embed), learned(2, embed), learned(3, embed, embed), learned(4, embed), learned(5, embed, embed), learned(6, embed)}
	gate := func(kind kernel.Gate) func(*graph, []op.Node) op.Node {
		return func(g *graph, in []op.Node) op.Node {
			k := kernel.GateLogits[float64]{Kind: kind, Groups: 2, Rows: 4, Width: 3, Experts: 5}
			if kind == kernel.Softmax {
				return g.GateLogits(k, in[0], in[1], in[2])
			}
			return g.GateLogits(k, in[0], in[1], nil)
		}
	}
	blend := func(level kernel.Level, n int) operation {
		return operation{name: "blend", inputs: []*param{learned(1, rows, width), learned(2, rows, width), learned(3, n, 1)}, build: func(g *graph, in []op.Node) op.Node {
			return g.Blend(kernel.Blend[float64]{Samples: samples, Steps: steps, Width: width, Level: level}, in[0], in[1], in[2])
		}}
	}
	pool := func(kind kernel.Pooling, query ...*param) operation {
		return operation{name: "pooling " + kind.String(), inputs: append([]*param{learned(1, modalities*rows, width)}, query...), build: func(g *graph, in []op.Node) op.Node {
			var q op.Node
			if len(in) > 1 {
				q = in[1]
			}
			return g.Pool(kernel.StepPooling[float64]{Kind: kind, Modalities: modalities, Samples: samples, Steps: steps, Width: width}, in[0], q)
		}}
	}
	return []operation{
		{name: "linear", inputs: []*param{learned(1, 6, 4), learned(2, 2, 4, 5), learned(3, 2, 5)}, build: func(g *graph, in []op.Node) op.Node {
			return g.Linear(kernel.Linear[float64]{Groups: 2, Rows: 3, In: 4, Out: 5}, in[0], in[1], in[2])
		}},
		{name: "linear without bias", inputs: []*param{learned(1, 6, 4), learned(2, 2, 4, 5)}, build: func(g *graph, in []op.Node) op.Node {
			return g.Linear(kernel.Linear[float64]{Groups: 2, Rows: 3, In: 4, Out: 5}, in[0], in[1], nil)
		}},
		{name: "relu", inputs: []*param{learned(1, 6, 4)}, build: one(func(g *graph, x op.Node) op.Node { return g.Activate(kernel.ReLU, x) })},
		{name: "gelu", inputs: []*param{learned(1, 6, 4)}, build: one(func(g *graph, x op.Node) op.Node { return g.Activate(kernel.GELU, x) })},
		{name: "layer norm", inputs: []*param{learned(1, 6, 4), learned(2, 2, 4), learned(3, 2, 4)}, build: func(g *graph, in []op.Node) op.Node {
			return g.LayerNorm(kernel.LayerNorm[float64]{Groups: 2, Rows: 3, Width: 4, Eps: 1e-5}, in[0], in[1], in[2])
		}},
		{name: "self-attention", inputs: []*param{learned(1, rows, 3*width)}, build: one(func(g *graph, x op.Node) op.Node {
			return g.SelfAttention(kernel.SelfAttention[float64]{Sequences: samples, Steps: steps, Heads: heads, Width: width}, x)
		})},
		{name: "residual", inputs: []*param{learned(1, 6, 4), learned(2, 6, 4)}, build: func(g *graph, in []op.Node) op.Node {
			return g.Residual(kernel.Residual[float64]{Rate: 0.3}, in[0], in[1])
		}},
		{name: "residual in evaluation", evaluation: true, inputs: []*param{learned(1, 6, 4), learned(2, 6, 4)}, build: func(g *graph, in []op.Node) op.Node {
			return g.Residual(kernel.Residual[float64]{Rate: 0.3}, in[0], in[1])
		}},
		{name: "dropout", inputs: []*param{learned(1, 6, 4)}, build: one(func(g *graph, x op.Node) op.Node { return g.Dropout(kernel.Dropout[float64]{Rate: 0.3}, x) })},
		{name: "irregular-time attention of measurements", inputs: timeInputs, build: irregular(true)},
		{name: "irregular-time attention of embeddings", inputs: timeInputs, build: irregular(false)},
		{name: "unfold", inputs: []*param{learned(1, rows, width)}, build: one(func(g *graph, x op.Node) op.Node {
			return g.Unfold(kernel.Unfold[float64]{Samples: samples, Steps: steps, Width: width, Taps: 3}, x)
		})},
		blend(kernel.PerFeature, rows*width), blend(kernel.PerStep, rows), blend(kernel.PerSample, samples),
		{name: "maximum over steps", inputs: []*param{learned(1, rows, width)}, build: one(func(g *graph, x op.Node) op.Node {
			return g.MaxSteps(kernel.MaxSteps[float64]{Samples: samples, Steps: steps, Width: width}, x)
		})},
		{name: "assemble", inputs: []*param{learned(1, rows, width), learned(2, rows, width), learned(3, modalities, steps, width), learned(4, modalities, width), learned(5, steps, width)}, build: func(g *graph, in []op.Node) op.Node {
			return g.Assemble(kernel.Assemble[float64]{Modalities: modalities, Samples: samples, Steps: steps, Width: width, Scale: 1.5},
				in[:2], in[2], in[3], in[4], present)
		}},
		pool(kernel.LastStep), pool(kernel.MeanSteps), pool(kernel.AttentionSteps, learned(2, modalities, width)),
		{name: "softmax gate", inputs: []*param{learned(1, 8, 3), learned(2, 2, 5, 3), learned(3, 2, 5)}, build: gate(kernel.Softmax)},
		{name: "laplace gate", inputs: []*param{learned(1, 8, 3), learned(2, 2, 5, 3)}, build: gate(kernel.Laplace)},
		{name: "gaussian gate", inputs: []*param{learned(1, 8, 3), learned(2, 2, 5, 3)}, build: gate(kernel.Gaussian)},
		{name: "gate noise", inputs: []*param{learned(1, 8, 5), learned(2, 8, 5)}, build: func(g *graph, in []op.Node) op.Node {
			return g.NoisyLogits(kernel.NoisyLogits[float64]{Rows: 8, Experts: 5}, in[0], in[1])
		}},
		{name: "top-k", inputs: []*param{learned(1, 8, 5)}, build: one(func(g *graph, x op.Node) op.Node {
			return g.TopK(kernel.TopK[float64]{Rows: 8, Experts: 5, K: 3}, x, active)
		})},
		{name: "experts", inputs: []*param{learned(1, 8, 3), learned(2, 8, 5), learned(3, 5, 3, 4), learned(4, 5, 4), learned(5, 5, 4, 6), learned(6, 5, 6)}, build: expert},
		{name: "rows", inputs: []*param{learned(1, 6, 4)}, build: one(func(g *graph, x op.Node) op.Node { return g.Rows(x, 2, 5, 4) })},
		{name: "columns", inputs: []*param{learned(1, 6, 4)}, build: one(func(g *graph, x op.Node) op.Node {
			return g.Columns(kernel.Columns[float64]{Groups: 2, Rows: 3, Width: 4}, x)
		})},
		{name: "add columns", inputs: []*param{learned(1, 6, 4), learned(2, 3, 8)}, build: func(g *graph, in []op.Node) op.Node {
			return g.AddColumns(kernel.AddColumns[float64]{Groups: 2, Rows: 3, Width: 4, Rate: 0.3}, in[0], in[1])
		}},
		{name: "sum, one term twice", inputs: []*param{learned(1, 6, 4), learned(2, 6, 4)}, build: func(g *graph, in []op.Node) op.Node { return g.Sum(in[0], in[1], g.Activate(kernel.GELU, in[0])) }},
		// Results whose gradients lie in those of others, and are read by several.
		{name: "windows of a result", inputs: []*param{learned(1, 6, 4)}, build: one(func(g *graph, x op.Node) op.Node {
			h := g.Activate(kernel.GELU, x)
			inner := g.Rows(h, 1, 5, 4)
			return g.Sum(g.Activate(kernel.GELU, g.Rows(inner, 0, 2, 4)), g.Rows(inner, 2, 4, 4), g.Rows(h, 0, 2, 4), g.Rows(h, 4, 6, 4))
		})},
		{name: "the whole of a result and a window", inputs: []*param{learned(1, 6, 4)}, build: one(func(g *graph, x op.Node) op.Node {
			h := g.Activate(kernel.GELU, x)
			window := g.Activate(kernel.GELU, g.Rows(h, 2, 4, 4))
			return g.Sum(g.Rows(h, 1, 3, 4), window, g.Rows(g.Activate(kernel.GELU, h), 0, 2, 4))
		})},
		{name: "sums of sums", inputs: []*param{learned(1, 6, 4), learned(2, 6, 4)}, build: func(g *graph, in []op.Node) op.Node {
			a, b := g.Activate(kernel.GELU, in[0]), g.Activate(kernel.GELU, in[1])
			again := g.Activate(kernel.GELU, a)
			s := g.Sum(a, b, again)
			return g.Sum(g.Residual(kernel.Residual[float64]{Rate: 0.3}, s, a), b, s)
		}},
		{name: "binary cross-entropy", inputs: []*param{learned(1, 6, 2)}, build: one(func(g *graph, x op.Node) op.Node {
			return g.BinaryCrossEntropy(kernel.BinaryCrossEntropy[float64]{Samples: 6, Outputs: 2}, x, binary, []float64{2, 3})
		})},
		{name: "softmax cross-entropy", inputs: []*param{learned(1, 6, 3)}, build: one(func(g *graph, x op.Node) op.Node {
			return g.SoftmaxCrossEntropy(kernel.SoftmaxCrossEntropy[float64]{Samples: 6, Classes: 3}, x, []float64{0, 2, 1, 1, 0, 2}, nil)
		})},
		{name: "squared error", inputs: []*param{learned(1, 6, 2)}, build: one(func(g *graph, x op.Node) op.Node {
			return g.SquaredError(kernel.SquaredError[float64]{Samples: 6, Outputs: 2}, x, labels)
		})},
		{name: "importance", inputs: []*param{learned(1, 8, 5)}, build: one(func(g *graph, x op.Node) op.Node {
			gates := g.TopK(kernel.TopK[float64]{Rows: 8, Experts: 5, K: 3}, x, nil)
			return g.Importance(kernel.Importance[float64]{Rows: 8, Experts: 5}, gates, &op.Accumulator{})
		})},
		// The thresholds, which the noisy logits set, count as constants.
		{name: "load", inputs: []*param{learned(1, 8, 5), learned(2, 8, 5)}, build: func(g *graph, in []op.Node) op.Node {
			noisy, values := g.Input("noisy", 8, 5)
			copy(values, kerneltest.Random[float64](len(values), 0.7, 12))
			return g.Load(kernel.Load[float64]{Rows: 8, Experts: 5, K: 2}, in[0], noisy, in[1], active, &op.Accumulator{})
		}},
		{name: "entropy", inputs: []*param{learned(1, 8, 5)}, build: one(func(g *graph, x op.Node) op.Node {
			return g.Entropy(kernel.Entropy[float64]{Groups: 2, Rows: 4, Experts: 5}, x, active)
		})},
		{name: "contract", inputs: []*param{learned(1, 6, 2)}, build: one(func(g *graph, x op.Node) op.Node { return g.Contract(x, []float64{0.3, -2}) })},
		{name: "weighted sum", inputs: []*param{learned(1, 1), learned(2, 1)}, build: func(g *graph, in []op.Node) op.Node { return g.WeightedSum([]float64{0.3, -2}, in) }},
	}
}

// TestGradients compares what Gorgonia computes through each operation with finite
// differences in float64.
func TestGradients(t *testing.T) {
	for _, o := range operations() {
		t.Run(o.name, func(t *testing.T) {
			g := op.NewGraph[float64](nil)
			nodes := make([]op.Node, len(o.inputs))
			for i, p := range o.inputs {
				clear(p.Grad)
				nodes[i] = g.Parameter(p)
			}
			y := o.build(g, nodes)
			size := y.Shape().TotalSize()
			loss := g.SquaredError(kernel.SquaredError[float64]{Samples: size, Outputs: 1}, y, kerneltest.Random[float64](size, 1, 7))
			if err := g.Compile(loss); err != nil {
				t.Fatal(err)
			}
			step := op.Step{Seed: 3, Number: 1, Training: !o.evaluation, Weight: 1}
			run := func() float64 {
				if err := g.Run(step); err != nil {
					t.Fatal(err)
				}
				return op.Value[float64](loss)[0]
			}
			run()
			var values, grads [][]float64
			for _, p := range o.inputs {
				values = append(values, p.Value)
				grads = append(grads, slices.Clone(p.Grad))
			}
			kerneltest.CheckGradients(t, run, values, grads)
		})
	}
}

// ragged is a series of 3, 0 and 4 rows, partly observed.
func ragged(samples, width int) *kernel.Series[float64] {
	s := &kernel.Series[float64]{Start: []int{0}, Width: width}
	for i := range samples {
		n := []int{3, 0, 4}[i%3]
		for j := range n {
			s.Times = append(s.Times, (float64(j)+0.4)/float64(n))
		}
		s.Start = append(s.Start, len(s.Times))
	}
	s.Values = kerneltest.Random[float64](len(s.Times)*width, 1, 11)
	s.Observed = make([]float64, len(s.Values))
	for i := range s.Observed {
		if i%3 != 1 {
			s.Observed[i] = 1
		} else {
			s.Values[i] = 0
		}
	}
	return s
}
