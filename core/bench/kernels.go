package bench

import (
	"context"
	"fmt"
	"slices"

	"github.com/fusemoe/fusemoe/core/kernel"
)

// product is the product of two square matrices.
func product(n, workers int) work {
	a, b, c := random(n*n, 1), random(n*n, 2), make([]float32, n*n)
	return work{
		name: fmt.Sprintf("matrix product %d³", n), workers: workers,
		operations: 2 * float64(n) * float64(n) * float64(n),
		repeat: each(func(p *kernel.Pool) {
			kernel.MatMul(p, kernel.NN, n, n, n, a, n, b, n, c, n, false)
		}),
	}
}

// experts is a mixture of experts, its Laplace gates included, forward and backward
// with the gradients of everything.
func experts(tokens, width, hidden, count, k, workers int) work {
	gate := kernel.GateLogits[float32]{Kind: kernel.Laplace, Groups: 1, Rows: tokens, Width: width, Experts: count}
	top := kernel.TopK[float32]{Rows: tokens, Experts: count, K: k}
	mix := kernel.Experts[float32]{
		Rows: tokens, OutRows: tokens, Experts: count, Width: width, Hidden: hidden, Out: width,
	}
	x, y, dy := random(tokens*width, 1), make([]float32, tokens*width), random(tokens*width, 2)
	wg, w1, w2 := random(count*width, 3), random(count*width*hidden, 4), random(count*hidden*width, 5)
	b1, b2 := make([]float32, count*hidden), make([]float32, count*width)
	logits, gates := make([]float32, tokens*count), make([]float32, tokens*count)
	dx, dgates, dlogits, dxOfGate := slices.Clone(x), slices.Clone(gates), slices.Clone(gates), slices.Clone(x)
	dwg, dw1, dw2, db1, db2 := slices.Clone(wg), slices.Clone(w1), slices.Clone(w2), slices.Clone(b1), slices.Clone(b2)
	return work{
		name:    fmt.Sprintf("experts: %d tokens, width %d", tokens, width),
		workers: workers, items: tokens, unit: "tokens/s",
		operations: 3 * 2 * 2 * float64(tokens*k) * float64(width*hidden),
		repeat: each(func(p *kernel.Pool) {
			gate.Forward(p, logits, x, wg, nil)
			top.Forward(p, gates, logits, nil)
			mix.Forward(p, y, x, gates, w1, b1, w2, b2)
			mix.Backward(p, dx, dgates, dw1, db1, dw2, db2, dy, x, gates, w1, b1, w2, b2)
			top.Backward(p, dlogits, dgates, gates)
			gate.Backward(p, dxOfGate, dwg, nil, dlogits, x, wg, logits)
			kernel.Add(p, dx, dxOfGate)
		}),
	}
}

// attention is irregular-time attention, forward and backward, time embedding and
// projections included. A fifth of the values is observed.
func attention(samples, rows, width, heads, steps, workers int) work {
	const embed = 64
	a := kernel.IrregularAttention[float32]{Samples: samples, Steps: steps, Heads: heads, Embed: embed, Width: width}
	s := series(samples, rows, width, 0.2, 1)
	w, dw := timeWeights(embed, 2), timeWeights(embed, 3)
	y, dy := make([]float32, samples*steps*heads*width), random(samples*steps*heads*width, 4)
	// Scores and sums of what was observed: a product forward and two backward, each.
	seen := 0
	for _, observed := range s.Observed {
		seen += int(observed)
	}
	operations := 3 * 2 * float64(steps) * float64(samples*rows*embed+heads*2*seen)
	return work{
		name:    fmt.Sprintf("irregular attention: %d x %d times, %d features", samples, rows, width),
		workers: workers, items: samples, unit: "samples/s", operations: operations,
		repeat: each(func(p *kernel.Pool) {
			a.Forward(p, y, &s, w)
			a.Backward(p, dw, dy, &s, w)
		}),
	}
}

func timeWeights(n int, key uint64) kernel.TimeWeights[float32] {
	return kernel.TimeWeights[float32]{
		Weight: random(n, key), Bias: random(n, key+100), Query: random(n*n, key+200), QueryBias: make([]float32, n),
		Key: random(n*n, key+300), KeyBias: make([]float32, n),
	}
}

// each is the repetition of run.
func each(run func(p *kernel.Pool)) func(context.Context, *kernel.Pool, func() bool) error {
	return func(ctx context.Context, p *kernel.Pool, next func() bool) error {
		for next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			run(p)
		}
		return nil
	}
}

// random is n numbers from -0.1 to 0.1.
func random(n int, key uint64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(0.2*kernel.Uniform(key, uint64(i)) - 0.1)
	}
	return x
}
