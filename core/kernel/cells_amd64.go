package kernel

// These take at least one cell, each of at least one pair, and rows of n values, a positive
// multiple of simdLanes.

//go:noescape
func weighCellsAVX512(cells, n int, hidden, before, gates *float32, begin *int32, table *[simdRows][simdLanes]float32)

//go:noescape
func weighCellsAVX2(cells, n int, hidden, before, gates *float32, begin *int32, table *[simdRows][simdLanes]float32)

//go:noescape
func cellGradientsAVX512(cells, n int, dbefore, sums, along, dhidden, before, gates *float32, begin *int32, table *[simdRows][simdLanes]float32)

//go:noescape
func cellGradientsAVX2(cells, n int, dbefore, sums, along, dhidden, before, gates *float32, begin *int32, table *[simdRows][simdLanes]float32)

// weighCells does rows of whole vectors, or none, and so does cellGradients.
func (s path) weighCells(hidden, before, gates []float32, begin []int32) (done bool) {
	cells := len(begin) - 1
	n := len(hidden) / cells
	switch {
	case n == 0 || n%simdLanes != 0:
		return false
	case s == avx512:
		weighCellsAVX512(cells, n, &hidden[0], &before[0], &gates[0], &begin[0], &simdTable)
	default:
		weighCellsAVX2(cells, n, &hidden[0], &before[0], &gates[0], &begin[0], &simdTable)
	}
	return true
}

func (s path) cellGradients(dbefore, sums, along, dhidden, before, gates []float32, begin []int32) (done bool) {
	cells, n := len(begin)-1, len(sums)
	switch {
	case n == 0 || n%simdLanes != 0:
		return false
	case s == avx512:
		cellGradientsAVX512(cells, n, &dbefore[0], &sums[0], &along[0], &dhidden[0], &before[0], &gates[0], &begin[0], &simdTable)
	default:
		cellGradientsAVX2(cells, n, &dbefore[0], &sums[0], &along[0], &dhidden[0], &before[0], &gates[0], &begin[0], &simdTable)
	}
	return true
}
