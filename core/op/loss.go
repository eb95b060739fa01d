package op

import "github.com/fusemoe/fusemoe/core/kernel"

// scalar is the shape of a loss.
var scalar = []int{1}

// BinaryCrossEntropy is the mean over the known labels. labels, read at each run, is
// [Samples, Outputs]; weight scales the positives of each output and may be nil.
func (g *Graph[F]) BinaryCrossEntropy(k kernel.BinaryCrossEntropy[F], logits Node, labels, weight []F) Node {
	return g.apply(Call[F]{Name: "binary cross-entropy", Kernel: k, Labels: labels, Weight: weight}, scalar, []Node{logits},
		func(y []F, in [][]F) { y[0] = k.Forward(g.pool, in[0], labels, weight) },
		func(din [][]F, dy, _ []F, in [][]F) { k.Backward(g.pool, din[0], dy[0], in[0], labels, weight) })
}

// SoftmaxCrossEntropy is the mean over the samples with a known class. labels has
// one class index for each sample.
func (g *Graph[F]) SoftmaxCrossEntropy(k kernel.SoftmaxCrossEntropy[F], logits Node, labels, weight []F) Node {
	return g.apply(Call[F]{Name: "softmax cross-entropy", Kernel: k, Labels: labels, Weight: weight}, scalar, []Node{logits},
		func(y []F, in [][]F) { y[0] = k.Forward(g.pool, in[0], labels, weight) },
		func(din [][]F, dy, _ []F, in [][]F) { k.Backward(g.pool, din[0], dy[0], in[0], labels, weight) })
}

// SquaredError is the mean squared error over the known labels.
func (g *Graph[F]) SquaredError(k kernel.SquaredError[F], outputs Node, labels []F) Node {
	return g.apply(Call[F]{Name: "squared error", Kernel: k, Labels: labels}, scalar, []Node{outputs},
		func(y []F, in [][]F) { y[0] = k.Forward(g.pool, in[0], labels) },
		func(din [][]F, dy, _ []F, in [][]F) { k.Backward(g.pool, din[0], dy[0], in[0], labels) })
}

// Accumulator carries the column sums of one balance loss over the runs of an
// optimizer step, so that the loss of a run sees all rows of the step so far.
type Accumulator struct {
	prior, own []float64
	// runs counts those that were carried.
	runs int
}

// Reset forgets the runs so far: an optimizer step begins.
func (a *Accumulator) Reset() {
	clear(a.prior)
	a.runs = 0
}

// Carry adds the last run to the sums that the next one starts from.
func (a *Accumulator) Carry() {
	copy(a.prior, a.own)
	a.runs++
}

// Runs is how many runs the sums are of so far. On a device they are its own.
func (a *Accumulator) Runs() int { return a.runs }

func (a *Accumulator) keep(sums []float64) {
	if a.prior == nil {
		a.prior = make([]float64, len(sums))
		a.own = make([]float64, len(sums))
	}
	copy(a.own, sums)
}

// growth is how many times the mass of the last run the sums hold. A coefficient of
// variation knows no scale, so the slope in one run's rows shrinks as the sums grow;
// times growth, each run pulls with the strength that it has alone.
func (a *Accumulator) growth() float64 {
	all, last := 0.0, 0.0
	for e, v := range a.own {
		all += v
		last += v - a.prior[e]
	}
	if last <= 0 {
		return 1
	}
	return all / last
}

// Importance is the squared coefficient of variation of the experts' gate mass.
func (g *Graph[F]) Importance(k kernel.Importance[F], gates Node, a *Accumulator) Node {
	return g.apply(Call[F]{Name: "importance", Kernel: k, Accumulator: a}, scalar, []Node{gates},
		func(y []F, in [][]F) {
			y[0] = k.Forward(g.pool, in[0], a.prior)
			a.keep(k.Sums())
		},
		func(din [][]F, dy, _ []F, _ [][]F) { k.Backward(g.pool, din[0], dy[0]*F(a.growth())) })
}

// Load is the squared coefficient of variation of the experts' smooth load estimate.
// Outside training, when the gate has no noise, it is 0. active, if given, is called at
// each run and tells which rows are routed.
func (g *Graph[F]) Load(k kernel.Load[F], logits, noisy, raw Node, active func() []bool, a *Accumulator) Node {
	rows := func() []bool {
		if active == nil {
			return nil
		}
		return active()
	}
	return g.apply(Call[F]{Name: "load", Kernel: k, Active: active, Accumulator: a}, scalar, []Node{logits, noisy, raw},
		func(y []F, in [][]F) {
			y[0] = 0
			if g.step.Training {
				y[0] = k.Forward(g.pool, in[0], in[1], in[2], rows(), a.prior)
				a.keep(k.Sums())
			}
		},
		func(din [][]F, dy, _ []F, in [][]F) {
			clear(din[0])
			clear(din[1])
			clear(din[2])
			if g.step.Training {
				k.Backward(g.pool, din[0], din[1], din[2], dy[0]*F(a.growth()), in[0], in[1], in[2], rows())
			}
		})
}

// Entropy is the paper's modality-expert regulariser (NeurIPS 2024, eq. 3) of the
// clean logits. active is called at each run and tells which rows count.
func (g *Graph[F]) Entropy(k kernel.Entropy[F], logits Node, active func() []bool) Node {
	return g.apply(Call[F]{Name: "entropy", Kernel: k, Active: active}, scalar, []Node{logits},
		func(y []F, in [][]F) { y[0] = k.Forward(g.pool, in[0], active()) },
		func(din [][]F, dy, _ []F, in [][]F) { k.Backward(g.pool, din[0], dy[0], in[0], active()) })
}

// WeightedSum is Σ weight·term over scalars: the total loss.
func (g *Graph[F]) WeightedSum(weights []float64, terms []Node) Node {
	return g.apply(Call[F]{Name: "weighted sum", Kernel: WeightedSum{Weights: weights}}, scalar, terms,
		func(y []F, in [][]F) {
			var sum float64
			for i, x := range in {
				sum += weights[i] * float64(x[0])
			}
			y[0] = F(sum)
		},
		func(din [][]F, dy, _ []F, _ [][]F) {
			for i, d := range din {
				if d != nil {
					d[0] = dy[0] * F(weights[i])
				}
			}
		})
}
