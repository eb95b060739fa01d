package kernel

// backwardSample adds the sample's share to slot.dquery and fills its rows of dkey.
func (a *IrregularAttention[F]) backwardSample(slot *attentionSlot[F], dy []F, s *Series[F], i int) {
	a.attend(slot, s, i)
	l, width := slot.rows, a.Width
	slot.dscores = grow(slot.dscores, a.Heads*a.Steps*l)
	values := s.Values[slot.first*width:][:l*width]
	if s.Observed == nil {
		a.softmaxGradient(slot, dy, values)
	} else {
		observed := s.Observed[slot.first*width:][:l*width]
		a.maskedGradient(slot, dy, values, observed)
	}
	e, d := a.Embed, a.Embed/a.Heads
	for h := range a.Heads {
		ds := slot.dscores[h*a.Steps*l:]
		key := slot.first*e + h*d
		MatMul(nil, TN, l, d, a.Steps, ds, l, a.query[h*d:], e, a.dkey[key:], e, false)
		MatMul(nil, NN, a.Steps, d, l, ds, l, a.key[key:], e, slot.dquery[h*d:], e, true)
	}
}

// softmaxGradient fills slot.dscores where every value was observed.
func (a *IrregularAttention[F]) softmaxGradient(slot *attentionSlot[F], dy, values []F) {
	l, width := slot.rows, a.Width
	divideBySum(slot.weights, l)
	for h := range a.Heads {
		MatMul(nil, NT, a.Steps, l, width, dy[h*width:], slot.outputWidth, values, width,
			slot.dscores[h*a.Steps*l:], l, false)
	}
	for r := 0; r < len(slot.dscores); r += l {
		ds, p := slot.dscores[r:r+l], slot.weights[r:r+l]
		var mean F
		for j, v := range ds {
			mean += p[j] * v
		}
		for j, v := range ds {
			ds[j] = p[j] * (v - mean)
		}
	}
}

// maskedGradient fills slot.dscores where some values were not observed. With
// o = numerator/denominator and g = dy/denominator,
//
//	ds[t,l] = W[t,l]·Σ_c (g[t,c]·v[l,c] - g[t,c]·o[t,c]·m[l,c])
func (a *IrregularAttention[F]) maskedGradient(slot *attentionSlot[F], dy, values, observed []F) {
	l, width, rows := slot.rows, a.Width, a.Heads*a.Steps
	a.observe(slot, observed)
	a.pair(slot, values, observed)
	slot.dsums = grow(slot.dsums, rows*2*width)
	slot.underflown = slot.underflown[:0]
	tiny := underflow[F]()
	for r := range rows {
		h, t := r/a.Steps, r%a.Steps
		dout := dy[t*slot.outputWidth+h*width:][:width]
		sums := slot.sums[r*2*width:][:2*width]
		num, den := sums[:width], sums[width:][:len(dout)]
		dsums := slot.dsums[r*2*width:][:2*width]
		dnum, dden := dsums[:width], dsums[width:][:len(dout)]
		for c, n := range num {
			d := den[c]
			if d < tiny {
				if slot.seen[c] {
					slot.underflown = append(slot.underflown, r*width+c)
				}
				dnum[c], dden[c] = 0, 0
				continue
			}
			g := dout[c] / d
			dnum[c], dden[c] = g, -g*(n/d)
		}
	}
	MatMul(nil, NT, rows, l, 2*width, slot.dsums, 2*width, slot.pairs, 2*width, slot.dscores, l, false)
	weights := slot.weights[:len(slot.dscores)]
	for j := range slot.dscores {
		slot.dscores[j] *= weights[j]
	}
	for _, at := range slot.underflown {
		r, c := at/width, at%width
		h, t := r/a.Steps, r%a.Steps
		out := a.ownSoftmax(slot, h, t, c, values, observed)
		g := dy[t*slot.outputWidth+h*width+c]
		ds := slot.dscores[r*l:][:l]
		for j, prob := range slot.own {
			ds[j] += prob * (values[j*width+c] - out) * g
		}
	}
}

// backwardProjections turns dquery and dkey into the gradients of the weights.
func (a *IrregularAttention[F]) backwardProjections(p *Pool, dw TimeWeights[F], s *Series[F], w TimeWeights[F]) {
	e, rows := a.Embed, len(s.Times)
	if dw.Query != nil {
		MatMul(p, TN, e, e, a.Steps, a.gridPhi, e, a.dquery, e, dw.Query, e, false)
	}
	if dw.Key != nil {
		MatMul(p, TN, e, e, rows, a.phi, e, a.dkey, e, dw.Key, e, false)
	}
	a.dgridPhi = grow(a.dgridPhi, a.Steps*e)
	a.dphi = grow(a.dphi, rows*e)
	MatMul(p, NT, a.Steps, e, e, a.dquery, e, w.Query, e, a.dgridPhi, e, false)
	MatMul(p, NT, rows, e, e, a.dkey, e, w.Key, e, a.dphi, e, false)
	a.gridGradient.run(p, e, a.dgridPhi, a.gridSlope, a.dquery, a.grid)
	a.gradients.run(p, e, a.dphi, a.slope, a.dkey, s.Times)
	copy(dw.QueryBias, a.gridGradient.sum[2*e:])
	copy(dw.KeyBias, a.gradients.sum[2*e:])
	addTo(a.gradients.sum[:2*e], a.gridGradient.sum[:2*e])
	copy(dw.Weight, a.gradients.sum[:e])
	copy(dw.Bias, a.gradients.sum[e:2*e])
}
