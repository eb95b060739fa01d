package kernel_test

import (
	"runtime"
	"testing"

	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/kernel/kerneltest"
)

// TestScratchIsKept runs kernels whose scratch takes more than its limit: after the first
// call, no more than the closures of the parallel loops may be allocated.
func TestScratchIsKept(t *testing.T) {
	const rows, width, experts = 192, 32, 8
	random := func(n int) []float32 { return kerneltest.Random[float32](n, 1, 1) }
	x, w, logits := random(rows*width), random(experts*width), random(rows*experts)
	y, dx, dlogits := random(rows*width), random(rows*width), random(rows*experts)
	qkv, dqkv := random(3*rows*width), random(3*rows*width)
	gamma, dgamma, dbeta := random(width), random(width), random(width)

	linear := kernel.Linear[float32]{Groups: 1, Rows: rows, In: width, Out: width}
	norm := kernel.LayerNorm[float32]{Groups: 1, Rows: rows, Width: width}
	attention := kernel.SelfAttention[float32]{Sequences: 4, Steps: rows / 4, Heads: 4, Width: width}
	gate := kernel.GateLogits[float32]{Kind: kernel.Laplace, Groups: 1, Rows: rows, Width: width, Experts: experts}
	top := kernel.TopK[float32]{Rows: rows, Experts: experts, K: 2}
	load := kernel.Load[float32]{Rows: rows, Experts: experts, K: 2}
	entropy := kernel.Entropy[float32]{Groups: 2, Rows: rows / 2, Experts: experts}
	mix := newMixture[float32](rows, rows, experts, 2, width, 64, width)
	square := random(width * width)
	mix.forward(nil, y)
	grads := mix.backward(nil)

	for _, c := range []struct {
		name  string
		limit uint64 // bytes a call: about 200 for each parallel loop and each plain MatMul
		run   func()
	}{
		{"linear", 1000, func() { linear.Backward(nil, dx, nil, dbeta, y, x, square) }},
		{"layer norm", 1000, func() {
			norm.Forward(nil, dx, x, gamma, gamma)
			norm.Backward(nil, dx, dgamma, dbeta, y, x, gamma)
		}},
		{"attention", 20000, func() {
			attention.Forward(nil, y, qkv)
			attention.Backward(nil, dqkv, y, qkv)
		}},
		{"gate", 1500, func() {
			gate.Forward(nil, logits, x, w, nil)
			gate.Backward(nil, dx, nil, nil, dlogits, x, w, logits)
		}},
		{"top-k", 1000, func() { top.Forward(nil, dlogits, logits, nil) }},
		{"load", 1000, func() { load.Forward(nil, logits, logits, logits, nil, nil) }},
		{"entropy", 1000, func() { entropy.Forward(nil, logits, nil) }},
		{"experts", 20000, func() {
			mix.forward(nil, y)
			mix.Backward(nil, grads[0], grads[1], grads[2], grads[3], grads[4], grads[5],
				mix.dy, mix.x, mix.gates, mix.w1, mix.b1, mix.w2, mix.b2)
		}},
	} {
		c.run()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const runs = 10
		for range runs {
			c.run()
		}
		runtime.ReadMemStats(&after)
		if bytes := (after.TotalAlloc - before.TotalAlloc) / runs; bytes > c.limit {
			t.Errorf("%s allocates %d bytes a call, more than %d", c.name, bytes, c.limit)
		}
	}
}
