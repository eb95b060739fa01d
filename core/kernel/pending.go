package kernel

// What this file holds comes with the dense kernels, which are being written beside these.

import "math"

func exp[F Float](x F) F { return F(math.Exp(float64(x))) }

func sigmoid[F Float](x F) F { return 1 / (1 + exp(-x)) }

// Misuse is what a kernel panics with when it is called wrongly: a bug of the
// caller, never a fault of the data.
type Misuse string

// ErrShape says that a slice does not have the length that the kernel's shape asks for.
const ErrShape Misuse = "kernel: a slice does not fit the shape of the kernel"

// Error makes a recovered Misuse an error like any other.
func (m Misuse) Error() string { return string(m) }

// fit panics unless every slice has n entries.
func fit[F Float](n int, slices ...[]F) {
	for _, s := range slices {
		if len(s) != n {
			panic(ErrShape)
		}
	}
}

// fitOrNil is fit for slices that may be left out.
func fitOrNil[F Float](n int, slices ...[]F) {
	for _, s := range slices {
		if s != nil && len(s) != n {
			panic(ErrShape)
		}
	}
}

const elementGrain = 4096

// grow returns a slice of n entries, s itself where it is large enough. The entries
// are not cleared.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// inner is the inner product of x and y, summed like total.
func inner[F Float](x, y []F) F {
	var a, b, c, d F
	y = y[:len(x)]
	for ; len(x) >= 4 && len(y) >= 4; x, y = x[4:], y[4:] {
		a += x[0] * y[0]
		b += x[1] * y[1]
		c += x[2] * y[2]
		d += x[3] * y[3]
	}
	for i, v := range x {
		a += v * y[i]
	}
	return (a + b) + (c + d)
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
	if threshold == 0 {
		copy(y, x)
		return
	}
	y = y[:len(x)]
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

// accumulate computes y += a·x.
func accumulate[F Float](y []F, a F, x []F) {
	x = x[:len(y)]
	for i := range y {
		y[i] += a * x[i]
	}
}
