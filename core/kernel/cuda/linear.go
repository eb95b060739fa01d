//go:build gpu

package cuda

import "gorgonia.org/cu"

// Linear is kernel.Linear on a device: y = x·w + b, with its own weights for each group.
type Linear struct {
	Groups, Rows, In, Out int // Rows is the number of rows of a group
}

// Forward computes y [Groups·Rows, Out] from x [Groups·Rows, In], w [Groups, In, Out] and b
// [Groups, Out] or the zero Array.
func (l *Linear) Forward(d *Device, y, x, w, b Array) {
	l.check(y, x, w)
	// Added afterwards, so that the products of groups can be computed side by side.
	l.products(d, product{
		c: matrixOf(y, l.Out), a: matrixOf(x, l.In), b: matrixOf(w, l.Out), m: l.Rows, n: l.Out, k: l.In,
	})
	if b.address != 0 {
		fit(l.Groups*l.Out, b)
		d.launch("add_rows", warps(l.Groups*l.Rows), 1, y, b, l.Groups, l.Rows, l.Out)
	}
}

// Backward computes the gradients of x, w and b from that of y; the zero Array is one that
// nobody wants.
func (l *Linear) Backward(d *Device, dx, dw, db, dy, x, w Array) {
	l.check(dy, x, w)
	if dx.address != 0 {
		fit(x.length, dx)
		l.products(d, product{
			c: matrixOf(dx, l.In), a: matrixOf(dy, l.Out), b: transposed(matrixOf(w, l.Out)), m: l.Rows, n: l.In, k: l.Out,
		})
	}
	if dw.address != 0 {
		fit(w.length, dw)
		l.products(d, product{
			c: matrixOf(dw, l.Out), a: transposed(matrixOf(x, l.In)), b: matrixOf(dy, l.Out), m: l.In, n: l.Out, k: l.Rows,
		})
	}
	if db.address != 0 {
		fit(l.Groups*l.Out, db)
		d.sumRows(db, dy, l.Groups, l.Rows, l.Out)
	}
}

// products computes the product of the first group for each one.
func (l *Linear) products(d *Device, first product) {
	all := make([]product, l.Groups)
	for g := range all {
		p := first
		p.c.address += cu.DevicePtr(4 * g * first.m * first.n)
		p.a.address += cu.DevicePtr(4 * g * first.m * first.k)
		p.b.address += cu.DevicePtr(4 * g * first.k * first.n)
		all[g] = p
	}
	d.multiply(false, all...)
}

func (l *Linear) check(y, x, w Array) {
	fit(l.Groups*l.Rows*l.Out, y)
	fit(l.Groups*l.Rows*l.In, x)
	fit(l.Groups*l.In*l.Out, w)
}

// chunkRows is how many rows one block adds up, CHUNK_ROWS in kernels/rows.cu, and
// blockColumns how many columns of them: four for each of its lanes.
const (
	chunkRows    = 128
	blockColumns = 128
)

// sumRows fills sums [groups, width] with the sums of the rows of each group.
func (d *Device) sumRows(sums, x Array, groups, rows, width int) {
	chunks := (rows + chunkRows - 1) / chunkRows
	parts := d.New(groups * chunks * width)
	defer d.Free(parts)
	d.launch("part_rows", groups*chunks, (width+blockColumns-1)/blockColumns, parts, x, rows, width)
	d.launch("sum_parts", groups, blocks(width), sums, parts, chunks, width)
}
