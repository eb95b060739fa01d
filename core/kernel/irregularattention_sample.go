package kernel

// attend fills slot.weights with exp(score - row maximum) for sample i.
func (a *IrregularAttention[F]) attend(slot *attentionSlot[F], s *Series[F], i int) {
	slot.first, slot.rows = s.Start[i], s.Rows(i)
	slot.outputWidth = a.outputWidth()
	if s.Observed != nil {
		size := a.Heads * a.Steps * 2 * a.Width
		slot.sums = a.sums[i*size : (i+1)*size]
	}
	l, e, d := slot.rows, a.Embed, a.Embed/a.Heads
	slot.weights = grow(slot.weights, a.Heads*a.Steps*l)
	key := a.key[slot.first*e:]
	for h := range a.Heads {
		MatMul(nil, NT, a.Steps, l, d, a.query[h*d:], e, key[h*d:], e, slot.weights[h*a.Steps*l:], l, false)
	}
	expMinusMaximum(slot.weights, l)
}

// observe fills slot.seen with which features the sample observed at least once.
func (a *IrregularAttention[F]) observe(slot *attentionSlot[F], observed []F) {
	slot.seen = grow(slot.seen, a.Width)
	clear(slot.seen)
	for r := 0; r < len(observed); r += a.Width {
		for c, m := range observed[r : r+a.Width] {
			if m != 0 {
				slot.seen[c] = true
			}
		}
	}
}

// forwardSample fills y [Steps, outputWidth] of a sample that has rows.
func (a *IrregularAttention[F]) forwardSample(slot *attentionSlot[F], y []F, s *Series[F], i int) {
	a.attend(slot, s, i)
	l, width := slot.rows, a.Width
	values := s.Values[slot.first*width:][:l*width]
	if s.Observed == nil {
		divideBySum(slot.weights, l)
		for h := range a.Heads {
			MatMul(nil, NN, a.Steps, width, l, slot.weights[h*a.Steps*l:], l, values, width,
				y[h*width:], slot.outputWidth, false)
		}
		a.flag(y, slot, nil)
		return
	}
	observed := s.Observed[slot.first*width:][:l*width]
	a.observe(slot, observed)
	a.pair(slot, values, observed)
	MatMul(nil, NN, a.Heads*a.Steps, 2*width, l, slot.weights, l, slot.pairs, 2*width, slot.sums, 2*width, false)
	tiny := underflow[F]()
	for h := range a.Heads {
		for t := range a.Steps {
			out := y[t*slot.outputWidth+h*width:][:width]
			sums := slot.sums[(h*a.Steps+t)*2*width:][:2*width]
			num, den := sums[:width], sums[width:][:len(out)]
			for c, n := range num {
				d := den[c]
				switch {
				case d >= tiny:
					out[c] = n / d
				case slot.seen[c]:
					out[c] = a.ownSoftmax(slot, h, t, c, values, observed)
				default:
					out[c] = 0
				}
			}
		}
	}
	a.flag(y, slot, observed)
}

// pair fills slot.pairs with values and mask side by side, for one product to give the
// numerators and the denominators of all features.
func (a *IrregularAttention[F]) pair(slot *attentionSlot[F], values, observed []F) {
	l, width := slot.rows, a.Width
	slot.pairs = grow(slot.pairs, l*2*width)
	for r := range l {
		pair := slot.pairs[r*2*width:][:2*width]
		copy(pair, values[r*width:][:width])
		copy(pair[width:], observed[r*width:])
	}
}

// flag fills the last Width columns of y where they are asked for; observed is nil
// where every value was.
func (a *IrregularAttention[F]) flag(y []F, slot *attentionSlot[F], observed []F) {
	if !a.Flags {
		return
	}
	for t := range a.Steps {
		flags := y[t*slot.outputWidth+a.Heads*a.Width:][:a.Width]
		for c := range flags {
			flags[c] = 0
			if observed == nil || slot.seen[c] {
				flags[c] = 1
			}
		}
	}
}

// ownSoftmax is feature c of one head and step, attended with the feature's own
// maximum, which does not underflow. It leaves the probabilities in slot.own.
func (a *IrregularAttention[F]) ownSoftmax(slot *attentionSlot[F], h, t, c int, values, observed []F) F {
	d := a.Embed / a.Heads
	slot.own = grow(slot.own, slot.rows)
	q := a.query[t*a.Embed+h*d:][:d]
	highest, found := F(0), false
	for r := range slot.own {
		slot.own[r] = 0
		if observed[r*a.Width+c] == 0 {
			continue
		}
		k := a.key[(slot.first+r)*a.Embed+h*d:][:d]
		var score F
		for j, v := range q {
			score += v * k[j]
		}
		slot.own[r] = score
		if !found || score > highest {
			highest, found = score, true
		}
	}
	var sum, out F
	for r, score := range slot.own {
		if observed[r*a.Width+c] != 0 {
			w := exp(score - highest)
			slot.own[r] = w
			sum += w
			out += w * values[r*a.Width+c]
		}
	}
	scaleBy(slot.own, 1/sum)
	return out / sum
}

// divideBySum divides each row of l weights by its sum.
func divideBySum[F Float](weights []F, l int) {
	for r := 0; r < len(weights); r += l {
		row := weights[r : r+l]
		var sum F
		for _, v := range row {
			sum += v
		}
		scaleBy(row, 1/sum)
	}
}

// underflow is the denominator below which a feature's weights, next to the
// sample's largest weight of 1, have lost digits: a factor of 1e8 (float32) above
// the smallest normal number.
func underflow[F Float]() F {
	if isFloat32[F]() {
		return F(1e-30)
	}
	tiny := 1e-290
	return F(tiny)
}
