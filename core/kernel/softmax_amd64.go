package kernel

// softmaxAVX512 and softmaxAVX2 replace each row of n values by exp(scale·x - m), m being
// the largest scale·x of the row, divided by the sum. rows and n are at least 1.

//go:noescape
func softmaxAVX512(rows, n int, x *float32, scale float32, table *[simdRows][simdLanes]float32)

//go:noescape
func softmaxAVX2(rows, n int, x *float32, scale float32, table *[simdRows][simdLanes]float32)

func (s path) softmaxRows(x []float32, n int, scale float32) {
	switch {
	case len(x) == 0:
	case s == avx512:
		softmaxAVX512(len(x)/n, n, &x[0], scale, &simdTable)
	default:
		softmaxAVX2(len(x)/n, n, &x[0], scale, &simdTable)
	}
}
