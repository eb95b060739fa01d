package kernel

// Elementary functions over float32 slices, in the instructions that Path names. A
// value's bits depend neither on its place in the slice nor on the other values, and
// the fast paths agree to the last bit. Where dst and a source are slices of the
// same length, they may be the same slice, but not overlap otherwise.

const errLengths = "kernel: slices of different lengths"

// Exp sets dst to e^src, with an error below 1 ulp, infinite above 88.72 and rounded
// to subnormal numbers and 0 below -87.3.
func Exp(dst, src []float32) { ExpMinus(dst, src, 0) }

// ExpMinus sets dst to e^(src-shift), the difference being rounded once. With the
// largest of src for shift it is what a softmax needs.
func ExpMinus(dst, src []float32, shift float32) {
	expOn(activePath(), dst, src, shift)
}

func expOn(s path, dst, src []float32, shift float32) {
	if len(dst) != len(src) {
		panic(errLengths)
	}
	if s != generic {
		s.exp(dst, src, shift)
		return
	}
	for i, v := range src {
		dst[i] = exp(v - shift)
	}
}

// GELUValues sets dst to x·Φ(x), Φ being the distribution function of the standard
// normal distribution (Hendrycks and Gimpel 2016, in its exact form).
func GELUValues(dst, x []float32) {
	geluOn(activePath(), dst, x)
}

func geluOn(s path, dst, x []float32) {
	if len(dst) != len(x) {
		panic(errLengths)
	}
	if s != generic {
		s.gelu(dst, x)
		return
	}
	plainGELU(dst, x)
}

// GELUSlopes sets values to what GELUValues gives, to the same bits, and slopes to
// its derivative Φ(x) + x·Φ'(x).
func GELUSlopes(values, slopes, x []float32) {
	geluSlopesOn(activePath(), values, slopes, x)
}

func geluSlopesOn(s path, values, slopes, x []float32) {
	if len(values) != len(x) || len(slopes) != len(x) {
		panic(errLengths)
	}
	if s != generic {
		s.geluSlopes(values, slopes, x)
		return
	}
	plainGELUSlopes(values, slopes, x)
}

// Axpy computes y += a·x.
func Axpy(y []float32, a float32, x []float32) {
	axpyOn(activePath(), y, a, x)
}

func axpyOn(s path, y []float32, a float32, x []float32) {
	if len(y) != len(x) {
		panic(errLengths)
	}
	if s != generic {
		s.axpy(y, a, x)
		return
	}
	plainAccumulate(y, a, x)
}

// Dot is the inner product of x and y. Its order of summation depends on their
// length alone.
func Dot(x, y []float32) float32 {
	return dotOn(activePath(), x, y)
}

func dotOn(s path, x, y []float32) float32 {
	if len(y) != len(x) {
		panic(errLengths)
	}
	if s != generic {
		return s.dot(x, y)
	}
	return plainInner(x, y)
}
