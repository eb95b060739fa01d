package kernel

// sharedWeights are a transposed B that several products of one loop share, packed
// once for all of them. They know nothing of a change of the weights: take comes again
// before the next loop.
type sharedWeights[F Float] struct {
	path   path
	b      []F // [n, k]
	n, k   int
	ready  bool // to be read from packed
	packed []float32
}

// take packs b [n, k] for the given number of products in the instructions of s. A
// single product packs it itself, part by part, and finds the parts nearer.
func (w *sharedWeights[F]) take(s path, products int, b []F, n, k int) {
	w.path, w.b, w.n, w.k = s, b[:n*k], n, k
	w.ready = isFloat32[F]() && s != generic && len(w.b) > 0 && products > 1
	if w.ready {
		w.packed = s.packTransposed(w.packed, single(b), n, k)
	}
}

// multiply computes C = A·Bᵀ for A [m, k] and C [m, n], to the bits of MatMul.
func (w *sharedWeights[F]) multiply(c, a []F, m int) {
	if m == 0 || w.n == 0 {
		return
	}
	if w.ready {
		w.path.multiplyPacked(single(c[:m*w.n]), single(a[:m*w.k]), w.packed, m, w.n, w.k)
		return
	}
	matMulOn(w.path, nil, NT, m, w.n, w.k, a, w.k, w.b, w.k, c, w.n, false)
}
