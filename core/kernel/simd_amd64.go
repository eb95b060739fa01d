package kernel

import "math"

const (
	// simdLanes is the number of values in the widest vector.
	simdLanes = 16
	simdRows  = 37
)

// simdTable holds the constants of the vector kernels, each repeated over a vector,
// in the order in which simd_amd64.h names them.
var simdTable = func() (table [simdRows][simdLanes]float32) {
	constants := [simdRows]float32{
		1,
		1 / math.Ln2,
		// ln 2 in two parts, of which the first has 9 bits, so that its product with
		// an exponent is exact.
		0.693359375, math.Ln2 - 0.693359375,
		// exp(r) = 1 + r + r²·P(r) for |r| <= ln(2)/2: P of least relative error in
		// the result, which is 3e-9.
		4.999999404e-01, 1.666652113e-01, 4.166838899e-02, 8.368717507e-03, 1.381459646e-03,
		// Beyond these exp is 0 and infinite in float32.
		-104, 89,
		math.Float32frombits(math.MaxInt32), math.Float32frombits(1 << 31), // all but the sign, and the sign
		14.5, // exp(-t²/2) is 0 in float32 from here on
		-0.5,
		3.5, // c below: the choice that serves a polynomial of this degree best
		1 / (math.Sqrt2 * math.SqrtPi),
		// Q(t) = exp(t²/2)·erfc(t/√2)/2 = R((t-c)/(t+c))/(t+c) for 0 <= t <= 14.5:
		// R of least relative error, which is 7e-9.
		7.444160581e-01, -5.655617714e-01, 3.154250383e-01, -1.160530373e-01, 1.740637794e-02,
		6.493115798e-03, -3.175310791e-03, -4.949436989e-04, 4.218978574e-04, 1.106893978e-04,
		2 / math.Pi,
		// π/2 in three parts of 24 bits. A fused multiply-add rounds only the difference,
		// which for the first part needs no rounding.
		quadrant[0], quadrant[1], quadrant[2],
		// sin(r) = r + r³·S(r²) and cos(r) = 1 - r²/2 + r⁴·C(r²) for |r| <= π/4, with the
		// minimax polynomials of the Cephes library (Moshier 1992), good to 3e-8.
		-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4,
		4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5,
	}
	for i, v := range constants {
		for lane := range table[i] {
			table[i][lane] = v
		}
	}
	return table
}()

// quadrant is π/2 as a sum of float32 of falling size.
var quadrant = func() (parts [3]float32) {
	const low = 6.123233995736766e-17 // what a float64 of π/2 lacks
	rest := math.Pi / 2
	for i := range parts {
		parts[i] = float32(rest)
		rest -= float64(parts[i])
		if i == 1 {
			rest += low
		}
	}
	return parts
}()

// The vector kernels take n values, a positive multiple of simdLanes; only axpy and
// dot take any n.

//go:noescape
func expAVX512(n int, dst, src *float32, shift float32, table *[simdRows][simdLanes]float32)

//go:noescape
func expAVX2(n int, dst, src *float32, shift float32, table *[simdRows][simdLanes]float32)

//go:noescape
func geluAVX512(n int, dst, src *float32, table *[simdRows][simdLanes]float32)

//go:noescape
func geluAVX2(n int, dst, src *float32, table *[simdRows][simdLanes]float32)

//go:noescape
func geluSlopesAVX512(n int, values, slopes, src *float32, table *[simdRows][simdLanes]float32)

//go:noescape
func geluSlopesAVX2(n int, values, slopes, src *float32, table *[simdRows][simdLanes]float32)

//go:noescape
func axpyAVX512(n int, y *float32, a float32, x *float32)

//go:noescape
func axpyAVX2(n int, y *float32, a float32, x *float32)

//go:noescape
func dotAVX512(n int, x, y *float32) float32

//go:noescape
func dotAVX2(n int, x, y *float32) float32

//go:noescape
func sinesAVX512(rows, n int, sin, cos *float32, stride int, weight, bias, times *float32, table *[simdRows][simdLanes]float32)

//go:noescape
func sinesAVX2(rows, n int, sin, cos *float32, stride int, weight, bias, times *float32, table *[simdRows][simdLanes]float32)

//go:noescape
func slopesAVX512(rows, n int, sums, weighted, grads, slopes *float32, stride int, weights *float32)

//go:noescape
func slopesAVX2(rows, n int, sums, weighted, grads, slopes *float32, stride int, weights *float32)

//go:noescape
func weighAVX512(n int, grads, sums, slopes *float32, weight float32)

//go:noescape
func weighAVX2(n int, grads, sums, slopes *float32, weight float32)

//go:noescape
func scaleAVX512(n int, x *float32, a float32)

//go:noescape
func scaleAVX2(n int, x *float32, a float32)

func (s path) expVectors(n int, dst, src *float32, shift float32) {
	if s == avx512 {
		expAVX512(n, dst, src, shift, &simdTable)
		return
	}
	expAVX2(n, dst, src, shift, &simdTable)
}

func (s path) geluVectors(n int, dst, src *float32) {
	if s == avx512 {
		geluAVX512(n, dst, src, &simdTable)
		return
	}
	geluAVX2(n, dst, src, &simdTable)
}

func (s path) geluSlopesVectors(n int, values, slopes, src *float32) {
	if s == avx512 {
		geluSlopesAVX512(n, values, slopes, src, &simdTable)
		return
	}
	geluSlopesAVX2(n, values, slopes, src, &simdTable)
}

// Every value goes through the same instructions: what does not fill a vector is
// put into one.

func (s path) exp(dst, src []float32, shift float32) {
	whole := len(src) &^ (simdLanes - 1)
	if whole > 0 {
		s.expVectors(whole, &dst[0], &src[0], shift)
	}
	if whole < len(src) {
		var rest [simdLanes]float32
		copy(rest[:], src[whole:])
		s.expVectors(simdLanes, &rest[0], &rest[0], shift)
		copy(dst[whole:], rest[:])
	}
}

func (s path) gelu(dst, src []float32) {
	whole := len(src) &^ (simdLanes - 1)
	if whole > 0 {
		s.geluVectors(whole, &dst[0], &src[0])
	}
	if whole < len(src) {
		var rest [simdLanes]float32
		copy(rest[:], src[whole:])
		s.geluVectors(simdLanes, &rest[0], &rest[0])
		copy(dst[whole:], rest[:])
	}
}

func (s path) geluSlopes(values, slopes, src []float32) {
	whole := len(src) &^ (simdLanes - 1)
	if whole > 0 {
		s.geluSlopesVectors(whole, &values[0], &slopes[0], &src[0])
	}
	if whole < len(src) {
		var rest, restSlopes [simdLanes]float32
		copy(rest[:], src[whole:])
		s.geluSlopesVectors(simdLanes, &rest[0], &restSlopes[0], &rest[0])
		copy(values[whole:], rest[:])
		copy(slopes[whole:], restSlopes[:])
	}
}

func (s path) axpy(y []float32, a float32, x []float32) {
	switch {
	case len(x) == 0:
	case s == avx512:
		axpyAVX512(len(x), &y[0], a, &x[0])
	default:
		axpyAVX2(len(x), &y[0], a, &x[0])
	}
}

func (s path) dot(x, y []float32) float32 {
	switch {
	case len(x) == 0:
		return 0
	case s == avx512:
		return dotAVX512(len(x), &x[0], &y[0])
	default:
		return dotAVX2(len(x), &x[0], &y[0])
	}
}

// sines, slopes, weigh and scale leave what does not fill a vector, of each row of the first
// two, to the caller and return where it begins.

func (s path) sines(sin, cos, weight, bias, times []float32) (done int) {
	n := len(weight)
	done = n &^ (simdLanes - 1)
	switch {
	case done == 0 || len(times) == 0:
	case s == avx512:
		sinesAVX512(len(times), done, &sin[0], &cos[0], n, &weight[0], &bias[0], &times[0], &simdTable)
	default:
		sinesAVX2(len(times), done, &sin[0], &cos[0], n, &weight[0], &bias[0], &times[0], &simdTable)
	}
	return done
}

func (s path) slopes(sums, weighted, grads, slopes, weights []float32) (done int) {
	n := len(sums)
	done = n &^ (simdLanes - 1)
	switch {
	case done == 0 || len(weights) == 0:
	case s == avx512:
		slopesAVX512(len(weights), done, &sums[0], &weighted[0], &grads[0], &slopes[0], n, &weights[0])
	default:
		slopesAVX2(len(weights), done, &sums[0], &weighted[0], &grads[0], &slopes[0], n, &weights[0])
	}
	return done
}

func (s path) weigh(grads, sums, slopes []float32, weight float32) (done int) {
	done = len(grads) &^ (simdLanes - 1)
	switch {
	case done == 0:
	case s == avx512:
		weighAVX512(done, &grads[0], &sums[0], &slopes[0], weight)
	default:
		weighAVX2(done, &grads[0], &sums[0], &slopes[0], weight)
	}
	return done
}

func (s path) scale(x []float32, a float32) (done int) {
	done = len(x) &^ (simdLanes - 1)
	switch {
	case done == 0:
	case s == avx512:
		scaleAVX512(done, &x[0], a)
	default:
		scaleAVX2(done, &x[0], a)
	}
	return done
}
