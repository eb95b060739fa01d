package kernel

// Linear is y = x·w + b, with its own weights for each group of rows.
type Linear[F Float] struct {
	Groups, Rows, In, Out int // Rows is the number of rows of a group

	sums    []F                // of chunks of rows, for the gradients of the biases
	weights []sharedWeights[F] // of each group, for the gradients of x
}

const (
	// linearRows bounds the rows of a block: four row tiles of AVX-512.
	linearRows = 56
	// linearBlock is about how many multiply-adds make a block of few rows, 4 µs.
	linearBlock = 1 << 19
	// linearTogether bounds the multiply-adds of a group whose products share one loop with
	// those of the other groups. Larger ones are worth a loop each, and their operands are
	// packed for the caches.
	linearTogether = 1 << 24
)

// Forward computes y [Groups·Rows, Out] from x [Groups·Rows, In], w [Groups, In, Out]
// and b [Groups, Out], which may be nil.
func (l *Linear[F]) Forward(p *Pool, y, x, w, b []F) {
	fit(l.Groups*l.Rows*l.In, x)
	fit(l.Groups*l.Rows*l.Out, y)
	fit(l.Groups*l.In*l.Out, w)
	fitOrNil(l.Groups*l.Out, b)
	s := activePath()
	if l.Rows*l.In*l.Out > linearTogether {
		for g := range l.Groups {
			l.multiply(s, p, g, 0, l.Rows, 0, l.Out, y, x, w, b)
		}
		return
	}
	down := ceilDiv(l.Rows, linearRows)
	across := max(1, min(l.Out/32, l.Rows*l.In*l.Out/max(1, down*linearBlock)))
	l.shared(p).For(l.Groups*down*across, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			r, c := i/across%down, i%across
			l.multiply(s, nil, i/(down*across), r*l.Rows/down, (r+1)*l.Rows/down, c*l.Out/across, (c+1)*l.Out/across, y, x, w, b)
		}
	})
}

// multiply computes the rows r0 to r1 of a group and of these the columns c0 to c1.
func (l *Linear[F]) multiply(s path, p *Pool, g, r0, r1, c0, c1 int, y, x, w, b []F) {
	if b != nil {
		b = b[g*l.Out+c0 : g*l.Out+c1]
	}
	row := g*l.Rows + r0
	matMulFrom(s, p, NN, r1-r0, c1-c0, l.In, x[row*l.In:], l.In, w[g*l.In*l.Out+c0:], l.Out, y[row*l.Out+c0:], l.Out, b, 0)
}

// shared is the pool, unless all groups together are too little work for it.
func (l *Linear[F]) shared(p *Pool) *Pool {
	if l.Groups*l.Rows*l.In*l.Out < parallelWork {
		return nil
	}
	return p
}

// Backward computes the gradients of x, w and b from that of y.
func (l *Linear[F]) Backward(p *Pool, dx, dw, db, dy, x, w []F) {
	fit(l.Groups*l.Rows*l.In, x)
	fitOrNil(l.Groups*l.Rows*l.In, dx)
	fit(l.Groups*l.Rows*l.Out, dy)
	fit(l.Groups*l.In*l.Out, w)
	fitOrNil(l.Groups*l.In*l.Out, dw)
	fitOrNil(l.Groups*l.Out, db)
	l.sums = grow(l.sums, l.Groups*ceilDiv(l.Rows, sumChunk)*l.Out)
	s := activePath()
	if l.Rows*l.In*l.Out <= linearTogether {
		l.backwardTogether(s, l.shared(p), dx, dw, db, dy, x, w)
		return
	}
	for g := range l.Groups {
		if dx != nil {
			matMulOn(s, p, NT, l.Rows, l.In, l.Out, dy[g*l.Rows*l.Out:], l.Out, w[g*l.In*l.Out:], l.Out, dx[g*l.Rows*l.In:], l.In, false)
		}
		if dw != nil {
			l.weightGradient(s, p, g, dw, dy, x)
		}
		if db != nil {
			l.biasGradient(p, g, db, dy)
		}
	}
}

// backwardTogether makes all gradients of all groups in one loop, the longest pieces of
// work first.
func (l *Linear[F]) backwardTogether(s path, p *Pool, dx, dw, db, dy, x, w []F) {
	products, sums, blocks := 0, 0, 0
	if dw != nil {
		products = l.Groups
	}
	if db != nil {
		sums = l.Groups
	}
	if dx != nil {
		blocks = ceilDiv(l.Rows, linearRows)
		l.packWeights(s, p, blocks, w)
	}
	p.For(products+sums+l.Groups*blocks, 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			switch {
			case i < products:
				l.weightGradient(s, nil, i, dw, dy, x)
			case i < products+sums:
				l.biasGradient(nil, i-products, db, dy)
			default:
				g, r0, r1 := rowBlock(i-products-sums, blocks, l.Rows)
				l.weights[g].multiply(dx[r0*l.In:], dy[r0*l.Out:], r1-r0)
			}
		}
	})
}

// rowBlock says which rows are block i of groups of so many rows, each in so many blocks.
func rowBlock(i, blocks, rows int) (group, lo, hi int) {
	group, block := i/blocks, i%blocks
	return group, group*rows + block*rows/blocks, group*rows + (block+1)*rows/blocks
}

// packWeights makes the weights of each group ready for so many blocks of rows.
func (l *Linear[F]) packWeights(s path, p *Pool, blocks int, w []F) {
	l.weights = grow(l.weights, l.Groups)
	p.For(l.Groups, 1, func(lo, hi int) {
		for g := lo; g < hi; g++ {
			l.weights[g].take(s, blocks, w[g*l.In*l.Out:], l.In, l.Out)
		}
	})
}

func (l *Linear[F]) weightGradient(s path, p *Pool, g int, dw, dy, x []F) {
	matMulOn(s, p, TN, l.In, l.Out, l.Rows, x[g*l.Rows*l.In:], l.In, dy[g*l.Rows*l.Out:], l.Out, dw[g*l.In*l.Out:], l.Out, false)
}

func (l *Linear[F]) biasGradient(p *Pool, g int, db, dy []F) {
	n := ceilDiv(l.Rows, sumChunk) * l.Out
	sumColumns(p, db[g*l.Out:][:l.Out], dy[g*l.Rows*l.Out:][:l.Rows*l.Out], l.Rows, l.Out, l.sums[g*n:][:n])
}
