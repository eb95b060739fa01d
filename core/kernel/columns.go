package kernel

// Columns puts the rows of several groups side by side: x is [Groups·Rows, Width],
// y [Rows, Groups·Width], group g in the columns g·Width to (g+1)·Width.
type Columns[F Float] struct {
	Groups, Rows, Width int
}

// Forward fills y.
func (c *Columns[F]) Forward(p *Pool, y, x []F) {
	c.check(y, x)
	c.each(p, func(stacked, aside int) { copy(y[aside:aside+c.Width], x[stacked:]) })
}

// Backward fills dx.
func (c *Columns[F]) Backward(p *Pool, dx, dy []F) {
	if dx == nil {
		return
	}
	c.check(dy, dx)
	c.each(p, func(stacked, aside int) { copy(dx[stacked:stacked+c.Width], dy[aside:]) })
}

// each calls move with where a row of x starts and where in y it belongs.
func (c *Columns[F]) each(p *Pool, move func(stacked, aside int)) {
	p.For(c.Groups*c.Rows, blockGrain(c.Width), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			g, r := i/c.Rows, i%c.Rows
			move(i*c.Width, (r*c.Groups+g)*c.Width)
		}
	})
}

func (c *Columns[F]) check(y, x []F) {
	mustHold(len(x) == c.Groups*c.Rows*c.Width && len(y) == len(x))
}

// AddColumns adds the columns of y to the groups that they belong to, the residual
// connection around a layer that works on all groups at once:
//
//	out[g,r] = x[g,r] + dropout(y[r,g])
//
// x and out are [Groups·Rows, Width], y is [Rows, Groups·Width]. The dropout is that
// of Dropout.
type AddColumns[F Float] struct {
	Groups, Rows, Width int

	Rate float64
	// Every says that each row is the last of so many, as in LastOf; 0 and 1 that the rows
	// are all there are.
	Every int
}

// Forward fills out. The key names the random numbers.
func (c *AddColumns[F]) Forward(p *Pool, out, x, y []F, key uint64, training bool) {
	fit(c.Groups*c.Rows*c.Width, out, x, y)
	drop := newDropping[F](c.Rate, key, training)
	c.runs(p, func(from, to, aside int, r dropRows) {
		r.yRow, r.xRow = c.Width, c.Groups*c.Width
		drop.rows(r, out[from:to], y[aside:], x[from:to])
	})
}

// Backward fills dx and dy for the key and training of the Forward.
func (c *AddColumns[F]) Backward(p *Pool, dx, dy, dout []F, key uint64, training bool) {
	fit(c.Groups*c.Rows*c.Width, dout)
	fitOrNil(len(dout), dx, dy)
	drop := newDropping[F](c.Rate, key, training)
	c.runs(p, func(from, to, aside int, r dropRows) {
		if dx != nil {
			copy(dx[from:to], dout[from:to])
		}
		if dy != nil {
			r.yRow, r.xRow = c.Groups*c.Width, c.Width
			drop.rows(r, dy[aside:], dout[from:to], nil)
		}
	})
}

// runs calls body for rows of one group: where in x they lie, where in y they begin, and
// what random numbers they have.
func (c *AddColumns[F]) runs(p *Pool, body func(from, to, aside int, r dropRows)) {
	w := c.Width
	// Rows of an odd width leave one number out: each begins with a new word.
	numbers := LastOf{Width: w + w%2, Every: max(c.Every, 1)}
	p.For(c.Groups*c.Rows, blockGrain(w), func(lo, hi int) {
		for lo < hi {
			next := min(hi, (lo/c.Rows+1)*c.Rows)
			body(lo*w, next*w, (lo%c.Rows*c.Groups+lo/c.Rows)*w, dropRows{
				rows: next - lo, n: w, first: numbers.entry(lo), distance: numbers.Every * numbers.Width,
			})
			lo = next
		}
	})
}
