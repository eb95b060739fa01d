package kernel

// matMulGeneric is MatMul in plain Go.
func matMulGeneric[F Float](
	p *Pool, kind Product, m, n, k int, a []F, lda int, b []F, ldb int, c []F, ldc int, accumulate bool,
) {
	p.For(m, matMulRows, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := c[i*ldc : i*ldc+n]
			if !accumulate {
				clear(row)
			}
			switch kind {
			case NN:
				for q := range k {
					axpy(row, a[i*lda+q], b[q*ldb:q*ldb+n])
				}
			case TN:
				for q := range k {
					axpy(row, a[q*lda+i], b[q*ldb:q*ldb+n])
				}
			case NT:
				x := a[i*lda : i*lda+k]
				for j := range row {
					row[j] = dot(row[j], x, b[j*ldb:j*ldb+k])
				}
			}
		}
	})
}

// matMulRows is how many rows of C one worker takes at a time: enough work to
// outweigh the hand-over even for narrow matrices.
const matMulRows = 16

// axpy computes y += a·x.
func axpy[F Float](y []F, a F, x []F) {
	x = x[:len(y)]
	for i := range y {
		y[i] += F(a * x[i])
	}
}

// dot adds the products of x and y to s in ascending order.
func dot[F Float](s F, x, y []F) F {
	y = y[:len(x)]
	for i := range x {
		s += F(x[i] * y[i])
	}
	return s
}
