package kernel

// attendedSample is one sample under work. Its rows of the series begin at first.
type attendedSample[F Float] struct {
	slot             *attentionSlot[F]
	first, rows      int
	values, observed []F // [rows, Width]; observed is nil where every value was
	list             *observations[F]
	sums             []F // its part of the attention's sums
}

func (a *IrregularAttention[F]) sample(slot *attentionSlot[F], s *Series[F], i int) attendedSample[F] {
	x := attendedSample[F]{slot: slot, first: s.Start[i], rows: s.Rows(i), list: &a.observed[i]}
	from, n := x.first*a.Width, x.rows*a.Width
	x.values = s.Values[from:][:n]
	if s.Observed != nil {
		x.observed = s.Observed[from:][:n]
	}
	size := a.Heads * a.sumsSize(s)
	x.sums = a.sums[i*size:][:size]
	return x
}

// head is head h's part of the sums.
func (x *attendedSample[F]) head(h, heads int) []F {
	size := len(x.sums) / heads
	return x.sums[h*size:][:size]
}

// attend fills slot.weights with exp(score - maximum over the rows) for one head.
func (a *IrregularAttention[F]) attend(x *attendedSample[F], h int) {
	slot, n := x.slot, a.lanes()
	e, d := a.Embed, a.Embed/a.Heads
	slot.weights = grow(slot.weights, x.rows*n)
	slot.totals = grow(slot.totals, n)
	attendColumns(slot.weights, slot.totals, a.key[x.first*e+h*d:], e, a.turned[h*d*n:][:d*n])
}

// forwardSample fills y [Steps, outputWidth] of a sample that has rows.
func (a *IrregularAttention[F]) forwardSample(slot *attentionSlot[F], y []F, s *Series[F], i int) {
	x := a.sample(slot, s, i)
	if x.observed == nil {
		a.forwardWhole(&x, y)
	} else {
		a.forwardMasked(&x, y)
	}
	if !a.Flags {
		return
	}
	width := a.outputWidth()
	flags := y[a.Heads*a.Width:][:a.Width]
	for c := range flags {
		flags[c] = 0
		if x.observed == nil || x.list.seen(c) {
			flags[c] = 1
		}
	}
	for t := 1; t < a.Steps; t++ {
		copy(y[t*width+a.Heads*a.Width:], flags)
	}
}

// forwardWhole is the softmax of a sample of which every value was observed.
func (a *IrregularAttention[F]) forwardWhole(x *attendedSample[F], y []F) {
	n, width, columns := a.lanes(), a.Width, a.outputWidth()
	for h := range a.Heads {
		a.attend(x, h)
		MatMul(nil, TN, a.Steps, width, x.rows, x.slot.weights, n, x.values, width, y[h*width:], columns, false)
		factors := x.head(h, a.Heads)
		for t, total := range x.slot.totals {
			factors[t] = 1 / total
		}
		for t := range a.Steps {
			scaleBy(y[t*columns+h*width:][:width], factors[t])
		}
	}
}

// forwardMasked sums over what was observed.
func (a *IrregularAttention[F]) forwardMasked(x *attendedSample[F], y []F) {
	n, width, columns := a.lanes(), a.Width, a.outputWidth()
	x.list.find(x.values, x.observed, width)
	row := a.blockWidth()
	x.slot.out = grow(x.slot.out, a.Steps*row)
	for h := range a.Heads {
		a.attend(x, h)
		sums := x.head(h, a.Heads)
		if sumObserved(sums, x.slot.weights, x.list, n) < underflow[F]() {
			a.underflown(x, h, func(t, c int) {
				sums[2*c*n+t] = a.ownSoftmax(x, h, t, c)
			})
		}
		if h*width+row <= columns { // what is written beyond the head's columns will be written over
			transposeTo(y[h*width:], columns, sums, 2*n, width, a.Steps)
			continue
		}
		transposeTo(x.slot.out, row, sums, 2*n, width, a.Steps)
		for t := range a.Steps {
			copy(y[t*columns+h*width:][:width], x.slot.out[t*row:])
		}
	}
}

// underflown calls alone for each step and feature of the head whose weights are too
// small to divide by.
func (a *IrregularAttention[F]) underflown(x *attendedSample[F], h int, alone func(t, c int)) {
	n, sums, tiny := a.lanes(), x.head(h, a.Heads), underflow[F]()
	for c := range a.Width {
		for t, total := range sums[(2*c+1)*n:][:a.Steps] {
			if total < tiny {
				alone(t, c)
			}
		}
	}
}

// ownSoftmax is feature c of one head and step, attended with the feature's own
// maximum, which does not underflow. It leaves the probabilities of the feature's
// observations in slot.own.
func (a *IrregularAttention[F]) ownSoftmax(x *attendedSample[F], h, t, c int) F {
	d, list := a.Embed/a.Heads, x.list.of(c)
	own := grow(x.slot.own, len(list))
	x.slot.own = own
	q := a.query[t*a.Embed+h*d:][:d]
	for i, v := range list {
		k := a.key[(x.first+int(v.at))*a.Embed+h*d:][:d]
		own[i] = 0
		for j := range q {
			own[i] += q[j] * k[j]
		}
	}
	highest := maximum(own)
	var sum, out F
	for i, v := range list {
		own[i] = exp(own[i] - highest)
		sum += own[i]
		out += own[i] * v.value
	}
	scaleBy(own, 1/sum)
	return out / sum
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
