package kernel

// expertWeights are those of the expert that a worker is at in a backward pass, which
// mostly has several blocks of it. The next pass begins without.
type expertWeights[F Float] struct {
	expert int
	w1, w2 sharedWeights[F]
}

// Backward computes the gradients of x, the gates and the weights from that of y,
// after Forward with the same arguments on the same struct. The gradient of a gate
// that is 0 is 0.
func (m *Experts[F]) Backward(p *Pool, dx, dgates, dw1, db1, dw2, db2, dy, x, gates, w1, b1, w2, b2 []F) {
	m.check(dy, x, gates, w1, b1, w2, b2)
	fitOrNil(len(x), dx)
	fitOrNil(len(gates), dgates)
	fitOrNil(len(w1), dw1)
	fitOrNil(len(b1), db1)
	fitOrNil(len(w2), dw2)
	fitOrNil(len(b2), db2)
	m.backwardBlocks(p, dgates, dy, w1, w2, b2, dx != nil)
	m.weightGradients(p, dw1, dw2, dy)
	m.sumBlocks(db1, m.dbias1)
	m.sumBlocks(db2, m.dbias2)
	if dx == nil {
		return
	}
	p.For(m.Rows, rowChunk, func(lo, hi int) {
		clear(dx[lo*m.Width : hi*m.Width])
		for r := lo; r < hi; r++ {
			for _, pair := range m.routes.ofRow(r) {
				addTo(dx[r*m.Width:][:m.Width], m.dx[int(pair)*m.Width:][:m.Width])
			}
		}
	})
}

// backwardBlocks fills the gradients of the gates, and of each pair those of the hidden
// layer before GELU and of x.
func (m *Experts[F]) backwardBlocks(p *Pool, dgates, dy, w1, w2, b2 []F, wantX bool) {
	t := &m.routes
	clear(dgates)
	m.dx = grow(m.dx, len(m.x))
	m.dbefore = grow(m.dbefore, len(m.before))
	m.dbias1, m.dbias2 = grow(m.dbias1, len(t.blocks)*m.Hidden), grow(m.dbias2, len(t.blocks)*m.Out)
	share := t.largestBlock() * (3*m.Hidden + m.Out + 1)
	m.work = grow(m.work, p.Workers()*share)
	m.shared = grow(m.shared, p.Workers())
	for slot := range m.shared {
		m.shared[slot].expert = -1
	}
	forEach(p, len(t.blocks), func(slot, i int) {
		b := t.blocks[i]
		e, n, cells := b.expert, b.hi-b.lo, b.lastCell-b.firstCell
		shared := &m.shared[slot]
		if shared.expert != e {
			blocks := (int(t.first[e+1]-t.first[e]) + blockRows - 1) / blockRows
			shared.expert = e
			shared.w2.take(activePath(), blocks, w2[e*m.Hidden*m.Out:], m.Hidden, m.Out)
			if wantX {
				shared.w1.take(activePath(), blocks, w1[e*m.Width*m.Hidden:], m.Width, m.Hidden)
			}
		}
		work := m.work[slot*share:][:share]
		dout, work := work[:cells*m.Out], work[cells*m.Out:]
		dhidden, work := work[:cells*m.Hidden], work[cells*m.Hidden:]
		gatherRows(dout, dy, t.out[b.firstCell:b.lastCell], m.Out, m.Out)
		shared.w2.multiply(dhidden, dout, cells)
		m.backwardPairs(i, work, dgates, dout, dhidden, b2)
		if wantX {
			shared.w1.multiply(m.dx[b.lo*m.Width:], m.dbefore[b.lo*m.Hidden:b.hi*m.Hidden], n)
		}
	})
}

// backwardPairs computes the gradients of the gates and of the hidden layer before
// GELU of the pairs of block i, from dout and dhidden, those of a cell's output and of
// its hidden layer, and the block's part of the gradients of the biases.
func (m *Experts[F]) backwardPairs(i int, work, dgates, dout, dhidden, b2 []F) {
	t, b := &m.routes, &m.routes.blocks[i]
	begin := t.begin[b.firstCell : b.lastCell+1]
	dbias1 := m.dbias1[i*m.Hidden:][:m.Hidden]
	clear(dbias1)
	along, work := work[:b.hi-b.lo], work[b.hi-b.lo:]
	cellGradients(m.dbefore[b.lo*m.Hidden:b.hi*m.Hidden], dbias1, along, dhidden,
		m.before[b.lo*m.Hidden:b.hi*m.Hidden], m.gates[b.lo:b.hi], begin, work)
	MatMul(nil, TN, 1, m.Out, len(begin)-1, m.weights[b.firstCell:], 1, dout, m.Out, m.dbias2[i*m.Out:], m.Out, false)
	if dgates == nil {
		return
	}
	b2 = b2[b.expert*m.Out:][:m.Out]
	for c := range len(begin) - 1 {
		ofBias := inner(dout[c*m.Out:][:m.Out], b2)
		for _, r := range t.row[begin[c]:begin[c+1]] {
			dgates[int(r)*m.Experts+b.expert] = ofBias + along[0]
			along = along[1:]
		}
	}
}

// weightGradients fills dw1 with the products xᵀ·dbefore of each expert's pairs and dw2
// with hiddenᵀ·dy of its cells, unless they are nil.
func (m *Experts[F]) weightGradients(p *Pool, dw1, dw2, dy []F) {
	cols1, cols2 := columnBlock(p, m.Experts, m.Hidden), columnBlock(p, m.Experts, m.Out)
	across1, across2 := (m.Hidden+cols1-1)/cols1, (m.Out+cols2-1)/cols2
	if dw1 == nil {
		across1 = 0
	}
	if dw2 == nil {
		across2 = 0
	}
	share := blockRows * cols2
	m.work = grow(m.work, p.Workers()*share)
	forEach(p, m.Experts*(across1+across2), func(slot, i int) {
		if n := m.Experts * across2; i < n { // the larger ones begin
			from := i % across2 * cols2
			m.weightGradient2(dw2, dy, m.work[slot*share:][:share], i/across2, from, min(from+cols2, m.Out))
		} else {
			from := (i - n) % across1 * cols1
			m.weightGradient1(dw1, (i-n)/across1, from, min(from+cols1, m.Hidden))
		}
	})
}

// weightGradient1 fills the columns from to upTo of dw1 of one expert.
func (m *Experts[F]) weightGradient1(dw1 []F, e, from, upTo int) {
	lo, hi := int(m.routes.first[e]), int(m.routes.first[e+1])
	MatMul(nil, TN, m.Width, upTo-from, hi-lo, m.x[lo*m.Width:], m.Width, m.dbefore[lo*m.Hidden+min(from, (hi-lo)*m.Hidden):], m.Hidden,
		dw1[e*m.Width*m.Hidden+from:], m.Hidden, false)
}

// weightGradient2 fills the columns from to upTo of dw2 of one expert.
func (m *Experts[F]) weightGradient2(dw2, dy, work []F, e, from, upTo int) {
	dw2 = dw2[e*m.Hidden*m.Out:][:m.Hidden*m.Out]
	first, last := int(m.routes.firstCell[e]), int(m.routes.firstCell[e+1])
	if first == last {
		MatMul(nil, TN, m.Hidden, upTo-from, 0, m.hidden[:0], m.Hidden, dy[:0], m.Out, dw2[from:], m.Out, false)
	}
	for c := first; c < last; c += blockRows {
		rows := m.routes.out[c:min(c+blockRows, last)]
		dout := work[:len(rows)*(upTo-from)]
		gatherRows(dout, dy[from:], rows, m.Out, upTo-from)
		MatMul(nil, TN, m.Hidden, upTo-from, len(rows), m.hidden[c*m.Hidden:], m.Hidden, dout, upTo-from, dw2[from:], m.Out, c > first)
	}
}

// gatherRows fills dst with the first width entries of the named rows of src.
func gatherRows[F Float](dst, src []F, rows []int32, stride, width int) {
	for j, r := range rows {
		copy(dst[j*width:][:width], src[int(r)*stride:])
	}
}

// sumBlocks fills db [Experts, width] with the sums over each expert's blocks of their
// parts, unless it is nil.
func (m *Experts[F]) sumBlocks(db, parts []F) {
	clear(db)
	if len(db) == 0 {
		return
	}
	width := len(db) / m.Experts
	for i, b := range m.routes.blocks {
		addTo(db[b.expert*width:][:width], parts[i*width:][:width])
	}
}
