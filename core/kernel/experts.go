package kernel

// Experts is the linear mixture of two-layer networks that gates choose for each row:
//
//	y[r mod OutRows] += Σ_e gates[r,e]·(GELU(x_r·w1_e + b1_e)·w2_e + b2_e)
//
// A gate of 0 costs nothing. The pairs of a row and an expert are sorted by expert
// once; each expert then works on its gathered rows, and the results are added up in a
// fixed order: by row and, within a row, by expert.
type Experts[F Float] struct {
	// Rows is a multiple of OutRows, the number of rows of y: every router of a group
	// of routers sends its rows to the same outputs.
	Rows, OutRows, Experts, Width, Hidden, Out int

	routes routes
	// One row for each pair, by expert: the gathered x and its gradient, the hidden
	// layer before GELU, the weighted hidden layer and later its gradient, and the
	// output and later its gradient.
	x, dx, before, hidden, out []F
	scratch                    []F
	shared                     []expertWeights[F] // one for each worker
}

// expertWeights are those of the expert that a worker is at in a backward pass, which
// mostly has several blocks of it. The next pass begins without.
type expertWeights[F Float] struct {
	expert int
	w1, w2 sharedWeights[F]
}

// Forward computes y [OutRows, Out] from x [Rows, Width], gates [Rows, Experts], w1
// [Experts, Width, Hidden], b1 [Experts, Hidden], w2 [Experts, Hidden, Out] and b2
// [Experts, Out].
func (m *Experts[F]) Forward(p *Pool, y, x, gates, w1, b1, w2, b2 []F) {
	m.check(y, x, gates, w1, b1, w2, b2)
	findRoutes(&m.routes, gates, m.Rows, m.Experts)
	pairs := len(m.routes.row)
	m.x = grow(m.x, pairs*m.Width)
	m.before = grow(m.before, pairs*m.Hidden)
	m.out = grow(m.out, pairs*m.Out)
	m.scratch = grow(m.scratch, p.Workers()*blockRows*m.Hidden)
	forEach(p, len(m.routes.blocks), func(slot, i int) {
		b := m.routes.blocks[i]
		e, n := b.expert, b.hi-b.lo
		in := m.x[b.lo*m.Width : b.hi*m.Width]
		for j, r := range m.routes.row[b.lo:b.hi] {
			copy(in[j*m.Width:][:m.Width], x[int(r)*m.Width:])
		}
		before := m.before[b.lo*m.Hidden : b.hi*m.Hidden]
		fillRows(before, b1[e*m.Hidden:][:m.Hidden])
		MatMul(nil, NN, n, m.Hidden, m.Width, in, m.Width, w1[e*m.Width*m.Hidden:], m.Hidden, before, m.Hidden, true)
		hidden := m.scratch[slot*blockRows*m.Hidden:][:len(before)]
		gelu(hidden, before)
		out := m.out[b.lo*m.Out : b.hi*m.Out]
		fillRows(out, b2[e*m.Out:][:m.Out])
		MatMul(nil, NN, n, m.Out, m.Hidden, hidden, m.Hidden, w2[e*m.Hidden*m.Out:], m.Out, out, m.Out, true)
	})
	m.combine(p, y, gates)
}

// combine adds the weighted outputs of the pairs to the rows of y.
func (m *Experts[F]) combine(p *Pool, y, gates []F) {
	p.For(m.OutRows, rowChunk, func(lo, hi int) {
		clear(y[lo*m.Out : hi*m.Out])
		for o := lo; o < hi; o++ {
			for r := o; r < m.Rows; r += m.OutRows {
				pairs := m.routes.ofRow(r)
				for _, gate := range gates[r*m.Experts:][:m.Experts] {
					if gate != 0 {
						accumulate(y[o*m.Out:][:m.Out], gate, m.out[int(pairs[0])*m.Out:][:m.Out])
						pairs = pairs[1:]
					}
				}
			}
		}
	})
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
	m.dx = grow(m.dx, len(m.x))
	m.hidden = grow(m.hidden, len(m.before))
	m.scratch = grow(m.scratch, len(m.routes.blocks)*max(m.Hidden, m.Out))
	m.gather(p, dy, gates)
	m.sumBlocks(db2, m.Out)
	m.weightGradients(p, dw2, m.hidden, m.out, m.Hidden, m.Out)
	m.backwardHidden(p, dgates, gates, w1, w2, b2, dx != nil)
	m.sumBlocks(db1, m.Hidden)
	m.weightGradients(p, dw1, m.x, m.hidden, m.Width, m.Hidden)
	if dx == nil {
		return
	}
	p.For(m.Rows, rowChunk, func(lo, hi int) {
		clear(dx[lo*m.Width : hi*m.Width])
		for r := lo; r < hi; r++ {
			for _, pair := range m.routes.ofRow(r) {
				accumulate(dx[r*m.Width:][:m.Width], 1, m.dx[int(pair)*m.Width:][:m.Width])
			}
		}
	})
}

// gather fills, for each pair, out with the gradient of its row of y and hidden with
// the hidden layer times the gate, and scratch with the sums of gate·out over blocks.
func (m *Experts[F]) gather(p *Pool, dy, gates []F) {
	p.For(len(m.routes.blocks), 1, func(first, last int) {
		for i := first; i < last; i++ {
			b := m.routes.blocks[i]
			sums := m.scratch[i*m.Out:][:m.Out]
			clear(sums)
			for pair := b.lo; pair < b.hi; pair++ {
				r := int(m.routes.row[pair])
				gate := gates[r*m.Experts+b.expert]
				out := m.out[pair*m.Out:][:m.Out]
				copy(out, dy[r%m.OutRows*m.Out:])
				accumulate(sums, gate, out)
				hidden := m.hidden[pair*m.Hidden:][:m.Hidden]
				gelu(hidden, m.before[pair*m.Hidden:][:m.Hidden])
				scaleBy(hidden, gate)
			}
		}
	})
}

// backwardHidden fills the gradients of the gates, hidden with the gradient of the
// hidden layer before GELU, scratch with its sums over blocks, and dx.
func (m *Experts[F]) backwardHidden(p *Pool, dgates, gates, w1, w2, b2 []F, wantX bool) {
	clear(dgates)
	m.shared = grow(m.shared, p.Workers())
	for slot := range m.shared {
		m.shared[slot].expert = -1
	}
	forEach(p, len(m.routes.blocks), func(slot, i int) {
		b := m.routes.blocks[i]
		e, n := b.expert, b.hi-b.lo
		out, hidden := m.out[b.lo*m.Out:b.hi*m.Out], m.hidden[b.lo*m.Hidden:b.hi*m.Hidden]
		shared := &m.shared[slot]
		another := shared.expert != e
		blocks := (int(m.routes.first[e+1]-m.routes.first[e]) + blockRows - 1) / blockRows
		if another {
			shared.expert = e
			shared.w2.take(activePath(), blocks, w2[e*m.Hidden*m.Out:], m.Hidden, m.Out)
		}
		shared.w2.multiply(hidden, out, n)
		sums := m.scratch[i*m.Hidden:][:m.Hidden]
		clear(sums)
		for j, r := range m.routes.row[b.lo:b.hi] {
			at := int(r)*m.Experts + e
			row := hidden[j*m.Hidden:][:m.Hidden]
			before := m.before[(b.lo+j)*m.Hidden:][:m.Hidden]
			dgate := backwardWeighted(row, before, sums, gates[at])
			if dgates != nil {
				dgates[at] = dgate + inner(out[j*m.Out:][:m.Out], b2[e*m.Out:][:m.Out])
			}
		}
		if wantX && another {
			shared.w1.take(activePath(), blocks, w1[e*m.Width*m.Hidden:], m.Width, m.Hidden)
		}
		if wantX {
			shared.w1.multiply(m.dx[b.lo*m.Width:], hidden, n)
		}
	})
}

// backwardWeighted replaces grad, the gradient of GELU(before) for a gate of 1, by that
// of before for the given gate, adds it to sums, and returns grad·GELU(before).
func backwardWeighted[F Float](grad, before, sums []F, gate F) (along F) {
	var values, slopes [geluStrip]F
	for lo := 0; lo < len(before); lo += geluStrip {
		n := min(geluStrip, len(before)-lo)
		geluSlopes(values[:n], slopes[:n], before[lo:lo+n])
		grad, sums := grad[lo:lo+n], sums[lo:lo+n]
		along += inner(grad, values[:n])
		weighOn(activePath(), grad, sums, slopes[:n], gate)
	}
	return along
}

// weightGradients fills dw [Experts, in, out] with the products xᵀ·dy of each expert's
// pairs, unless it is nil.
func (m *Experts[F]) weightGradients(p *Pool, dw, x, dy []F, in, out int) {
	if dw == nil {
		return
	}
	for e := range m.Experts {
		lo, hi := int(m.routes.first[e]), int(m.routes.first[e+1])
		if dw := dw[e*in*out:][:in*out]; lo == hi {
			clear(dw)
		} else {
			MatMul(p, TN, in, out, hi-lo, x[lo*in:], in, dy[lo*out:], out, dw, out, false)
		}
	}
}

// sumBlocks fills db [Experts, width] with the sums over each expert's blocks that
// scratch holds, unless it is nil.
func (m *Experts[F]) sumBlocks(db []F, width int) {
	clear(db)
	if db == nil {
		return
	}
	for i, b := range m.routes.blocks {
		accumulate(db[b.expert*width:][:width], 1, m.scratch[i*width:][:width])
	}
}

func (m *Experts[F]) check(y, x, gates, w1, b1, w2, b2 []F) {
	if m.OutRows == 0 && m.Rows > 0 || m.OutRows > 0 && m.Rows%m.OutRows != 0 {
		panic(ErrShape)
	}
	fit(m.OutRows*m.Out, y)
	fit(m.Rows*m.Width, x)
	fit(m.Rows*m.Experts, gates)
	fit(m.Experts*m.Width*m.Hidden, w1)
	fit(m.Experts*m.Hidden, b1)
	fit(m.Experts*m.Hidden*m.Out, w2)
	fit(m.Experts*m.Out, b2)
}
