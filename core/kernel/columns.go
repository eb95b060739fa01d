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
	w := c.Width
	threshold, factor := dropout[F](c.Rate, training)
	p.For(c.Groups*c.Rows, blockGrain(w), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			to := out[i*w:][:w]
			drop(to, y[c.aside(i):][:w], key, c.entry(i), threshold, factor)
			addTo(to, x[i*w:][:w])
		}
	})
}

// Backward fills dx and dy for the key and training of the Forward.
func (c *AddColumns[F]) Backward(p *Pool, dx, dy, dout []F, key uint64, training bool) {
	fit(c.Groups*c.Rows*c.Width, dout)
	fitOrNil(len(dout), dx, dy)
	w := c.Width
	threshold, factor := dropout[F](c.Rate, training)
	p.For(c.Groups*c.Rows, blockGrain(w), func(lo, hi int) {
		if dx != nil {
			copy(dx[lo*w:hi*w], dout[lo*w:])
		}
		if dy == nil {
			return
		}
		for i := lo; i < hi; i++ {
			drop(dy[c.aside(i):][:w], dout[i*w:][:w], key, c.entry(i), threshold, factor)
		}
	})
}

// aside is where in y row i of x belongs.
func (c *AddColumns[F]) aside(i int) int {
	return (i%c.Rows*c.Groups + i/c.Rows) * c.Width
}

// entry is the number of row i's first random number, which drop wants even.
func (c *AddColumns[F]) entry(i int) int {
	return LastOf{Width: c.Width + c.Width%2, Every: max(c.Every, 1)}.entry(i)
}
