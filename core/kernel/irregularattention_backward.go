package kernel

// backwardSample adds the sample's share to dquery [Embed, lanes] and fills its rows of dkey.
func (a *IrregularAttention[F]) backwardSample(slot *attentionSlot[F], dquery, dy []F, s *Series[F], i int) {
	x := a.sample(slot, s, i)
	e, d, n := a.Embed, a.Embed/a.Heads, a.lanes()
	for h := range a.Heads {
		a.attend(&x, h)
		var dscores []F
		if x.observed == nil {
			dscores = a.backwardWhole(&x, h, dy)
		} else {
			dscores = a.backwardMasked(&x, h, dy)
		}
		key := x.first*e + h*d
		MatMul(nil, NN, x.rows, d, a.Steps, dscores, n, a.query[h*d:], e, a.dkey[key:], e, false)
		MatMul(nil, TN, d, n, x.rows, a.key[key:], e, dscores, n, dquery[h*d*n:], n, true)
	}
}

// backwardWhole returns the gradients of the scores [rows, lanes] of one head where
// every value was observed.
func (a *IrregularAttention[F]) backwardWhole(x *attendedSample[F], h int, dy []F) []F {
	slot, n, width := x.slot, a.lanes(), a.Width
	factors := x.head(h, a.Heads)
	douts := a.divided(x, factors, dy[h*width:])
	slot.dscores = grow(slot.dscores, x.rows*n)
	MatMul(nil, NT, x.rows, n, width, x.values, width, douts, width, slot.dscores, n, false)
	softmaxColumns(slot.dscores, slot.weights, factors)
	return slot.dscores
}

// divided is one head's gradient, each step's multiplied by its factor, and 0 in the lanes
// beyond: [lanes, Width].
func (a *IrregularAttention[F]) divided(x *attendedSample[F], factors, dy []F) []F {
	width := a.Width
	x.slot.douts = grow(x.slot.douts, a.lanes()*width)
	for t := range a.Steps {
		g := x.slot.douts[t*width:][:width]
		copy(g, dy[t*a.outputWidth():])
		scaleBy(g, factors[t])
	}
	clear(x.slot.douts[a.Steps*width:])
	return x.slot.douts
}

// backwardMasked does the same where some values were not observed. With o =
// numerator/denominator and g = dy/denominator,
//
//	ds[l,t] = W[l,t]·Σ_c (g[t,c]·v[l,c] - g[t,c]·o[t,c])
//
// over the features c that were observed in row l.
func (a *IrregularAttention[F]) backwardMasked(x *attendedSample[F], h int, dy []F) []F {
	slot, n, columns, tiny := x.slot, a.lanes(), a.outputWidth(), underflow[F]()
	dy = dy[h*a.Width:]
	slot.grads = grow(slot.grads, 2*a.blockWidth()*n)
	depth := a.Width
	if whole := a.blockWidth(); len(dy) >= (a.Steps-1)*columns+whole {
		depth = whole // columns of the next head, which nobody looks at, for the sake of whole blocks
	}
	transposeTo(slot.grads, 2*n, dy, columns, a.Steps, depth)
	least := quotientGradients(slot.grads, x.head(h, a.Heads), n, tiny)
	spreadObserved(slot.weights, slot.grads, x.list, n)
	if least < tiny {
		a.underflown(x, h, func(t, c int) {
			out, g := a.ownSoftmax(x, h, t, c), dy[t*columns+c]
			for i, v := range x.list.of(c) {
				slot.weights[int(v.at)*n+t] += slot.own[i] * (v.value - out) * g
			}
		})
	}
	return slot.weights
}

// backwardProjections turns dquery and dkey into the gradients of the weights, in one
// loop: the products of the weights and the grid first, then the rows by chunks.
func (a *IrregularAttention[F]) backwardProjections(p *Pool, dw TimeWeights[F], s *Series[F], w TimeWeights[F]) {
	e, rows := a.Embed, len(s.Times)
	key := func(p *Pool) {
		if dw.Key != nil {
			matMulOn(activePath(), p, TN, e, e, rows, a.phi, e, a.dkey, e, dw.Key, e, false)
		}
	}
	const products = 2
	large := rows*e*e > linearTogether
	if large {
		key(p)
	}
	chunks, grain := a.gradients.start(rows, w.Key, e)
	p.For(products+chunks, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			switch i {
			case 0:
				if !large {
					key(nil)
				}
			case 1:
				a.backwardGrid(dw.Query, w.Query)
			default:
				c := i - products
				a.gradients.chunk(c, c*grain, min((c+1)*grain, rows), a.slope, a.dkey, s.Times)
			}
		}
	})
	a.gradients.end()
	copy(dw.QueryBias, a.gridGradient.sum[2*e:])
	copy(dw.KeyBias, a.gradients.sum[2*e:])
	addTo(a.gradients.sum[:2*e], a.gridGradient.sum[:2*e])
	copy(dw.Weight, a.gradients.sum[:e])
	copy(dw.Bias, a.gradients.sum[e:2*e])
}

// backwardGrid is backwardProjections for the grid, which is short.
func (a *IrregularAttention[F]) backwardGrid(dquery, query []F) {
	e := a.Embed
	if dquery != nil {
		matMulOn(activePath(), nil, TN, e, e, a.Steps, a.gridPhi, e, a.dquery, e, dquery, e, false)
	}
	chunks, grain := a.gridGradient.start(a.Steps, query, e)
	for c := range chunks {
		a.gridGradient.chunk(c, c*grain, min((c+1)*grain, a.Steps), a.gridSlope, a.dquery, a.grid)
	}
	a.gridGradient.end()
}
