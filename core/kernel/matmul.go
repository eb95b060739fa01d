package kernel

// Product says how the operands of a matrix product are stored.
type Product uint8

// The three products that a layer and its backward pass need.
const (
	NN Product = iota // A is m×k, B is k×n
	NT                // A is m×k, B is n×k and used transposed
	TN                // A is k×m and used transposed, B is k×n
)

// parallelWork multiply-adds take some microseconds; below that a worker comes too late.
const parallelWork = 1 << 18

const errMatMul = "kernel: MatMul: operands are too short for their sizes and strides"

// MatMul computes C = A·B, or C += A·B when accumulate is set, for C of m×n and an
// inner length of k. lda, ldb and ldc are the row strides of A, B and C as stored.
// C must not overlap A or B.
//
// Each element of C is summed over k in ascending order, from 0 or from what C
// holds, whatever m and n are, so that a row of C does not depend on which other
// rows are computed beside it. The fast paths round once for each multiply-add and
// agree with each other to the last bit; plain Go rounds twice.
func MatMul[F Float](p *Pool, kind Product, m, n, k int, a []F, lda int, b []F, ldb int, c []F, ldc int, accumulate bool) {
	aRows, aCols, bRows, bCols := m, k, k, n
	switch kind {
	case NT:
		bRows, bCols = n, k
	case TN:
		aRows, aCols = k, m
	}
	if !holds(a, aRows, aCols, lda) || !holds(b, bRows, bCols, ldb) || !holds(c, m, n, ldc) {
		panic(errMatMul)
	}
	matMulOn(activePath(), p, kind, m, n, k, a, lda, b, ldb, c, ldc, accumulate)
}

// matMulOn is MatMul on a given path, for operands that fit.
func matMulOn[F Float](
	s path, p *Pool, kind Product, m, n, k int, a []F, lda int, b []F, ldb int, c []F, ldc int, accumulate bool,
) {
	var from []F
	if accumulate {
		from = c
	}
	matMulFrom(s, p, kind, m, n, k, a, lda, b, ldb, c, ldc, from, ldc)
}

// matMulFrom computes C = from + A·B, to the bits of a C filled with from to which the
// product is added. from is C itself, n numbers for every row with a stride of 0, or nil
// for zeros.
func matMulFrom[F Float](
	s path, p *Pool, kind Product, m, n, k int, a []F, lda int, b []F, ldb int, c []F, ldc int, from []F, fromRow int,
) {
	if m == 0 || n == 0 {
		return
	}
	if s != generic && k > 0 {
		if a, ok := any(a).([]float32); ok {
			matMulTiled(s, p, kind, m, n, k, a, lda, any(b).([]float32), ldb, any(c).([]float32), ldc, single(from), fromRow)
			return
		}
	}
	if from != nil && fromRow == 0 {
		for i := range m {
			copy(c[i*ldc:][:n], from)
		}
	}
	matMulGeneric(p, kind, m, n, k, a, lda, b, ldb, c, ldc, from != nil)
}

// holds tells whether a rows×cols matrix of the given row stride fits into x.
func holds[F Float](x []F, rows, cols, stride int) bool {
	if rows < 0 || cols < 0 || stride < cols {
		return false
	}
	return rows == 0 || cols == 0 || len(x) >= (rows-1)*stride+cols
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
