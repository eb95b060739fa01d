package kernel

// Unfold lays the causal windows of a sequence side by side, so that a convolution
// over time is one Linear. x is [Samples·Steps, Width], y [Samples·Steps,
// Taps·Width]: columns k·Width to (k+1)·Width of step t hold step t-(Taps-1)+k, the
// last ones step t itself, and 0 before the start.
type Unfold[F Float] struct {
	Samples, Steps, Width, Taps int
}

// Forward fills y with the windows of x.
func (u *Unfold[F]) Forward(p *Pool, y, x []F) {
	u.check(y, x)
	w := u.Width
	p.For(u.Samples*u.Steps, blockGrain(u.Taps*w), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			out := y[r*u.Taps*w:][:u.Taps*w]
			blank := max(0, u.Taps-1-r%u.Steps)
			clear(out[:blank*w])
			first := r - (u.Taps - 1) + blank
			copy(out[blank*w:], x[first*w:(r+1)*w])
		}
	})
}

// Backward fills dx, adding up the windows that each step lies in.
func (u *Unfold[F]) Backward(p *Pool, dx, dy []F) {
	if dx == nil {
		return
	}
	u.check(dy, dx)
	w := u.Width
	p.For(u.Samples*u.Steps, blockGrain(u.Taps*w), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			out := dx[r*w:][:w]
			copy(out, dy[(r*u.Taps+u.Taps-1)*w:])
			later := min(u.Taps-1, u.Steps-1-r%u.Steps)
			for j := 1; j <= later; j++ {
				addTo(out, dy[((r+j)*u.Taps+u.Taps-1-j)*w:][:w])
			}
		}
	})
}

func (u *Unfold[F]) check(y, x []F) {
	mustHold(u.Taps > 0 && len(x) == u.Samples*u.Steps*u.Width && len(y) == len(x)*u.Taps)
}
