//go:build gpu

package cuda

// NoisyLogits is kernel.NoisyLogits on a device; a key gives the same noise on both.
type NoisyLogits struct{ Rows, Experts int }

// Forward computes noisy from logits and raw, all [Rows, Experts].
func (n *NoisyLogits) Forward(d *Device, noisy, logits, raw Array, key uint64) {
	fit(n.Rows*n.Experts, noisy, logits, raw)
	d.launch("add_noise", blocks(noisy.length), 1, noisy, logits, raw, key, noisy.length)
}

// Backward computes the gradients of logits and raw from that of noisy.
func (n *NoisyLogits) Backward(d *Device, dlogits, draw, dnoisy, raw Array, key uint64) {
	fit(n.Rows*n.Experts, dnoisy, raw)
	fitOrNone(n.Rows*n.Experts, dlogits, draw)
	d.launch("slope_noise", blocks(raw.length), 1, dlogits, draw, dnoisy, raw, key, raw.length)
}
