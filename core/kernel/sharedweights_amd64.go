package kernel

// packTransposed packs all of a transposed B [n, k], which is not empty, into dst,
// which it grows.
func (s path) packTransposed(dst, b []float32, n, k int) []float32 {
	t := tiledProducts.get()
	t.tileCols, t.b, t.ldb = s.maxTileCols(), &b[0], k
	dst = grow(dst, ceilDiv(n, t.tileCols)*t.tileCols*k)
	depth := partDepth(k)
	for t.j0 = 0; t.j0 < n; t.j0 += blockWidth {
		t.width = min(blockWidth, n-t.j0)
		strips := ceilDiv(t.width, t.tileCols)
		for t.k0 = 0; t.k0 < k; t.k0 += depth {
			t.depth = min(depth, k-t.k0)
			t.strips = dst[t.packedAt(strips, k):]
			t.packStripsOf(0, strips)
		}
	}
	t.free()
	return dst
}

// multiplyPacked computes C [m, n] = A·Bᵀ for A [m, k], neither empty, from what
// packTransposed returned for B.
func (s path) multiplyPacked(c, a, packed []float32, m, n, k int) {
	t := tiledProducts.get()
	t.use(s, NT, m, n, a, k, c, n)
	t.strips, t.packB = packed, true
	t.run(nil, k, nil, 0)
	t.free()
}
