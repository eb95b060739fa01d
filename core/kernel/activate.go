package kernel

// Activation is a function that is applied to each entry on its own.
type Activation uint8

// The activations.
const (
	ReLU    Activation = iota // max(x, 0)
	GELU                      // x·Φ(x), Φ the normal distribution function: the exact form, not the one with tanh
	Sigmoid                   // 1 / (1 + e^-x)
)

// Activate applies an activation to Size entries.
type Activate[F Float] struct {
	Kind Activation
	Size int
}

// Forward computes y from x, both of Size entries.
func (a *Activate[F]) Forward(p *Pool, y, x []F) {
	fit(a.Size, y, x)
	p.For(a.Size, entryChunk, func(lo, hi int) {
		y, x := y[lo:hi], x[lo:hi]
		y = y[:len(x)]
		switch a.Kind {
		case ReLU:
			for i, v := range x {
				y[i] = max(v, 0)
			}
		case GELU:
			gelu(y, x)
		case Sigmoid:
			for i, v := range x {
				y[i] = sigmoid(v)
			}
		}
	})
}

// Backward computes the gradient of x from that of y. The gradient of ReLU at 0 is 0.
func (a *Activate[F]) Backward(p *Pool, dx, dy, x []F) {
	if dx == nil {
		return
	}
	fit(a.Size, dx, dy, x)
	p.For(a.Size, entryChunk, func(lo, hi int) {
		dx, dy, x := dx[lo:hi], dy[lo:hi], x[lo:hi]
		dx, dy = dx[:len(x)], dy[:len(x)]
		switch a.Kind {
		case ReLU:
			for i, v := range x {
				dx[i] = 0
				if v > 0 {
					dx[i] = dy[i]
				}
			}
		case GELU:
			backwardGELU(dx, dy, x)
		case Sigmoid:
			for i, v := range x {
				s := sigmoid(v)
				dx[i] = dy[i] * s * (1 - s)
			}
		}
	})
}

// geluStrip is how many entries backward passes take at a time, so that the values and
// slopes stay on the stack.
const geluStrip = 64

// backwardGELU fills dx with dy times the derivative of GELU at x.
func backwardGELU[F Float](dx, dy, x []F) {
	var values, slopes [geluStrip]F
	for lo := 0; lo < len(x); lo += geluStrip {
		n := min(geluStrip, len(x)-lo)
		geluSlopes(values[:n], slopes[:n], x[lo:lo+n])
		dx, dy := dx[lo:lo+n], dy[lo:lo+n]
		for i, slope := range slopes[:n] {
			dx[i] = dy[i] * slope
		}
	}
}
