package kernel

// MaxSteps takes the maximum over the steps of each sample: x is [Samples·Steps,
// Width], y [Samples, Width].
type MaxSteps[F Float] struct {
	Samples, Steps, Width int
}

// Forward fills y.
func (m *MaxSteps[F]) Forward(p *Pool, y, x []F) {
	m.check(y, x)
	w, block := m.Width, m.Steps*m.Width
	p.For(m.Samples, blockGrain(block), func(lo, hi int) {
		for s := lo; s < hi; s++ {
			out, in := y[s*w:][:w], x[s*block:][:block]
			copy(out, in)
			for t := w; t < block; t += w {
				for c, v := range in[t : t+w] {
					if v > out[c] {
						out[c] = v
					}
				}
			}
		}
	})
}

// Backward fills dx: the first step that reaches the maximum gets the gradient.
func (m *MaxSteps[F]) Backward(p *Pool, dx, dy, x []F) {
	if dx == nil {
		return
	}
	m.check(dy, x)
	fitOrNil(len(x), dx)
	w, block := m.Width, m.Steps*m.Width
	p.For(m.Samples, blockGrain(block), func(lo, hi int) {
		for s := lo; s < hi; s++ {
			in, out := x[s*block:][:block], dx[s*block:][:block]
			clear(out)
			for c, d := range dy[s*w:][:w] {
				first := c
				for at := c + w; at < block; at += w {
					if in[at] > in[first] {
						first = at
					}
				}
				out[first] = d
			}
		}
	})
}

func (m *MaxSteps[F]) check(y, x []F) {
	mustHold(m.Steps > 0 && len(y) == m.Samples*m.Width && len(x) == len(y)*m.Steps)
}
