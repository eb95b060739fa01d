package kernel

import "math"

// All losses are means over the known labels: a label that is NaN is unknown, counts
// nothing and gets no gradient. Without any known label the loss is 0.

// lossGrain is how many labels are worth handing to a worker: each costs an
// exponential and a logarithm.
const lossGrain = 512

// BinaryCrossEntropy is the loss of Outputs yes-or-no questions a sample. logits and
// labels are [Samples, Outputs]; weight [Outputs] multiplies the loss of the
// positive labels, nil meaning 1.
type BinaryCrossEntropy[F Float] struct {
	Samples, Outputs int
}

// Forward is the loss.
func (l *BinaryCrossEntropy[F]) Forward(p *Pool, logits, labels, weight []F) F {
	l.check(logits, labels, weight)
	known := countKnown(p, labels)
	return meanLoss[F](known, sumChunks(p, len(labels), lossGrain, func(lo, hi int) float64 {
		var sum float64
		for i := lo; i < hi; i++ {
			if y := float64(labels[i]); !math.IsNaN(y) {
				z := float64(logits[i])
				// -log σ(z) and -log(1-σ(z)), neither of which overflows.
				tail := math.Log1p(math.Exp(-math.Abs(z)))
				yes, no := tail+max(-z, 0), tail+max(z, 0)
				sum += l.positive(weight, i)*y*yes + (1-y)*no
			}
		}
		return sum
	}))
}

// Backward fills dlogits, dloss being the gradient of the loss.
func (l *BinaryCrossEntropy[F]) Backward(p *Pool, dlogits []F, dloss F, logits, labels, weight []F) {
	if dlogits == nil {
		return
	}
	l.check(logits, labels, weight)
	mustHold(len(dlogits) == len(logits))
	each := lossShare(countKnown(p, labels), dloss)
	p.For(len(labels), lossGrain, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			dlogits[i] = 0
			if y := float64(labels[i]); !math.IsNaN(y) {
				w := l.positive(weight, i)
				yes := 1 / (1 + math.Exp(-float64(logits[i])))
				dlogits[i] = F(each * ((1-y)*yes - w*y*(1-yes)))
			}
		}
	})
}

// positive is the weight of a positive label at index i.
func (l *BinaryCrossEntropy[F]) positive(weight []F, i int) float64 {
	if weight == nil {
		return 1
	}
	return float64(weight[i%l.Outputs])
}

func (l *BinaryCrossEntropy[F]) check(logits, labels, weight []F) {
	mustHold(len(logits) == l.Samples*l.Outputs && len(labels) == len(logits))
	fitOrNil(l.Outputs, weight)
}

// SoftmaxCrossEntropy is the loss of one choice among Classes. logits is [Samples,
// Classes], labels [Samples] holds the index of the right class; weight [Classes]
// multiplies the loss of the samples of a class, nil meaning 1.
type SoftmaxCrossEntropy[F Float] struct {
	Samples, Classes int
}

// Forward is the loss.
func (l *SoftmaxCrossEntropy[F]) Forward(p *Pool, logits, labels, weight []F) F {
	l.check(logits, labels, weight)
	known := countKnown(p, labels)
	return meanLoss[F](known, sumChunks(p, l.Samples, l.grain(), func(lo, hi int) float64 {
		var sum float64
		for s := lo; s < hi; s++ {
			if !math.IsNaN(float64(labels[s])) {
				row := logits[s*l.Classes:][:l.Classes]
				class := l.class(labels[s])
				sum += classWeight(weight, class) * (logSumExp(row) - float64(row[class]))
			}
		}
		return sum
	}))
}

// Backward fills dlogits, dloss being the gradient of the loss.
func (l *SoftmaxCrossEntropy[F]) Backward(p *Pool, dlogits []F, dloss F, logits, labels, weight []F) {
	if dlogits == nil {
		return
	}
	l.check(logits, labels, weight)
	mustHold(len(dlogits) == len(logits))
	each := lossShare(countKnown(p, labels), dloss)
	p.For(l.Samples, l.grain(), func(lo, hi int) {
		for s := lo; s < hi; s++ {
			out := dlogits[s*l.Classes:][:l.Classes]
			if math.IsNaN(float64(labels[s])) {
				clear(out)
				continue
			}
			row := logits[s*l.Classes:][:l.Classes]
			class := l.class(labels[s])
			factor, total := each*classWeight(weight, class), logSumExp(row)
			for c, z := range row {
				out[c] = F(factor * math.Exp(float64(z)-total))
			}
			out[class] = F(factor * math.Expm1(float64(row[class])-total))
		}
	})
}

// class is a known label as an index.
func (l *SoftmaxCrossEntropy[F]) class(label F) int {
	mustHold(label >= 0 && label < F(l.Classes))
	return int(label)
}

func (l *SoftmaxCrossEntropy[F]) grain() int { return max(1, lossGrain/max(l.Classes, 1)) }

func (l *SoftmaxCrossEntropy[F]) check(logits, labels, weight []F) {
	mustHold(len(labels) == l.Samples && len(logits) == l.Samples*l.Classes)
	fitOrNil(l.Classes, weight)
}

// SquaredError is the mean squared error of a regression. predictions and labels are
// [Samples, Outputs].
type SquaredError[F Float] struct {
	Samples, Outputs int
}

// Forward is the loss.
func (l *SquaredError[F]) Forward(p *Pool, predictions, labels []F) F {
	l.check(predictions, labels)
	known := countKnown(p, labels)
	return meanLoss[F](known, sumChunks(p, len(labels), entryChunk, func(lo, hi int) float64 {
		var sum float64
		for i := lo; i < hi; i++ {
			if !math.IsNaN(float64(labels[i])) {
				d := float64(predictions[i]) - float64(labels[i])
				sum += d * d
			}
		}
		return sum
	}))
}

// Backward fills dpredictions, dloss being the gradient of the loss.
func (l *SquaredError[F]) Backward(p *Pool, dpredictions []F, dloss F, predictions, labels []F) {
	if dpredictions == nil {
		return
	}
	l.check(predictions, labels)
	mustHold(len(dpredictions) == len(predictions))
	each := 2 * lossShare(countKnown(p, labels), dloss)
	p.For(len(labels), entryChunk, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			dpredictions[i] = 0
			if !math.IsNaN(float64(labels[i])) {
				dpredictions[i] = F(each * (float64(predictions[i]) - float64(labels[i])))
			}
		}
	})
}

func (l *SquaredError[F]) check(predictions, labels []F) {
	mustHold(len(labels) == l.Samples*l.Outputs && len(predictions) == len(labels))
}

// countKnown is the number of labels that are not NaN.
func countKnown[F Float](p *Pool, labels []F) float64 {
	return sumChunks(p, len(labels), entryChunk, func(lo, hi int) float64 {
		known := 0
		for _, y := range labels[lo:hi] {
			if !math.IsNaN(float64(y)) {
				known++
			}
		}
		return float64(known)
	})
}

// meanLoss is sum/known, or 0 where nothing is known.
func meanLoss[F Float](known, sum float64) F {
	if known == 0 {
		return 0
	}
	return F(sum / known)
}

// lossShare is what the gradient of the loss gives to one known label.
func lossShare[F Float](known float64, dloss F) float64 {
	if known == 0 {
		return 0
	}
	return float64(dloss) / known
}

func classWeight[F Float](weight []F, class int) float64 {
	if weight == nil {
		return 1
	}
	return float64(weight[class])
}

// logSumExp is log Σ exp(x), shifted by the maximum so that it cannot overflow.
func logSumExp[F Float](x []F) float64 {
	highest := float64(maximum(x))
	var sum float64
	for _, v := range x {
		sum += math.Exp(float64(v) - highest)
	}
	return highest + math.Log(sum)
}
