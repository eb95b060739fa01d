package kernel

import "math"

// The kernels of layer normalisation take one row of n values, a positive multiple of
// simdLanes, its mean and one over its deviation.

// moments is the mean and the sum of the squared distances from it; inverse is 1/n.
//
//go:noescape
func momentsAVX512(n int, x *float32, inverse float32) (mean, squares float32)

//go:noescape
func momentsAVX2(n int, x *float32, inverse float32) (mean, squares float32)

// normalise sets y to gamma·(x-mean)·scale + beta.
//
//go:noescape
func normaliseAVX512(n int, y, x, gamma, beta *float32, mean, scale float32)

//go:noescape
func normaliseAVX2(n int, y, x, gamma, beta *float32, mean, scale float32)

// normSums adds the row to dgamma and dbeta and sums gamma·dy, along the normalised row and
// alone.
//
//go:noescape
func normSumsAVX512(n int, dgamma, dbeta, dy, x, gamma *float32, mean, scale float32) (along, sum float32)

//go:noescape
func normSumsAVX2(n int, dgamma, dbeta, dy, x, gamma *float32, mean, scale float32) (along, sum float32)

// normGradient sets dx to scale·(gamma·dy - sum - along·(x-mean)·scale).
//
//go:noescape
func normGradientAVX512(n int, dx, dy, x, gamma *float32, mean, scale, along, sum float32)

//go:noescape
func normGradientAVX2(n int, dx, dy, x, gamma *float32, mean, scale, along, sum float32)

// forwardRow is the forward pass of one row.
func (s path) forwardRow(y, x, gamma, beta []float32, eps float64) {
	mean, scale := s.moments(x, eps)
	if s == avx512 {
		normaliseAVX512(len(x), &y[0], &x[0], &gamma[0], &beta[0], mean, scale)
		return
	}
	normaliseAVX2(len(x), &y[0], &x[0], &gamma[0], &beta[0], mean, scale)
}

// backwardRow is the backward pass of one row, which it adds to dgamma and dbeta; dx
// may be nil.
func (s path) backwardRow(dx, dgamma, dbeta, dy, x, gamma []float32, eps float64) {
	mean, scale := s.moments(x, eps)
	n, inverse := len(x), 1/float32(len(x))
	var along, sum float32
	if s == avx512 {
		along, sum = normSumsAVX512(n, &dgamma[0], &dbeta[0], &dy[0], &x[0], &gamma[0], mean, scale)
	} else {
		along, sum = normSumsAVX2(n, &dgamma[0], &dbeta[0], &dy[0], &x[0], &gamma[0], mean, scale)
	}
	switch {
	case dx == nil:
	case s == avx512:
		normGradientAVX512(n, &dx[0], &dy[0], &x[0], &gamma[0], mean, scale, along*inverse, sum*inverse)
	default:
		normGradientAVX2(n, &dx[0], &dy[0], &x[0], &gamma[0], mean, scale, along*inverse, sum*inverse)
	}
}

// moments is the mean of a row and one over its standard deviation.
func (s path) moments(x []float32, eps float64) (mean, scale float32) {
	var squares float32
	if s == avx512 {
		mean, squares = momentsAVX512(len(x), &x[0], 1/float32(len(x)))
	} else {
		mean, squares = momentsAVX2(len(x), &x[0], 1/float32(len(x)))
	}
	return mean, float32(1 / math.Sqrt(float64(squares)/float64(len(x))+eps))
}
