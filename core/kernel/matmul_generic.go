package kernel

const (
	// genericRows is how many rows of C one worker takes at a time: enough work to
	// outweigh the hand-over even for narrow matrices.
	genericRows = 16
	// genericDepth bounds the part of k at hand, so that a copy of two rows of A or
	// four columns of B fits on the stack and in the first-level cache.
	genericDepth = 256
)

// matMulGeneric is MatMul in plain Go: tiles of two rows and four columns, which is
// what the registers of common machines hold. The products are converted to F before
// they are added, which forbids the compiler to fuse the two: every machine gives
// the same bits, and so do tiles and edges.
func matMulGeneric[F Float](
	p *Pool, kind Product, m, n, k int, a []F, lda int, b []F, ldb int, c []F, ldc int, accumulate bool,
) {
	if p.Workers() == 1 || m <= genericRows { // without a closure, which would be allocated
		genericBlock(0, m, kind, n, k, a, lda, b, ldb, c, ldc, accumulate)
		return
	}
	p.For(m, genericRows, func(lo, hi int) {
		genericBlock(lo, hi, kind, n, k, a, lda, b, ldb, c, ldc, accumulate)
	})
}

// genericBlock computes the rows lo to hi of C.
func genericBlock[F Float](
	lo, hi int, kind Product, n, k int, a []F, lda int, b []F, ldb int, c []F, ldc int, accumulate bool,
) {
	if !accumulate {
		for i := lo; i < hi; i++ {
			clear(c[i*ldc : i*ldc+n])
		}
	}
	for k0 := 0; k0 < k; k0 += genericDepth {
		depth := min(genericDepth, k-k0)
		switch kind {
		case NN:
			for i := lo; i < hi; i += 2 {
				multiplyRows(min(2, hi-i), n, depth, a[i*lda+k0:], lda, b[k0*ldb:], ldb, c[i*ldc:], ldc)
			}
		case TN:
			var rows [2 * genericDepth]F
			for i := lo; i < hi; i += 2 {
				count := min(2, hi-i)
				for q := range depth {
					for r := range count {
						rows[r*genericDepth+q] = a[(k0+q)*lda+i+r]
					}
				}
				multiplyRows(count, n, depth, rows[:], genericDepth, b[k0*ldb:], ldb, c[i*ldc:], ldc)
			}
		case NT:
			var columns [4 * genericDepth]F
			for j := 0; j < n; j += 4 {
				count := min(4, n-j)
				for r := range count {
					for q, v := range b[(j+r)*ldb+k0:][:depth] {
						columns[4*q+r] = v
					}
				}
				for i := lo; i < hi; i += 2 {
					multiplyRows(min(2, hi-i), count, depth, a[i*lda+k0:], lda, columns[:], 4, c[i*ldc+j:], ldc)
				}
			}
		}
	}
}

// multiplyRows adds the product of one or two rows of A and a B of n columns to as
// many rows of C.
//
//nolint:unconvert // the conversions round, see matMulGeneric
func multiplyRows[F Float](rows, n, k int, a []F, lda int, b []F, ldb int, c []F, ldc int) {
	whole := 0
	if rows == 2 {
		a0, a1, c0, c1 := a[:k], a[lda:][:k], c[:n], c[ldc:][:n]
		for ; whole+4 <= n; whole += 4 {
			multiplyTile(a0, a1, b[whole:], ldb, c0[whole:], c1[whole:])
		}
	}
	for i := range rows {
		x, y := a[i*lda:][:k], c[i*ldc:][:n]
		for j := whole; j < n; j++ {
			s := y[j]
			for q, v := range x {
				s += F(v * b[q*ldb+j])
			}
			y[j] = s
		}
	}
}

// multiplyTile adds a product of two rows and four columns to C.
//
//nolint:unconvert // the conversions round, see matMulGeneric
func multiplyTile[F Float](a0, a1, b []F, ldb int, c0, c1 []F) {
	a1, c0, c1 = a1[:len(a0)], c0[:4], c1[:4]
	c00, c01, c02, c03 := c0[0], c0[1], c0[2], c0[3]
	c10, c11, c12, c13 := c1[0], c1[1], c1[2], c1[3]
	for q, x := range a0 {
		y, row := a1[q], b[q*ldb:][:4]
		b0, b1, b2, b3 := row[0], row[1], row[2], row[3]
		c00 += F(x * b0)
		c01 += F(x * b1)
		c02 += F(x * b2)
		c03 += F(x * b3)
		c10 += F(y * b0)
		c11 += F(y * b1)
		c12 += F(y * b2)
		c13 += F(y * b3)
	}
	c0[0], c0[1], c0[2], c0[3] = c00, c01, c02, c03
	c1[0], c1[1], c1[2], c1[3] = c10, c11, c12, c13
}
