package kernel

// Experts is the linear mixture of two-layer networks that gates choose for each row:
//
//	y[r mod OutRows] += Σ_e gates[r,e]·(GELU(x_r·w1_e + b1_e)·w2_e + b2_e)
//
// A gate of 0 costs nothing. The pairs of a row and an expert are sorted by expert
// once; each expert then works on its gathered rows. Its second layer is linear, so
// the hidden layers of the rows that share an output row, a cell, are weighed and added
// up before it: with a router for each modality that nearly halves its work. What the
// experts give to an output row is added up by expert.
type Experts[F Float] struct {
	// Rows is a multiple of OutRows, the number of rows of y: every router of a group
	// of routers sends its rows to the same outputs.
	Rows, OutRows, Experts, Width, Hidden, Out int

	routes routes
	// One row for each pair, by expert: the gathered x and its gradient, and the hidden
	// layer before GELU and its gradient.
	x, dx, before, dbefore []F
	gates                  []F // of each pair
	// One for each cell: the weighted hidden layer, and the sum of the gates.
	hidden, weights []F

	dbias1, dbias2 []F                // one row for each block: its part of these gradients
	work           []F                // one share for each worker
	shared         []expertWeights[F] // the same
}

// Forward computes y [OutRows, Out] from x [Rows, Width], gates [Rows, Experts], w1
// [Experts, Width, Hidden], b1 [Experts, Hidden], w2 [Experts, Hidden, Out] and b2
// [Experts, Out].
func (m *Experts[F]) Forward(p *Pool, y, x, gates, w1, b1, w2, b2 []F) {
	m.check(y, x, gates, w1, b1, w2, b2)
	findRoutes(p, &m.routes, gates, m.Rows, m.OutRows, m.Experts)
	m.forwardHidden(p, x, gates, w1, b1)
	m.forwardOut(p, y, w2, b2)
}

// forwardHidden computes the weighted hidden layer of each cell.
func (m *Experts[F]) forwardHidden(p *Pool, x, gates, w1, b1 []F) {
	t := &m.routes
	pairs, cells := len(t.row), len(t.out)
	m.x = grow(m.x, pairs*m.Width)
	m.before, m.gates = grow(m.before, pairs*m.Hidden), grow(m.gates, pairs)
	m.hidden, m.weights = grow(m.hidden, cells*m.Hidden), grow(m.weights, cells)
	share := t.largestBlock() * m.Hidden
	m.work = grow(m.work, p.Workers()*share)
	forEach(p, len(t.blocks), func(slot, i int) {
		b := t.blocks[i]
		e, n := b.expert, b.hi-b.lo
		in := m.x[b.lo*m.Width : b.hi*m.Width]
		gatherRows(in, x, t.row[b.lo:b.hi], m.Width, m.Width)
		before := m.before[b.lo*m.Hidden : b.hi*m.Hidden]
		matMulFrom(activePath(), nil, NN, n, m.Hidden, m.Width, in, m.Width, w1[e*m.Width*m.Hidden:], m.Hidden,
			before, m.Hidden, b1[e*m.Hidden:][:m.Hidden], 0)
		m.weigh(&b, gates, before, m.work[slot*share:][:len(before)])
	})
}

// weigh fills the gates of the pairs of a block and what of its cells is kept.
func (m *Experts[F]) weigh(b *block, gates, before, work []F) {
	t := &m.routes
	begin := t.begin[b.firstCell : b.lastCell+1]
	own := m.gates[b.lo:b.hi]
	for j, r := range t.row[b.lo:b.hi] {
		own[j] = gates[int(r)*m.Experts+b.expert]
	}
	for c := range len(begin) - 1 {
		var sum F
		for _, gate := range m.gates[begin[c]:begin[c+1]] {
			sum += gate
		}
		m.weights[b.firstCell+c] = sum
	}
	weighCells(m.hidden[b.firstCell*m.Hidden:b.lastCell*m.Hidden], before, own, begin, work)
}

// forwardOut computes y from the cells, by blocks of output rows and of columns.
func (m *Experts[F]) forwardOut(p *Pool, y, w2, b2 []F) {
	rows, cols := m.outBlock(p)
	across := (m.Out + cols - 1) / max(cols, 1)
	m.work = grow(m.work, p.Workers()*rows*cols)
	forEach(p, (m.OutRows+rows-1)/rows*across, func(slot, i int) {
		lo, from := i/across*rows, i%across*cols
		hi, width := min(lo+rows, m.OutRows), min(cols, m.Out-from)
		for o := lo; o < hi; o++ {
			clear(y[o*m.Out+from:][:width])
		}
		for e := range m.Experts {
			first, last := m.routes.cellsWithin(e, lo, hi)
			out := m.work[slot*rows*cols:][:(last-first)*width]
			// The bias is a product too, with the sums of the gates.
			MatMul(nil, NN, last-first, width, 1, m.weights[first:], 1, b2[e*m.Out+from:], m.Out, out, width, false)
			MatMul(nil, NN, last-first, width, m.Hidden, m.hidden[first*m.Hidden:], m.Hidden,
				w2[e*m.Hidden*m.Out+from:], m.Out, out, width, true)
			for j, o := range m.routes.out[first:last] {
				addTo(y[int(o)*m.Out+from:][:width], out[j*width:][:width])
			}
		}
	})
}

// outBlock is the size of the blocks of y: in rows for blockRows cells of each expert
// on average, so that its weights are not read too often, and in columns for enough
// blocks, down to those of a tile. No bit depends on it.
func (m *Experts[F]) outBlock(p *Pool) (rows, cols int) {
	cells := max(len(m.routes.out), 1)
	rows = max(1, min(m.OutRows, (m.OutRows*m.Experts*blockRows+cells-1)/cells))
	return rows, columnBlock(p, (m.OutRows+rows-1)/rows, m.Out)
}

// columnBlock is into how wide blocks width columns are cut, so that each worker gets
// several of them when each block stands beside so many others: at least the columns of
// a tile.
func columnBlock(p *Pool, others, width int) int {
	const tile = 32
	wanted := min((4*p.Workers()+others-1)/max(others, 1), (width+tile-1)/tile)
	return max(1, min(width, ((width+wanted-1)/max(wanted, 1)+tile-1)/tile*tile))
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
