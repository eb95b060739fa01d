// Package kernel holds the numbers of the model: plain loops and fast paths over
// []float32 and []float64, each with its backward pass. It knows nothing of
// graphs, tensors or data sets.
//
// Every kernel is a small struct that carries its shape and its scratch memory:
//
//	ln := kernel.LayerNorm[float32]{Rows: 96, Width: 64}
//	ln.Forward(pool, y, x, gamma, beta)
//	ln.Backward(pool, dx, dgamma, dbeta, dy, x, gamma)
//
// Matrices are contiguous and row-major. A backward pass overwrites what it
// returns; a nil gradient slice means that nobody wants it. Shapes that do not fit
// are bugs: kernels panic with a constant of this package, which package core
// recovers at its edge.
//
// A result depends neither on the number of workers of the pool nor, row by row,
// on the other rows of the batch: the same sample gives the same bits alone and in
// any company.
package kernel
