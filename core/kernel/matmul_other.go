//go:build !amd64

package kernel

// matMulTiled is never reached: paths offers nothing but plain Go here.
func matMulTiled(
	_ path, p *Pool, kind Product, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, accumulate bool,
) {
	matMulGeneric(p, kind, m, n, k, a, lda, b, ldb, c, ldc, accumulate)
}

func (path) packTransposed(_, _ []float32, _, _ int) []float32 { panic(errNoVectors) }
func (path) multiplyPacked(_, _, _ []float32, _, _, _ int)     { panic(errNoVectors) }
