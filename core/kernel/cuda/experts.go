//go:build gpu

package cuda

// Experts is kernel.Experts on a device: the linear mixture of two-layer networks that
// gates choose for each row. Rows is a multiple of OutRows, the number of rows of y.
//
// In BF16 the values of the pairs and copies of the weights are bf16, and all sums float32.
type Experts struct {
	Rows, OutRows, Experts, Width, Hidden, Out int

	routes                 *routes
	x, before, hidden, out pairs
	// half has the weights as bf16, where they are.
	half [2]pairs
}

// Forward computes y [OutRows, Out] from x [Rows, Width], gates [Rows, Experts], w1
// [Experts, Width, Hidden], b1 [Experts, Hidden], w2 [Experts, Hidden, Out] and b2
// [Experts, Out].
func (m *Experts) Forward(d *Device, y, x, gates, w1, b1, w2, b2 Array) {
	m.check(y, x, gates, w1, b1, w2, b2)
	m.Release(d)
	half := d.Precision == BF16 && d.blas != nil
	if half {
		m.half = [2]pairs{d.narrowed(w1, m.Hidden), d.narrowed(w2, m.Out)}
	}
	m.routes = d.newRoutes(gates, m.Rows, m.Experts)
	r, n := m.routes, m.routes.pairs()
	m.x, m.before = d.newPairs(n, m.Width, half), d.newPairs(n, m.Hidden, half)
	m.hidden, m.out = d.newPairs(n, m.Hidden, half), d.newPairs(n, m.Out, half)
	d.launch(m.x.kernel("gather"), warps(n), 1, m.x.Array, x, r.row, n, m.Width, m.Rows)
	r.multiply(d, func(e, lo, n int) product {
		return product{m.before.rows(lo), m.x.rows(lo), m.weights(0, w1, e, m.Width, m.Hidden), n, m.Hidden, m.Width}
	})
	d.launch(m.x.kernel("activate"), warps(n), 1, m.hidden.Array, m.before.Array, b1, r.expert, n, m.Hidden)
	r.multiply(d, func(e, lo, n int) product {
		return product{m.out.rows(lo), m.hidden.rows(lo), m.weights(1, w2, e, m.Hidden, m.Out), n, m.Out, m.Hidden}
	})
	d.launch(m.x.kernel("combine"), warps(m.OutRows), 1, y, m.out.Array, gates, b2, r.pair, m.Rows, m.OutRows, m.Experts, m.Out)
}

// Backward computes the gradients of x, the gates and the weights from that of y, once
// after each Forward with the same arguments. The zero Array is a gradient that nobody wants.
func (m *Experts) Backward(d *Device, dx, dgates, dw1, db1, dw2, db2, dy, x, gates, w1, b1, w2, b2 Array) {
	m.check(dy, x, gates, w1, b1, w2, b2)
	r, n := m.routes, m.routes.pairs()
	if dgates.address != 0 {
		d.Clear(dgates)
	}
	// The gate goes into the gradient of an output, and with it into all that follow.
	dout := m.out
	d.launch(dout.kernel("weigh"), warps(n), 1, dout.Array, dgates, dy, gates, b2, r.row, r.expert, n, m.Experts, m.Out, m.OutRows)
	r.sum(d, db2, dout)
	m.weightGradients(d, dw2, m.hidden, dout)
	dhidden := m.hidden
	r.multiply(d, func(e, lo, n int) product {
		return product{dhidden.rows(lo), dout.rows(lo), transposed(m.weights(1, w2, e, m.Hidden, m.Out)), n, m.Hidden, m.Out}
	})
	r.sumWith(d, "slope_chunks", db1, dhidden, dhidden.Array, m.before.Array, b1)
	m.weightGradients(d, dw1, m.x, dhidden)
	if dx.address == 0 {
		return
	}
	of := m.x
	r.multiply(d, func(e, lo, n int) product {
		return product{of.rows(lo), dhidden.rows(lo), transposed(m.weights(0, w1, e, m.Width, m.Hidden)), n, m.Width, m.Hidden}
	})
	d.launch(of.kernel("scatter"), warps(m.Rows), 1, dx, of.Array, gates, r.pair, m.Rows, m.Experts, m.Width)
}

// weightGradients fills dw [Experts, in, out] with xᵀ·dy over each expert's pairs.
func (m *Experts) weightGradients(d *Device, dw Array, x, dy pairs) {
	if dw.address == 0 {
		return
	}
	size := x.width * dy.width
	for e := range m.Experts {
		if m.routes.first[e] == m.routes.first[e+1] {
			d.Clear(dw.Slice(e*size, size))
		}
	}
	m.routes.multiply(d, func(e, lo, n int) product {
		return product{matrixOf(dw.Slice(e*size, size), dy.width), transposed(x.rows(lo)), dy.rows(lo), x.width, dy.width, n}
	})
}

// weights is expert e's matrix [in, out] of layer 0 or 1.
func (m *Experts) weights(layer int, w Array, e, in, out int) matrix {
	if half := m.half[layer]; half.half {
		return half.rows(e * in)
	}
	return matrixOf(w.Slice(e*in*out, in*out), out)
}

// narrowed is a copy of weights as bf16, in rows of that width.
func (d *Device) narrowed(w Array, width int) pairs {
	to := d.newPairs(w.length/width, width, true)
	d.launch("narrow_weights", min(blocks((w.length+3)/4), mostBlocks), 1, to.Array, w, w.length)
	return to
}

// Release gives the memory of the last pass back.
func (m *Experts) Release(d *Device) {
	m.routes.free(d)
	d.Free(m.x.Array, m.before.Array, m.hidden.Array, m.out.Array, m.half[0].Array, m.half[1].Array)
	*m = Experts{Rows: m.Rows, OutRows: m.OutRows, Experts: m.Experts, Width: m.Width, Hidden: m.Hidden, Out: m.Out}
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
