package kernel

// topKAVX512 and topKAVX2 turn rows of n logits into gates, for at least one row of 1 to
// simdLanes logits.
//
//go:noescape
func topKAVX512(rows, n, k int, gates, logits *float32, after *[simdLanes][simdLanes]int32, table *[simdRows][simdLanes]float32)

//go:noescape
func topKAVX2(rows, n, k int, gates, logits *float32, after *[simdLanes][simdLanes]int32, table *[simdRows][simdLanes]float32)

// lanesAfter has, for each lane, a 1 in those after it, which an equal logit there
// precedes.
var lanesAfter = func() (after [simdLanes][simdLanes]int32) {
	for i := range after {
		for j := i + 1; j < simdLanes; j++ {
			after[i][j] = 1
		}
	}
	return after
}()

// topK chooses the k largest logits of each row of n, unless a row is longer than a
// vector. It counts for each logit those that precede it, without a branch, which would
// be foreseen as seldom as the choice is.
func (s path) topK(gates, logits []float32, n, k int) (done bool) {
	switch {
	case n > simdLanes:
		return false
	case len(logits) == 0:
	case s == avx512:
		topKAVX512(len(logits)/n, n, k, &gates[0], &logits[0], &lanesAfter, &simdTable)
	default:
		topKAVX2(len(logits)/n, n, k, &gates[0], &logits[0], &lanesAfter, &simdTable)
	}
	return true
}
