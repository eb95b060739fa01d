package kernel

// BackwardValues fills dv, one entry for each value of the series, with the gradient of
// a y that Forward has computed on the same struct and series: y is linear in the
// values, since the weights are of times alone. What was not observed has none.
func (a *IrregularAttention[F]) BackwardValues(p *Pool, dv, dy []F, s *Series[F]) {
	fit(len(s.Values), dv)
	fit(a.Samples*a.Steps*a.outputWidth(), dy)
	block := a.Steps * a.outputWidth()
	a.slots = grow(a.slots, p.Workers())
	forEach(p, a.Samples, func(slot, i int) {
		if s.Rows(i) > 0 {
			a.backwardValues(&a.slots[slot], dv, dy[i*block:(i+1)*block], s, i)
		}
	})
}

func (a *IrregularAttention[F]) backwardValues(slot *attentionSlot[F], dv, dy []F, s *Series[F], i int) {
	x := a.sample(slot, s, i)
	out := dv[x.first*a.Width:][:x.rows*a.Width]
	clear(out)
	for h := range a.Heads {
		a.attend(&x, h)
		if x.observed == nil {
			a.wholeValues(&x, h, out, dy)
		} else {
			a.maskedValues(&x, h, out, dy)
		}
	}
}

// wholeValues adds what one head gives where every value was observed: the softmax,
// turned over, times dy.
func (a *IrregularAttention[F]) wholeValues(x *attendedSample[F], h int, dv, dy []F) {
	width := a.Width
	douts := a.divided(x, x.head(h, a.Heads), dy[h*width:])
	MatMul(nil, NN, x.rows, width, a.Steps, x.slot.weights, a.lanes(), douts, width, dv, width, true)
}

// maskedValues does the same where some values were not observed.
func (a *IrregularAttention[F]) maskedValues(x *attendedSample[F], h int, dv, dy []F) {
	slot, n, width, columns, tiny := x.slot, a.lanes(), a.Width, a.outputWidth(), underflow[F]()
	dy = dy[h*width:]
	slot.grads = grow(slot.grads, 2*a.blockWidth()*n)
	transposeTo(slot.grads, 2*n, dy, columns, a.Steps, width)
	least := quotientGradients(slot.grads, x.head(h, a.Heads), n, tiny)
	for c := range width {
		g := slot.grads[2*c*n:][:a.Steps]
		for _, v := range x.list.of(c) {
			dv[int(v.at)*width+c] += inner(slot.weights[int(v.at)*n:][:a.Steps], g)
		}
	}
	if least >= tiny {
		return
	}
	a.underflown(x, h, func(t, c int) {
		a.ownSoftmax(x, h, t, c)
		for i, v := range x.list.of(c) {
			dv[int(v.at)*width+c] += slot.own[i] * dy[t*columns+c]
		}
	})
}

// Backward adds the gradient of a grid that Fill has made to dv, one entry for each
// value of the series: each value of the grid is one of the series, or the mean.
func (m *Imputation[F]) Backward(p *Pool, dv, dgrid []F, s *Series[F]) {
	fit(len(s.Values), dv)
	fit(m.Samples*m.Steps*2*m.Width, dgrid)
	block := m.Steps * 2 * m.Width
	p.For(m.Samples, blockGrain(block), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			m.backwardSample(dv, dgrid[i*block:(i+1)*block], s, i)
		}
	})
}

// backwardSample goes through the rows from the last to the first: a row's value stands
// from its cell to the one before that of the next row which observed the feature, and
// nowhere if that is in the same cell.
func (m *Imputation[F]) backwardSample(dv, dgrid []F, s *Series[F], i int) {
	until := make([]int, m.Width) // by feature, the first cell that has a later value
	for c := range until {
		until[c] = m.Steps
	}
	for r := s.Start[i+1] - 1; r >= s.Start[i]; r-- {
		cell := m.cell(s.Times[r])
		for c := range m.Width {
			if s.Observed != nil && s.Observed[r*m.Width+c] == 0 {
				continue
			}
			for t := cell; t < until[c]; t++ {
				dv[r*m.Width+c] += dgrid[t*2*m.Width+c]
			}
			until[c] = min(until[c], cell)
		}
	}
}
