package kernel

import "unsafe"

// expMinus replaces each x by exp(x - shift), for a shift that no x exceeds. In
// float32, results below 1e-37 are as small as that but may not be 0.
func expMinus[F Float](x []F, shift F) {
	if isFloat32[F]() && activePath() != generic {
		expMinusVector(unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x)), float32(shift))
		return
	}
	for i, v := range x {
		x[i] = exp(v - shift)
	}
}

// maximum is the largest of the values, of which there is at least one.
func maximum[F Float](x []F) F {
	a := x[0]
	b, c, d := a, a, a
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d = larger(a, x[0]), larger(b, x[1]), larger(c, x[2]), larger(d, x[3])
	}
	for _, v := range x {
		a = larger(a, v)
	}
	return larger(larger(a, b), larger(c, d))
}

// larger is the larger of the two, a where one is NaN.
func larger[F Float](a, b F) F {
	if b > a {
		return b
	}
	return a
}
