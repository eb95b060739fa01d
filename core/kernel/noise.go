package kernel

// NoisyLogits adds learned noise to the logits of a router: noisy = logits +
// N(0,1)·(softplus(raw) + 0.01) (Shazeer et al. 2017, eq. 4; the floor is that of
// FuseMoE's code).
type NoisyLogits[F Float] struct{ Rows, Experts int }

// noiseFloor is the least standard deviation of the noise.
const noiseFloor = 0.01

// Forward computes noisy from logits and raw, all [Rows, Experts].
func (n *NoisyLogits[F]) Forward(p *Pool, noisy, logits, raw []F, key uint64) {
	fit(n.Rows*n.Experts, noisy, logits, raw)
	p.For(len(noisy), entryChunk, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			noisy[i] = logits[i] + F(Normal(key, uint64(i)))*(softplus(raw[i])+noiseFloor)
		}
	})
}

// Backward computes the gradients of logits and raw from that of noisy.
func (n *NoisyLogits[F]) Backward(p *Pool, dlogits, draw, dnoisy, raw []F, key uint64) {
	fit(n.Rows*n.Experts, dnoisy, raw)
	fitOrNil(n.Rows*n.Experts, dlogits, draw)
	p.For(len(dnoisy), entryChunk, func(lo, hi int) {
		if dlogits != nil {
			copy(dlogits[lo:hi], dnoisy[lo:hi])
		}
		if draw != nil {
			for i := lo; i < hi; i++ {
				draw[i] = dnoisy[i] * F(Normal(key, uint64(i))) * sigmoid(raw[i])
			}
		}
	})
}
