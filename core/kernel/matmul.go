package kernel

// Product says how the operands of a matrix product are stored.
type Product uint8

// The three products that a layer and its backward pass need.
const (
	NN Product = iota // A is m×k, B is k×n
	NT                // A is m×k, B is n×k and used transposed
	TN                // A is k×m and used transposed, B is k×n
)

// MatMul computes C = A·B, or C += A·B when accumulate is set, for C of m×n and an
// inner length of k. lda, ldb and ldc are the row strides of A, B and C as stored.
//
// Each element of C is summed over k in ascending order whatever m and n are, so
// that a row of C does not depend on which other rows are computed beside it.
func MatMul[F Float](p *Pool, kind Product, m, n, k int, a []F, lda int, b []F, ldb int, c []F, ldc int, accumulate bool) {
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
					row[j] += dot(x, b[j*ldb:j*ldb+k])
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
		y[i] += a * x[i]
	}
}

// dot is the inner product of x and y, summed in ascending order.
func dot[F Float](x, y []F) (s F) {
	y = y[:len(x)]
	for i := range x {
		s += x[i] * y[i]
	}
	return s
}
