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

// chunks calls body on parts of n entries whose random numbers follow one another, the
// first of which it names.
func (o LastOf) chunks(p *Pool, n int, body func(lo, hi, first int)) {
	if o.Every <= 1 {
		p.For(n, entryChunk, func(lo, hi int) { body(lo, hi, lo) })
		return
	}
	mustHold(o.Width > 0 && n%o.Width == 0)
	p.For(n/o.Width, blockGrain(o.Width), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			body(r*o.Width, (r+1)*o.Width, o.entry(r))
		}
	})
}

// Forward computes y from x, both of Size entries.
func (d *Dropout[F]) Forward(p *Pool, y, x []F, key uint64, training bool) {
	fit(d.Size, y, x)
	threshold, scale := dropout[F](d.Rate, training)
	d.Last.chunks(p, d.Size, func(lo, hi, first int) {
		drop(y[lo:hi], x[lo:hi], key, first, threshold, scale)
	})
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
	threshold, scale := dropout[F](r.Rate, training)
	r.Last.chunks(p, r.Size, func(lo, hi, first int) {
		y := y[lo:hi]
		drop(y, z[lo:hi], key, first, threshold, scale)
		addTo(y, x[lo:hi])
	})
}

// Backward computes the gradients of x and z from that of y.
func (r *Residual[F]) Backward(p *Pool, dx, dz, dy []F, key uint64, training bool) {
	fit(r.Size, dy)
	fitOrNil(r.Size, dx, dz)
	threshold, scale := dropout[F](r.Rate, training)
	r.Last.chunks(p, r.Size, func(lo, hi, first int) {
		if dx != nil {
			copy(dx[lo:hi], dy[lo:hi])
		}
		if dz != nil {
			drop(dz[lo:hi], dy[lo:hi], key, first, threshold, scale)
		}
	})
}

// dropout is the 32-bit number below which an entry is dropped and the factor of the
// others.
func dropout[F Float](rate float64, training bool) (threshold uint32, scale F) {
	if !training || rate == 0 {
		return 0, 1
	}
	return uint32(math.Round(rate * math.MaxUint32)), F(1 / (1 - rate))
}

// drop writes the entries of x to y, dropped or scaled, where x begins at entry first of
// the whole. One random word decides over two entries.
func drop[F Float](y, x []F, key uint64, first int, threshold uint32, scale F) {
	y = y[:len(x)]
	if threshold == 0 {
		copy(y, x)
		return
	}
	if s := activePath(); isFloat32[F]() && s != generic && first%2 == 0 {
		s.drop(single(y), single(x), key, first, threshold, float32(scale))
		return
	}
	plainDrop(y, x, key, first, threshold, scale)
}

func plainDrop[F Float](y, x []F, key uint64, first int, threshold uint32, scale F) {
	word := bits(key, uint64(first)/2)
	for i, v := range x {
		switch {
		case (first+i)%2 != 0:
			word >>= 32
		case i > 0:
			word = bits(key, uint64(first+i)/2)
		}
		v *= scale
		if uint32(word) < threshold {
			v = 0
		}
		y[i] = v
	}
}
