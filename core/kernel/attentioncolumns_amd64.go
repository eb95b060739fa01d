package kernel

import "unsafe"

// The kernels over columns: stride entries a line, a multiple of stepLanes. Those
// with vectors work on that many vectors of each line, as many as their registers
// hold: 1 to 4 on AVX-512, 2, 4 or 6 on AVX2.

//go:noescape
func attendColumnsAVX512(rows, depth int, keys *float32, keyRow int, queries *float32, stride int, x, sums *float32, vectors int, table *[simdRows][simdLanes]float32)

//go:noescape
func attendColumnsAVX2(rows, depth int, keys *float32, keyRow int, queries *float32, stride int, x, sums *float32, vectors int, table *[simdRows][simdLanes]float32)

//go:noescape
func softmaxColumnsAVX512(rows, stride int, grads, w, factors *float32)

//go:noescape
func softmaxColumnsAVX2(rows, stride int, grads, w, factors *float32)

//go:noescape
func sumObservedAVX512(features int, start *int32, list *observation[float32], w, sums *float32, stride, vectors int) float32

//go:noescape
func sumObservedAVX2(features int, start *int32, list *observation[float32], w, sums *float32, stride, vectors int) float32

//go:noescape
func quotientGradientsAVX512(features, stride int, grads, sums *float32, tiny float32) float32

//go:noescape
func quotientGradientsAVX2(features, stride int, grads, sums *float32, tiny float32) float32

//go:noescape
func spreadObservedAVX512(rows int, start *int32, list *observation[float32], grads, w *float32, stride, vectors int)

//go:noescape
func spreadObservedAVX2(rows int, start *int32, list *observation[float32], grads, w *float32, stride, vectors int)

// singles is o as float32, for an F that isFloat32 affirms.
func singles[F Float](o *observations[F]) *observations[float32] {
	return (*observations[float32])(unsafe.Pointer(o))
}

func (s path) attendColumns(x, sums, keys []float32, keyRow int, queries []float32) {
	n := len(sums)
	rows, depth := len(x)/n, len(queries)/n
	for j := 0; j < n; j += s.blockLanes() {
		lanes := min(s.blockLanes(), n-j)
		if s == avx512 {
			attendColumnsAVX512(rows, depth, &keys[0], keyRow, &queries[j], n, &x[j], &sums[j], lanes/16, &simdTable)
		} else {
			attendColumnsAVX2(rows, depth, &keys[0], keyRow, &queries[j], n, &x[j], &sums[j], lanes/8, &simdTable)
		}
	}
}

func (s path) softmaxColumns(grads, w, factors []float32) {
	rows := len(w) / len(factors)
	if s == avx512 {
		softmaxColumnsAVX512(rows, len(factors), &grads[0], &w[0], &factors[0])
		return
	}
	softmaxColumnsAVX2(rows, len(factors), &grads[0], &w[0], &factors[0])
}

// blockLanes is how many columns the kernels with vectors take at once.
func (s path) blockLanes() int {
	if s == avx512 {
		return 64
	}
	return 48
}

func (s path) sumObserved(sums, w []float32, o *observations[float32], n int) (least float32) {
	list := unsafe.SliceData(o.byFeature)
	least = 1
	for j := 0; j < n; j += s.blockLanes() {
		lanes := min(s.blockLanes(), n-j)
		if s == avx512 {
			least = min(least, sumObservedAVX512(len(o.feature)-1, &o.feature[0], list, &w[j], &sums[j], n, lanes/16))
		} else {
			least = min(least, sumObservedAVX2(len(o.feature)-1, &o.feature[0], list, &w[j], &sums[j], n, lanes/8))
		}
	}
	return least
}

func (s path) spreadObserved(w, grads []float32, o *observations[float32], n int) {
	list := unsafe.SliceData(o.byRow)
	for j := 0; j < n; j += s.blockLanes() {
		lanes := min(s.blockLanes(), n-j)
		if s == avx512 {
			spreadObservedAVX512(len(o.row)-1, &o.row[0], list, &grads[j], &w[j], n, lanes/16)
		} else {
			spreadObservedAVX2(len(o.row)-1, &o.row[0], list, &grads[j], &w[j], n, lanes/8)
		}
	}
}

func (s path) quotientGradients(grads, sums []float32, n int, tiny float32) float32 {
	features := len(sums) / (2 * n)
	if s == avx512 {
		return quotientGradientsAVX512(features, n, &grads[0], &sums[0], tiny)
	}
	return quotientGradientsAVX2(features, n, &grads[0], &sums[0], tiny)
}

func (path) transpose(dst []float32, dstRow int, src []float32, srcRow, rows, depth int) {
	pack(dst, dstRow, &src[0], srcRow, rows, depth)
}
