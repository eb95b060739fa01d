//go:build gpu

package cuda

import "github.com/fusemoe/fusemoe/core/kernel"

// GateLogits is kernel.GateLogits on a device: it scores every expert for every row, with
// its own weights for each group of rows.
type GateLogits struct {
	Kind                         kernel.Gate
	Groups, Rows, Width, Experts int // Rows is the number of rows of a group
}

// Forward computes logits [Groups·Rows, Experts] from x [Groups·Rows, Width], w [Groups,
// Experts, Width] and bias [Groups, Experts], which is the zero Array for the gates by
// distance.
func (l *GateLogits) Forward(d *Device, logits, x, w, bias Array) {
	l.check(logits, x, w)
	xx, ww := d.New(l.Rows), d.New(l.Experts)
	defer d.Free(xx, ww)
	for g := range l.Groups {
		x, w, logits := l.group(g, x, w, logits)
		d.product(matrixOf(logits, l.Experts), matrixOf(x, l.Width), transposed(matrixOf(w, l.Width)),
			l.Rows, l.Experts, l.Width, false)
		switch {
		case l.Kind != kernel.Softmax:
			d.launch("square_rows", l.Rows, 1, xx, x, l.Width)
			d.launch("square_rows", l.Experts, 1, ww, w, l.Width)
			d.launch("distances", blocks(l.Rows*l.Experts), 1, logits, x, w, xx, ww, l.Rows, l.Experts, l.Width, l.root())
		case bias.address != 0:
			d.launch("add_bias", blocks(l.Rows*l.Experts), 1, logits, bias.Slice(g*l.Experts, l.Experts),
				l.Rows*l.Experts, l.Experts)
		}
	}
}

// Backward computes the gradients of x, w and bias from that of the logits; the zero Array
// is one that nobody wants. The gradient of the Laplace gate at distance 0 is 0.
func (l *GateLogits) Backward(d *Device, dx, dw, dbias, dlogits, x, w, logits Array) {
	l.check(dlogits, x, w)
	fit(dlogits.length, logits)
	c := dlogits
	if l.Kind != kernel.Softmax {
		c = d.New(dlogits.length)
		defer d.Free(c)
		d.launch("distance_slopes", blocks(c.length), 1, c, dlogits, logits, c.length, l.root())
	}
	sums := d.New(l.Experts)
	defer d.Free(sums)
	for g := range l.Groups {
		x, w, c := l.group(g, x, w, c)
		if dx.address != 0 {
			dx := dx.Slice(g*l.Rows*l.Width, l.Rows*l.Width)
			d.product(matrixOf(dx, l.Width), matrixOf(c, l.Experts), matrixOf(w, l.Width), l.Rows, l.Width, l.Experts, false)
			if l.Kind != kernel.Softmax {
				d.launch("pull_rows", l.Rows, 1, dx, c, x, l.Experts, l.Width)
			}
		}
		d.launch("sum_columns", l.Experts, 1, sums, c, l.Rows, l.Experts)
		if dw.address != 0 {
			dw := dw.Slice(g*l.Experts*l.Width, l.Experts*l.Width)
			d.product(matrixOf(dw, l.Width), transposed(matrixOf(c, l.Experts)), matrixOf(x, l.Width),
				l.Experts, l.Width, l.Rows, false)
			if l.Kind != kernel.Softmax {
				d.launch("pull_rows", l.Experts, 1, dw, sums, w, 1, l.Width)
			}
		}
		if dbias.address != 0 {
			d.Copy(dbias.Slice(g*l.Experts, l.Experts), sums)
		}
	}
}

// root says to the kernels whether the distance is taken or its square.
func (l *GateLogits) root() int {
	if l.Kind == kernel.Laplace {
		return 1
	}
	return 0
}

// group is what group g has of the arrays.
func (l *GateLogits) group(g int, x, w, logits Array) (Array, Array, Array) {
	return x.Slice(g*l.Rows*l.Width, l.Rows*l.Width), w.Slice(g*l.Experts*l.Width, l.Experts*l.Width),
		logits.Slice(g*l.Rows*l.Experts, l.Rows*l.Experts)
}

func (l *GateLogits) check(logits, x, w Array) {
	fit(l.Groups*l.Rows*l.Experts, logits)
	fit(l.Groups*l.Rows*l.Width, x)
	fit(l.Groups*l.Experts*l.Width, w)
}

// TopK is kernel.TopK on a device: a softmax over the K largest logits of each row.
type TopK struct{ Rows, Experts, K int }

// Forward computes gates from logits, both [Rows, Experts]. active has an index for each
// row, 0 where it has no gates; the zero Array says that all have.
func (k *TopK) Forward(d *Device, gates, logits, active Array) {
	fit(k.Rows*k.Experts, gates, logits)
	if k.K < 1 || k.K > k.Experts {
		panic(ErrShape)
	}
	chosen := d.New(k.Rows * k.K)
	defer d.Free(chosen)
	d.launch("choose", blocks(k.Rows), 1, gates, chosen, logits, active, k.Rows, k.Experts, k.K)
}

// Backward computes the gradient of the logits from that of the gates.
func (k *TopK) Backward(d *Device, dlogits, dgates, gates Array) {
	fit(k.Rows*k.Experts, dlogits, dgates, gates)
	d.launch("unchoose", blocks(k.Rows), 1, dlogits, dgates, gates, k.Rows, k.Experts)
}
