package kernel

import "math"

// GateLogits scores every expert for every row, with its own weights for each group
// of rows.
type GateLogits[F Float] struct {
	Kind                         Gate
	Groups, Rows, Width, Experts int // Rows is the number of rows of a group

	weights            []sharedWeights[F] // of each group
	norms              []F                // |W_e|² of every group
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
	blocks := ceilDiv(l.Rows, linearRows)
	p = l.shared(p)
	l.prepare(p, blocks, w)
	p.For(l.Groups*blocks, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			g, r0, r1 := rowBlock(i, blocks, l.Rows)
			x, w, logits := x[r0*d:r1*d], w[g*e*d:][:e*d], logits[r0*e:r1*e]
			l.weights[g].multiply(logits, x, r1-r0)
			if l.Kind != Softmax {
				l.distances(logits, x, w, l.norms[g*e:][:e])
			} else if bias != nil {
				addToRows(logits, bias[g*e:][:e])
			}
		}
	})
}

// prepare packs the weights of each group for so many blocks of rows, with the norms that
// distances need.
func (l *GateLogits[F]) prepare(p *Pool, blocks int, w []F) {
	e, d := l.Experts, l.Width
	l.weights = grow(l.weights, l.Groups)
	l.norms = grow(l.norms, l.Groups*e)
	s := activePath()
	p.For(l.Groups, 1, func(lo, hi int) {
		for g := lo; g < hi; g++ {
			l.weights[g].take(s, blocks, w[g*e*d:], e, d)
			if l.Kind == Softmax {
				continue
			}
			for i := g * e; i < (g+1)*e; i++ {
				l.norms[i] = inner(w[i*d:][:d], w[i*d:][:d])
			}
		}
	})
}

// distances turns the inner products of rows with the experts of their group into
// the logits of a gate by distance: |x-w|² = |x|² - 2x·w + |w|².
func (l *GateLogits[F]) distances(logits, x, w, norms []F) {
	d := l.Width
	for ; len(x) > 0; x, logits = x[d:], logits[len(norms):] {
		x := x[:d]
		xx := inner(x, x)
		row := logits[:len(norms)]
		for e, ww := range norms {
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
}

// Backward computes the gradients of x, w and bias from that of the logits. The
// gradient of the Laplace gate at distance 0, where there is none, is 0.
func (l *GateLogits[F]) Backward(p *Pool, dx, dw, dbias, dlogits, x, w, logits []F) {
	l.check(dlogits, x, w)
	fit(len(dlogits), logits)
	fitOrNil(len(x), dx)
	fitOrNil(len(w), dw)
	fitOrNil(l.Groups*l.Experts, dbias)
	l.sums = grow(l.sums, l.Groups*(ceilDiv(l.Rows, sumChunk)+1)*l.Experts)
	p = l.shared(p)
	c := dlogits
	if l.Kind != Softmax {
		c = l.slopes(p, dlogits, logits)
	}
	weights := 0
	if dw != nil || dbias != nil {
		weights = l.Groups
	}
	if l.Rows*l.Experts*l.Width > linearTogether {
		for g := range weights {
			l.backwardWeights(p, g, dw, dbias, c, x, w)
		}
		weights = 0
	}
	blocks := 0
	if dx != nil {
		blocks = ceilDiv(l.Rows, linearRows)
	}
	p.For(weights+l.Groups*blocks, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			if i < weights {
				l.backwardWeights(nil, i, dw, dbias, c, x, w)
				continue
			}
			g, r0, r1 := rowBlock(i-weights, blocks, l.Rows)
			l.backwardRows(g, r0, r1, dx, c, x, w)
		}
	})
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

// backwardRows computes the gradients of the rows r0 to r1, which are of group g.
func (l *GateLogits[F]) backwardRows(g, r0, r1 int, dx, c, x, w []F) {
	e, d := l.Experts, l.Width
	dx, c, x = dx[r0*d:r1*d], c[r0*e:r1*e], x[r0*d:r1*d]
	matMulOn(activePath(), nil, NN, r1-r0, d, e, c, e, w[g*e*d:], d, dx, d, false)
	if l.Kind == Softmax {
		return
	}
	for r := range r1 - r0 {
		accumulate(dx[r*d:][:d], -total(c[r*e:][:e]), x[r*d:][:d])
	}
}

// backwardWeights computes the gradients of the weights and the bias of group g, those
// that are wanted.
func (l *GateLogits[F]) backwardWeights(p *Pool, g int, dw, dbias, c, x, w []F) {
	e, d := l.Experts, l.Width
	c = c[g*l.Rows*e:][:l.Rows*e]
	scratch := l.sums[g*len(l.sums)/l.Groups:][:len(l.sums)/l.Groups]
	sums, scratch := scratch[:e], scratch[e:]
	if dbias != nil || l.Kind != Softmax {
		sumColumns(p, sums, c, l.Rows, e, scratch)
	}
	if dbias != nil {
		copy(dbias[g*e:], sums)
	}
	if dw == nil {
		return
	}
	dw, w = dw[g*e*d:][:e*d], w[g*e*d:][:e*d]
	matMulOn(activePath(), p, TN, e, d, l.Rows, c, e, x[g*l.Rows*d:], d, dw, d, false)
	if l.Kind == Softmax {
		return
	}
	for i, s := range sums {
		accumulate(dw[i*d:][:d], -s, w[i*d:][:d])
	}
}

// shared is the pool, unless all groups together are too little work for it.
func (l *GateLogits[F]) shared(p *Pool) *Pool {
	if l.Groups*l.Rows*l.Experts*l.Width < parallelWork {
		return nil
	}
	return p
}

func (l *GateLogits[F]) check(logits, x, w []F) {
	fit(l.Groups*l.Rows*l.Experts, logits)
	fit(l.Groups*l.Rows*l.Width, x)
	fit(l.Groups*l.Experts*l.Width, w)
}
