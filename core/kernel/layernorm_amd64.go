package kernel

// The kernels of layer normalisation take rows of n values, a positive multiple of
// simdLanes, that follow one another.

//go:noescape
func normaliseAVX512(rows, n int, y, moments, x, gamma, beta *float32, eps float64)

//go:noescape
func normaliseAVX2(rows, n int, y, moments, x, gamma, beta *float32, eps float64)

//go:noescape
func normGradientsAVX512(rows, n int, dx, dgamma, dbeta, dy, x, moments, gamma *float32)

//go:noescape
func normGradientsAVX2(rows, n int, dx, dgamma, dbeta, dy, x, moments, gamma *float32)

// normalise is the forward pass of the rows of x, all with the same gamma and beta. It
// leaves mean and one over the deviation of each row in moments.
func (s path) normalise(y, moments, x, gamma, beta []float32, eps float64) {
	n := len(gamma)
	if s == avx512 {
		normaliseAVX512(len(x)/n, n, &y[0], &moments[0], &x[0], &gamma[0], &beta[0], eps)
		return
	}
	normaliseAVX2(len(x)/n, n, &y[0], &moments[0], &x[0], &gamma[0], &beta[0], eps)
}

// normGradients is the backward pass of the rows of x, which it adds to dgamma and dbeta;
// dx may be nil.
func (s path) normGradients(dx, dgamma, dbeta, dy, x, moments, gamma []float32) {
	n := len(gamma)
	var to *float32
	if dx != nil {
		to = &dx[0]
	}
	if s == avx512 {
		normGradientsAVX512(len(x)/n, n, to, &dgamma[0], &dbeta[0], &dy[0], &x[0], &moments[0], &gamma[0])
		return
	}
	normGradientsAVX2(len(x)/n, n, to, &dgamma[0], &dbeta[0], &dy[0], &x[0], &moments[0], &gamma[0])
}
