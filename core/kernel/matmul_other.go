//go:build !amd64

package kernel

// matMulTiled is never reached: paths offers nothing but plain Go here.
func matMulTiled(
	_ path, _ *Pool, _ Product, _, _, _ int, _ []float32, _ int, _ []float32, _ int, _ []float32, _ int, _ []float32, _ int,
) {
	panic(errNoVectors)
}

func (path) packTransposed(_, _ []float32, _, _ int) []float32 { panic(errNoVectors) }
func (path) multiplyPacked(_, _, _ []float32, _, _, _ int)     { panic(errNoVectors) }
