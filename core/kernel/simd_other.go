//go:build !amd64

package kernel

// Never reached: paths offers nothing but plain Go here.

func (path) exp(dst, src []float32, shift float32) { expOn(generic, dst, src, shift) }

func (path) softmaxRows(x []float32, n int, scale float32, divide bool) {
	plainExpRows(x, n, scale, divide)
}

func (path) drop(y, x []float32, key uint64, first int, threshold uint32, scale float32) {
	plainDrop(y, x, key, first, threshold, scale)
}

func (path) gelu(dst, src []float32)                  { plainGELU(dst, src) }
func (path) geluSlopes(values, slopes, src []float32) { plainGELUSlopes(values, slopes, src) }
func (path) axpy(y []float32, a float32, x []float32) { plainAccumulate(y, a, x) }
func (path) dot(x, y []float32) float32               { return plainInner(x, y) }

func (path) multiplyAdds(rounds int) int { return multiplyAddsOn(generic, rounds) }
