package kernel

import (
	"fmt"
	"math"
)

// Gate is how a router scores an expert for a row.
type Gate uint8

// The gates.
const (
	Softmax  Gate = iota // x·W_e + bias_e
	Laplace              // -|x - W_e| (Han et al. 2024, eq. 2)
	Gaussian             // -|x - W_e|² (Han et al. 2024, first version, eq. 2)
)

var gateNames = [...]string{Softmax: "softmax", Laplace: "laplace", Gaussian: "gaussian"}

// String is the name of the gate, as ParseGate reads it.
func (g Gate) String() string {
	if int(g) < len(gateNames) {
		return gateNames[g]
	}
	return fmt.Sprintf("gate %d", uint8(g))
}

// ParseGate is the gate of the given name.
func ParseGate(name string) (Gate, error) {
	for g, known := range gateNames {
		if name == known {
			return Gate(g), nil
		}
	}
	return 0, fmt.Errorf("unknown gate %q: choose softmax, laplace or gaussian", name)
}

// GateLogits scores every expert for every row, with its own weights for each group
// of rows.
type GateLogits[F Float] struct {
	Kind                         Gate
	Groups, Rows, Width, Experts int // Rows is the number of rows of a group

	coefficients, sums []F
}

// nearby is the share of |x|² + |W|² below which a squared distance is summed from the
// differences: the quick formula would lose more than six of its bits.
const nearby = 1.0 / 64

// Forward computes logits [Groups·Rows, Experts] from x [Groups·Rows, Width], w
// [Groups, Experts, Width] and bias [Groups, Experts], which is nil for the gates by
// distance.
func (l *GateLogits[F]) Forward(p *Pool, logits, x, w, bias []F) {
	l.check(logits, x, w)
	fitOrNil(l.Groups*l.Experts, bias)
	e, d := l.Experts, l.Width
	for g := range l.Groups {
		x, w, logits := x[g*l.Rows*d:][:l.Rows*d], w[g*e*d:][:e*d], logits[g*l.Rows*e:][:l.Rows*e]
		MatMul(p, NT, l.Rows, e, d, x, d, w, d, logits, e, false)
		if l.Kind != Softmax {
			l.distances(p, logits, x, w)
		} else if bias != nil {
			bias := bias[g*e:][:e]
			p.For(l.Rows, entryChunk/e+1, func(lo, hi int) {
				for r := lo; r < hi; r++ {
					accumulate(logits[r*e:][:e], 1, bias)
				}
			})
		}
	}
}

// distances turns the inner products of the rows of one group with its experts into
// the logits of a gate by distance: |x-w|² = |x|² - 2x·w + |w|².
func (l *GateLogits[F]) distances(p *Pool, logits, x, w []F) {
	d := l.Width
	l.sums = grow(l.sums, l.Experts)
	for e := range l.sums {
		l.sums[e] = inner(w[e*d:][:d], w[e*d:][:d])
	}
	p.For(l.Rows, rowChunk, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			x := x[r*d:][:d]
			xx := inner(x, x)
			row := logits[r*l.Experts:][:len(l.sums)]
			for e, ww := range l.sums {
				square := xx - 2*row[e] + ww
				if square < nearby*(xx+ww) {
					square = distance2(x, w[e*d:][:d])
				}
				if l.Kind == Laplace {
					square = F(math.Sqrt(float64(square)))
				}
				row[e] = -square
			}
		}
	})
}

// Backward computes the gradients of x, w and bias from that of the logits. The
// gradient of the Laplace gate at distance 0, where there is none, is 0.
func (l *GateLogits[F]) Backward(p *Pool, dx, dw, dbias, dlogits, x, w, logits []F) {
	l.check(dlogits, x, w)
	fit(len(dlogits), logits)
	fitOrNil(len(x), dx)
	fitOrNil(len(w), dw)
	fitOrNil(l.Groups*l.Experts, dbias)
	e, d := l.Experts, l.Width
	c := dlogits
	if l.Kind != Softmax {
		c = l.slopes(p, dlogits, logits)
	}
	for g := range l.Groups {
		x, w, c := x[g*l.Rows*d:][:l.Rows*d], w[g*e*d:][:e*d], c[g*l.Rows*e:][:l.Rows*e]
		if dx != nil {
			dx := dx[g*l.Rows*d:][:l.Rows*d]
			MatMul(p, NN, l.Rows, d, e, c, e, w, d, dx, d, false)
			if l.Kind != Softmax {
				p.For(l.Rows, rowChunk, func(lo, hi int) {
					for r := lo; r < hi; r++ {
						accumulate(dx[r*d:][:d], -total(c[r*e:][:e]), x[r*d:][:d])
					}
				})
			}
		}
		if dw != nil {
			l.backwardWeights(p, dw[g*e*d:][:e*d], c, x, w)
		}
		if dbias != nil {
			l.sums = sumColumns(p, dbias[g*e:][:e], c, l.Rows, e, l.sums)
		}
	}
}

// slopes are the gradients of the logits times what makes the gradient of x from
// them: x's is Σ_e c_e·(W_e - x), and W_e's is Σ_rows c_e·(x - W_e).
func (l *GateLogits[F]) slopes(p *Pool, dlogits, logits []F) []F {
	l.coefficients = grow(l.coefficients, len(dlogits))
	p.For(len(dlogits), entryChunk, func(lo, hi int) {
		c, dlogits, logits := l.coefficients[lo:hi], dlogits[lo:hi], logits[lo:hi]
		dlogits, logits = dlogits[:len(c)], logits[:len(c)]
		for i := range c {
			switch {
			case l.Kind == Gaussian:
				c[i] = 2 * dlogits[i]
			case logits[i] == 0:
				c[i] = 0
			default:
				c[i] = -dlogits[i] / logits[i]
			}
		}
	})
	return l.coefficients
}

// backwardWeights computes the gradient of the weights of one group.
func (l *GateLogits[F]) backwardWeights(p *Pool, dw, c, x, w []F) {
	e, d := l.Experts, l.Width
	MatMul(p, TN, e, d, l.Rows, c, e, x, d, dw, d, false)
	if l.Kind == Softmax {
		return
	}
	chunks := (l.Rows + sumChunk - 1) / sumChunk
	l.sums = grow(l.sums, (chunks+1)*e)
	sums := l.sums[chunks*e:]
	sumColumns(p, sums, c, l.Rows, e, l.sums[:chunks*e])
	for i, s := range sums {
		accumulate(dw[i*d:][:d], -s, w[i*d:][:d])
	}
}

func (l *GateLogits[F]) check(logits, x, w []F) {
	fit(l.Groups*l.Rows*l.Experts, logits)
	fit(l.Groups*l.Rows*l.Width, x)
	fit(l.Groups*l.Experts*l.Width, w)
}
