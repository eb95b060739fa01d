package kernel

// Linear is y = x·w + b, with its own weights for each group of rows.
type Linear[F Float] struct {
	Groups, Rows, In, Out int // Rows is the number of rows of a group

	sums []F
}

// Forward computes y [Groups·Rows, Out] from x [Groups·Rows, In], w [Groups, In, Out]
// and b [Groups, Out], which may be nil.
func (l *Linear[F]) Forward(p *Pool, y, x, w, b []F) {
	fit(l.Groups*l.Rows*l.In, x)
	fit(l.Groups*l.Rows*l.Out, y)
	fit(l.Groups*l.In*l.Out, w)
	fitOrNil(l.Groups*l.Out, b)
	for g := range l.Groups {
		bg := b
		if b != nil {
			bg = b[g*l.Out:][:l.Out]
		}
		matMulFrom(activePath(), p, NN, l.Rows, l.Out, l.In, x[g*l.Rows*l.In:], l.In, w[g*l.In*l.Out:], l.Out,
			y[g*l.Rows*l.Out:], l.Out, bg, 0)
	}
}

// Backward computes the gradients of x, w and b from that of y.
func (l *Linear[F]) Backward(p *Pool, dx, dw, db, dy, x, w []F) {
	fit(l.Groups*l.Rows*l.In, x)
	fitOrNil(l.Groups*l.Rows*l.In, dx)
	fit(l.Groups*l.Rows*l.Out, dy)
	fit(l.Groups*l.In*l.Out, w)
	fitOrNil(l.Groups*l.In*l.Out, dw)
	fitOrNil(l.Groups*l.Out, db)
	for g := range l.Groups {
		dyg := dy[g*l.Rows*l.Out:]
		if dx != nil {
			MatMul(p, NT, l.Rows, l.In, l.Out, dyg, l.Out, w[g*l.In*l.Out:], l.Out, dx[g*l.Rows*l.In:], l.In, false)
		}
		if dw != nil {
			MatMul(p, TN, l.In, l.Out, l.Rows, x[g*l.Rows*l.In:], l.In, dyg, l.Out, dw[g*l.In*l.Out:], l.Out, false)
		}
		if db != nil {
			l.sums = sumColumns(p, db[g*l.Out:][:l.Out], dyg, l.Rows, l.Out, l.sums)
		}
	}
}
