//go:build gpu

package cuda

// Experts is kernel.Experts on a device: the linear mixture of two-layer networks that
// gates choose for each row. Rows is a multiple of OutRows, the number of rows of y.
type Experts struct {
	Rows, OutRows, Experts, Width, Hidden, Out int

	first                     []int32 // each expert's first pair, and the number of all
	firsts, row, expert, pair Array
	x, before, hidden, out    Array
}

// Forward computes y [OutRows, Out] from x [Rows, Width], gates [Rows, Experts], w1
// [Experts, Width, Hidden], b1 [Experts, Hidden], w2 [Experts, Hidden, Out] and b2
// [Experts, Out].
func (m *Experts) Forward(d *Device, y, x, gates, w1, b1, w2, b2 Array) {
	m.check(y, x, gates, w1, b1, w2, b2)
	m.release(d)
	m.route(d, gates)
	pairs := m.pairs()
	m.x, m.before = d.New(pairs*m.Width), d.New(pairs*m.Hidden)
	m.hidden, m.out = d.New(pairs*m.Hidden), d.New(pairs*m.Out)
	d.launch("gather", pairs, 1, m.x, x, m.row, m.Width, m.Rows)
	m.each(func(e, lo, n int) {
		d.product(rows(m.before, lo, n, m.Hidden), rows(m.x, lo, n, m.Width), weights(w1, e, m.Width, m.Hidden),
			n, m.Hidden, m.Width, false)
	})
	d.launch("activate", pairs, 1, m.hidden, m.before, b1, m.expert, m.Hidden)
	m.each(func(e, lo, n int) {
		d.product(rows(m.out, lo, n, m.Out), rows(m.hidden, lo, n, m.Hidden), weights(w2, e, m.Hidden, m.Out),
			n, m.Out, m.Hidden, false)
	})
	d.launch("combine", m.OutRows, 1, y, m.out, gates, b2, m.pair, m.Rows, m.OutRows, m.Experts, m.Out)
}

// Backward computes the gradients of x, the gates and the weights from that of y, after
// Forward with the same arguments. The zero Array is a gradient that nobody wants.
func (m *Experts) Backward(d *Device, dx, dgates, dw1, db1, dw2, db2, dy, x, gates, w1, b1, w2, b2 Array) {
	m.check(dy, x, gates, w1, b1, w2, b2)
	pairs := m.pairs()
	dout := m.out // the outputs are not needed any more
	d.launch("gather", pairs, 1, dout, dy, m.row, m.Out, m.OutRows)
	d.launch("weigh", pairs, 1, m.hidden, m.before, gates, m.row, m.expert, m.Experts, m.Hidden)
	m.sumPairs(d, db2, dout, gates, m.Out)
	m.weightGradients(d, dw2, m.hidden, dout, m.Hidden, m.Out)
	m.each(func(e, lo, n int) {
		d.product(rows(m.hidden, lo, n, m.Hidden), rows(dout, lo, n, m.Out), transposed(weights(w2, e, m.Hidden, m.Out)),
			n, m.Hidden, m.Out, false)
	})
	if dgates.address != 0 {
		d.Clear(dgates)
	}
	d.launch("slope_hidden", pairs, 1, dgates, m.hidden, m.before, dout, gates, b2, m.row, m.expert,
		m.Experts, m.Hidden, m.Out)
	m.sumPairs(d, db1, m.hidden, Array{}, m.Hidden)
	m.weightGradients(d, dw1, m.x, m.hidden, m.Width, m.Hidden)
	if dx.address == 0 {
		return
	}
	m.each(func(e, lo, n int) {
		d.product(rows(m.x, lo, n, m.Width), rows(m.hidden, lo, n, m.Hidden), transposed(weights(w1, e, m.Width, m.Hidden)),
			n, m.Width, m.Hidden, false)
	})
	d.launch("scatter", m.Rows, 1, dx, m.x, gates, m.pair, m.Experts, m.Width)
}

// route sorts the pairs by expert, and waits to learn how many each has: the host asks for
// one product an expert.
func (m *Experts) route(d *Device, gates Array) {
	counts := d.New(m.Experts)
	defer d.Free(counts)
	m.firsts = d.New(m.Experts + 1)
	m.first = make([]int32, m.Experts+1)
	d.launch("count_pairs", m.Experts, 1, counts, gates, m.Rows, m.Experts)
	d.launch("start_pairs", 1, 1, m.firsts, counts, m.Experts)
	if store(d, m.first, m.firsts) != nil {
		return // Wait tells
	}
	m.row, m.expert, m.pair = d.New(m.pairs()), d.New(m.pairs()), d.New(m.Rows*m.Experts)
	d.launch("place_pairs", m.Experts, 1, m.row, m.expert, m.pair, m.firsts, gates, m.Rows, m.Experts)
}

func (m *Experts) pairs() int { return int(m.first[m.Experts]) }

// each calls f for every expert that has pairs: n of them, from lo on.
func (m *Experts) each(f func(e, lo, n int)) {
	for e := range m.Experts {
		if lo, hi := int(m.first[e]), int(m.first[e+1]); lo < hi {
			f(e, lo, hi-lo)
		}
	}
}

// sumPairs fills sums [Experts, width] with those over each expert's pairs, weighted by
// their gates where there are any.
func (m *Experts) sumPairs(d *Device, sums, x, gates Array, width int) {
	if sums.address != 0 {
		d.launch("sum_pairs", m.Experts, blocks(width), sums, x, gates, m.row, m.firsts, m.Experts, width)
	}
}

// weightGradients fills dw [Experts, in, out] with xᵀ·dy over each expert's pairs.
func (m *Experts) weightGradients(d *Device, dw, x, dy Array, in, out int) {
	if dw.address == 0 {
		return
	}
	for e := range m.Experts {
		if m.first[e] == m.first[e+1] {
			d.Clear(weights(dw, e, in, out).Array)
		}
	}
	m.each(func(e, lo, n int) {
		d.product(weights(dw, e, in, out), transposed(rows(x, lo, n, in)), rows(dy, lo, n, out), in, out, n, false)
	})
}

// release gives the memory of the last pass back.
func (m *Experts) release(d *Device) {
	d.Free(m.firsts, m.row, m.expert, m.pair, m.x, m.before, m.hidden, m.out)
}

func (m *Experts) check(y, x, gates, w1, b1, w2, b2 Array) {
	if m.OutRows < 1 || m.Rows%m.OutRows != 0 {
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

func fit(n int, arrays ...Array) {
	for _, a := range arrays {
		if a.length != n {
			panic(ErrShape)
		}
	}
}

// rows are n rows of a matrix of that width, from row lo on.
func rows(a Array, lo, n, width int) matrix {
	return matrix{Array: a.Slice(lo*width, n*width), stride: width}
}

// weights is expert e's matrix [in, out].
func weights(a Array, e, in, out int) matrix {
	return matrix{Array: a.Slice(e*in*out, in*out), stride: out}
}

func transposed(m matrix) matrix {
	m.transposed = !m.transposed
	return m
}
