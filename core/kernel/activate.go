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
		switch a.Kind {
		case ReLU:
			reluOn(activePath(), y, x)
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
		switch a.Kind {
		case ReLU:
			reluGradientOn(activePath(), dx, dy, x)
		case GELU:
			geluGradientOn(activePath(), dx, dy, x)
		case Sigmoid:
			for i, v := range x {
				s := sigmoid(v)
				dx[i] = dy[i] * s * (1 - s)
			}
		}
	})
}

func reluOn[F Float](s path, y, x []F) {
	done := 0
	if isFloat32[F]() && s != generic {
		done = s.relu(single(y), single(x))
	}
	for i := done; i < len(x); i++ {
		y[i] = max(x[i], 0)
	}
}

func reluGradientOn[F Float](s path, dx, dy, x []F) {
	done := 0
	if isFloat32[F]() && s != generic {
		done = s.reluGradient(single(dx), single(dy), single(x))
	}
	for i := done; i < len(x); i++ {
		dx[i] = 0
		if x[i] > 0 {
			dx[i] = dy[i]
		}
	}
}

// geluGradientOn fills dx with dy times the derivative of GELU at x.
func geluGradientOn[F Float](s path, dx, dy, x []F) {
	if isFloat32[F]() && s != generic {
		s.geluGradient(single(dx), single(dy), single(x))
		return
	}
	for i, v := range x {
		cdf, density := normal(v)
		dx[i] = dy[i] * (cdf + v*density)
	}
}
