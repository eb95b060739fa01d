package kernel

import "math"

// Dropout sets each entry to 0 with probability Rate, at least 0 and below 1, and
// divides the others by 1 - Rate (Srivastava et al. 2014). Which entries depends on
// the key alone. When not training, or at rate 0, it changes nothing.
type Dropout[F Float] struct {
	Size int
	Rate float64
}

// Forward computes y from x, both of Size entries.
func (d *Dropout[F]) Forward(p *Pool, y, x []F, key uint64, training bool) {
	fit(d.Size, y, x)
	threshold, scale := dropout[F](d.Rate, training)
	p.For(d.Size, entryChunk, func(lo, hi int) {
		drop(y[lo:hi], x[lo:hi], key, lo, threshold, scale)
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
}

// Forward computes y from x and z, all of Size entries.
func (r *Residual[F]) Forward(p *Pool, y, x, z []F, key uint64, training bool) {
	fit(r.Size, y, x, z)
	threshold, scale := dropout[F](r.Rate, training)
	p.For(r.Size, entryChunk, func(lo, hi int) {
		y := y[lo:hi]
		drop(y, z[lo:hi], key, lo, threshold, scale)
		x := x[lo:hi][:len(y)]
		for i := range y {
			y[i] += x[i]
		}
	})
}

// Backward computes the gradients of x and z from that of y.
func (r *Residual[F]) Backward(p *Pool, dx, dz, dy []F, key uint64, training bool) {
	fit(r.Size, dy)
	fitOrNil(r.Size, dx, dz)
	threshold, scale := dropout[F](r.Rate, training)
	p.For(r.Size, entryChunk, func(lo, hi int) {
		if dx != nil {
			copy(dx[lo:hi], dy[lo:hi])
		}
		if dz != nil {
			drop(dz[lo:hi], dy[lo:hi], key, lo, threshold, scale)
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

// drop writes the entries of x to y, dropped or scaled, where x begins at entry first,
// an even number, of the whole. One random word decides over two entries.
func drop[F Float](y, x []F, key uint64, first int, threshold uint32, scale F) {
	y = y[:len(x)]
	if threshold == 0 {
		copy(y, x)
		return
	}
	if s := activePath(); isFloat32[F]() && s != generic {
		s.drop(single(y), single(x), key, first, threshold, float32(scale))
		return
	}
	plainDrop(y, x, key, first, threshold, scale)
}

func plainDrop[F Float](y, x []F, key uint64, first int, threshold uint32, scale F) {
	var word uint64
	for i, v := range x {
		if i%2 == 0 {
			word = bits(key, uint64(first+i)/2)
		} else {
			word >>= 32
		}
		v *= scale
		if uint32(word) < threshold {
			v = 0
		}
		y[i] = v
	}
}
