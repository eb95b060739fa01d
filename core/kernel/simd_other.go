//go:build !amd64

package kernel

// Never reached: paths offers nothing but plain Go here.

func (path) exp(dst, src []float32, shift float32) { expOn(generic, dst, src, shift) }

func (path) softmaxRows(x []float32, n int, scale float32) {
	plainSoftmaxRows(x, n, scale)
}

func (path) dropRows(_ dropping[float32], _ dropRows, _, _, _ []float32) { panic(errNoVectors) }

func (path) adamW(param, grad, first, second []float32, f *adamWFactors[float32]) {
	plainAdamW(param, grad, first, second, f)
}

func (path) gelu(dst, src []float32)                  { plainGELU(dst, src) }
func (path) geluSlopes(values, slopes, src []float32) { plainGELUSlopes(values, slopes, src) }
func (path) axpy(y []float32, a float32, x []float32) { plainAccumulate(y, a, x) }
func (path) dot(x, y []float32) float32               { return plainInner(x, y) }

func (path) sines(_, _, _, _, _ []float32) int      { return 0 }
func (path) slopes(_, _, _, _, _ []float32) int     { return 0 }
func (path) weigh(_, _, _ []float32, _ float32) int { return 0 }
func (path) scale([]float32, float32) int           { return 0 }

func (path) relu(_, _ []float32) int                          { return 0 }
func (path) reluGradient(_, _, _ []float32) int               { return 0 }
func (path) blend(_, _, _, _ []float32) int                   { return 0 }
func (path) blendGradients(_, _, _, _, _, _, _ []float32) int { return 0 }
func (path) assemble(_, _, _, _ []float32, _ float32) int     { return 0 }
func (path) sumRows(_, _ []float32) int                       { return 0 }

func (path) weighCells(_, _, _ []float32, _ []int32) bool             { return false }
func (path) cellGradients(_, _, _, _, _, _ []float32, _ []int32) bool { return false }

func singles[F Float](*observations[F]) *observations[float32] { panic(errNoVectors) }

func (path) attendColumns(_, _, _ []float32, _ int, _ []float32) { panic(errNoVectors) }

func (path) softmaxColumns(_, _, _ []float32) { panic(errNoVectors) }

func (path) sumObserved(_, _ []float32, _ *observations[float32], _ int) float32 { panic(errNoVectors) }

func (path) spreadObserved(_, _ []float32, _ *observations[float32], _ int) { panic(errNoVectors) }

func (path) quotientGradients(_, _ []float32, _ int, _ float32) float32 { panic(errNoVectors) }

func (path) transpose(_ []float32, _ int, _ []float32, _, _, _ int) { panic(errNoVectors) }

func (path) topK(_, _ []float32, _, _ int) bool { return false }

func (path) multiplyAdds(rounds int) int { return multiplyAddsOn(generic, rounds) }

func (path) geluGradient(_, _, _ []float32)               { panic(errNoVectors) }
func (path) normalise(_, _, _, _, _ []float32, _ float64) { panic(errNoVectors) }
func (path) normGradients(_, _, _, _, _, _, _ []float32)  { panic(errNoVectors) }

const errNoVectors = "kernel: no vector path on this machine"
