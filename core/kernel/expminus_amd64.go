package kernel

// expLanes is how many values expMinusAVX2 works on at once.
const expLanes = 8

// expMinusVector is expMinus for float32 on the paths that have AVX2. Every value goes
// through the same instructions, wherever in x it is.
func expMinusVector(x []float32, shift float32) {
	whole := len(x) &^ (expLanes - 1)
	if whole > 0 {
		expMinusAVX2(&x[0], whole, shift)
	}
	if whole < len(x) {
		var rest [expLanes]float32
		n := copy(rest[:], x[whole:])
		expMinusAVX2(&rest[0], expLanes, shift)
		copy(x[whole:], rest[:n])
	}
}

// expMinusAVX2 replaces each of the n values at x by exp(x - shift). n is a positive
// multiple of expLanes.
//
//go:noescape
func expMinusAVX2(x *float32, n int, shift float32)
