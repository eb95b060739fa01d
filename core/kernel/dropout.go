package kernel

import "math"

// Dropout sets each entry to 0 with probability Rate, at least 0 and below 1, and
// divides the others by 1 - Rate (Srivastava et al. 2014). Which entries depends on
// the key alone. When not training, or at rate 0, it changes nothing.
type Dropout[F Float] struct {
	Size int
	Rate float64
	Last LastOf
}

// LastOf says that an array is part of a larger one: rows of Width entries, each the last
// of Every rows. Its random numbers are those that the larger one would have drawn for it.
// The zero value is an array that stands for itself.
type LastOf struct{ Width, Every int }

// entry is the number, in the larger array, of the first entry of row r.
func (o LastOf) entry(r int) int { return ((r+1)*o.Every - 1) * o.Width }

// parts calls body on parts of n entries, and says where their rows lie, which follow one
// another.
func (o LastOf) parts(p *Pool, n int, body func(lo, hi int, r dropRows)) {
	if o.Every <= 1 {
		p.For(n, entryChunk, func(lo, hi int) { body(lo, hi, dropRows{rows: 1, n: hi - lo, first: lo}) })
		return
	}
	w := o.Width
	mustHold(w > 0 && n%w == 0)
	p.For(n/w, blockGrain(w), func(lo, hi int) {
		body(lo*w, hi*w, dropRows{rows: hi - lo, n: w, yRow: w, xRow: w, first: o.entry(lo), distance: o.Every * w})
	})
}

// Forward computes y from x, both of Size entries.
func (d *Dropout[F]) Forward(p *Pool, y, x []F, key uint64, training bool) {
	fit(d.Size, y, x)
	drop := newDropping[F](d.Rate, key, training)
	d.Last.parts(p, d.Size, func(lo, hi int, r dropRows) { drop.rows(r, y[lo:hi], x[lo:hi], nil) })
}

// Backward computes the gradient of x from that of y.
func (d *Dropout[F]) Backward(p *Pool, dx, dy []F, key uint64, training bool) {
	if dx != nil {
		d.Forward(p, dx, dy, key, training)
	}
}

// Residual is y = x + dropout(z), the dropout as in Dropout.
type Residual[F Float] struct {
	Size int
	Rate float64
	Last LastOf
}

// Forward computes y from x and z, all of Size entries.
func (r *Residual[F]) Forward(p *Pool, y, x, z []F, key uint64, training bool) {
	fit(r.Size, y, x, z)
	drop := newDropping[F](r.Rate, key, training)
	r.Last.parts(p, r.Size, func(lo, hi int, r dropRows) { drop.rows(r, y[lo:hi], z[lo:hi], x[lo:hi]) })
}

// Backward computes the gradients of x and z from that of y.
func (r *Residual[F]) Backward(p *Pool, dx, dz, dy []F, key uint64, training bool) {
	fit(r.Size, dy)
	fitOrNil(r.Size, dx, dz)
	drop := newDropping[F](r.Rate, key, training)
	r.Last.parts(p, r.Size, func(lo, hi int, r dropRows) {
		if dx != nil {
			copy(dx[lo:hi], dy[lo:hi])
		}
		if dz != nil {
			drop.rows(r, dz[lo:hi], dy[lo:hi], nil)
		}
	})
}

// dropping says which entries are dropped: those whose random number, of 32 bits, is below
// threshold. The others are multiplied by scale. One word of the key's stream decides over
// two entries.
type dropping[F Float] struct {
	key       uint64
	threshold uint32
	scale     F
}

func newDropping[F Float](rate float64, key uint64, training bool) dropping[F] {
	if !training || rate == 0 {
		return dropping[F]{key: key, scale: 1}
	}
	return dropping[F]{key, uint32(math.Round(rate * math.MaxUint32)), F(1 / (1 - rate))}
}

// dropRows says where rows of n entries lie: yRow apart in what is written, xRow in what is
// read. The first row's random numbers begin with number first, each further one's distance
// later.
type dropRows struct{ rows, n, yRow, xRow, first, distance int }

// rows writes rows of x to those of y, dropped or scaled, and adds those of base, which lie
// like y's and may be nil.
func (d dropping[F]) rows(r dropRows, y, x, base []F) { d.rowsOn(activePath(), r, y, x, base) }

func (d dropping[F]) rowsOn(s path, r dropRows, y, x, base []F) {
	last := r.rows - 1
	y, x = y[:last*r.yRow+r.n], x[:last*r.xRow+r.n]
	if base != nil {
		base = base[:len(y)]
	}
	if isFloat32[F]() && s != generic && d.threshold > 0 && r.first%2 == 0 && r.distance%2 == 0 {
		s.dropRows(dropping[float32]{d.key, d.threshold, float32(d.scale)}, r, single(y), single(x), single(base))
		return
	}
	for i := range r.rows {
		to := y[i*r.yRow:][:r.n]
		d.plain(to, x[i*r.xRow:][:r.n], r.first+i*r.distance)
		if base != nil {
			addTo(to, base[i*r.yRow:][:r.n])
		}
	}
}

// plain does one row, whose random numbers begin with number first.
func (d dropping[F]) plain(y, x []F, first int) {
	if d.threshold == 0 {
		copy(y, x)
		return
	}
	word := bits(d.key, uint64(first)/2)
	for i, v := range x {
		switch {
		case (first+i)%2 != 0:
			word >>= 32
		case i > 0:
			word = bits(d.key, uint64(first+i)/2)
		}
		v *= d.scale
		if uint32(word) < d.threshold {
			v = 0
		}
		y[i] = v
	}
}
