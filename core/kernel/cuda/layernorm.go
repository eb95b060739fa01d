//go:build gpu

package cuda

// LayerNorm is kernel.LayerNorm on a device.
type LayerNorm struct {
	Groups, Rows, Width int // Rows is the number of rows of a group
	Eps                 float64

	moments Array // [Groups·Rows, 2]: the mean of each row, and one over its deviation
}

// Forward computes y [Groups·Rows, Width] from x of the same shape and gamma and beta
// [Groups, Width].
func (l *LayerNorm) Forward(d *Device, y, x, gamma, beta Array) {
	l.check(y, x, gamma)
	fit(gamma.length, beta)
	d.Free(l.moments)
	l.moments = d.New(2 * l.Groups * l.Rows)
	d.launch("normalise", warps(l.Groups*l.Rows), 1, y, l.moments, x, gamma, beta, l.Groups, l.Rows, l.Width, float32(l.Eps))
}

// Backward computes the gradients of x, gamma and beta from that of y, after Forward with
// the same x; the zero Array is one that nobody wants.
func (l *LayerNorm) Backward(d *Device, dx, dgamma, dbeta, dy, x, gamma Array) {
	l.check(dy, x, gamma)
	fitOrNone(x.length, dx)
	fitOrNone(gamma.length, dgamma, dbeta)
	if dx.address != 0 {
		d.launch("normal_slopes", warps(l.Groups*l.Rows), 1, dx, l.moments, dy, x, gamma, l.Groups, l.Rows, l.Width)
	}
	chunks := (l.Rows + chunkRows - 1) / chunkRows
	gammas, betas := d.New(l.Groups*chunks*l.Width), d.New(l.Groups*chunks*l.Width)
	defer d.Free(gammas, betas)
	d.launch("normal_parts", l.Groups*chunks, (l.Width+blockColumns-1)/blockColumns, gammas, betas, l.moments, dy, x, l.Rows, l.Width)
	for _, s := range []struct{ sums, parts Array }{{dgamma, gammas}, {dbeta, betas}} {
		if s.sums.address != 0 {
			d.launch("sum_parts", l.Groups, blocks(l.Width), s.sums, s.parts, chunks, l.Width)
		}
	}
}

// Release gives the memory of the last pass back.
func (l *LayerNorm) Release(d *Device) {
	d.Free(l.moments)
	l.moments = Array{}
}

func (l *LayerNorm) check(y, x, gamma Array) {
	fit(l.Groups*l.Rows*l.Width, y, x)
	fit(l.Groups*l.Width, gamma)
}
