package kernel

// The kernels that read and write each entry once take n entries, a positive multiple of
// simdLanes; assemble and sumRows that many of each row.

//go:noescape
func reluAVX512(n int, y, x *float32)

//go:noescape
func reluAVX2(n int, y, x *float32)

//go:noescape
func reluGradientAVX512(n int, dx, dy, x *float32)

//go:noescape
func reluGradientAVX2(n int, dx, dy, x *float32)

//go:noescape
func geluGradientAVX512(n int, dx, dy, x *float32, table *[simdRows][simdLanes]float32)

//go:noescape
func geluGradientAVX2(n int, dx, dy, x *float32, table *[simdRows][simdLanes]float32)

//go:noescape
func blendAVX512(n int, y, a, b, z *float32, table *[simdRows][simdLanes]float32)

//go:noescape
func blendAVX2(n int, y, a, b, z *float32, table *[simdRows][simdLanes]float32)

//go:noescape
func blendGradientsAVX512(n int, da, db, dz, dy, a, b, z *float32, table *[simdRows][simdLanes]float32)

//go:noescape
func blendGradientsAVX2(n int, da, db, dz, dy, a, b, z *float32, table *[simdRows][simdLanes]float32)

//go:noescape
func assembleAVX512(rows, n int, y, x, kind, position *float32, factor float32)

//go:noescape
func assembleAVX2(rows, n int, y, x, kind, position *float32, factor float32)

//go:noescape
func sumRowsAVX512(rows, n int, sums, x *float32, stride int)

//go:noescape
func sumRowsAVX2(rows, n int, sums, x *float32, stride int)

// These leave what does not fill a vector to the caller and return where it begins.

func (s path) relu(y, x []float32) (done int) {
	done = len(x) &^ (simdLanes - 1)
	switch {
	case done == 0:
	case s == avx512:
		reluAVX512(done, &y[0], &x[0])
	default:
		reluAVX2(done, &y[0], &x[0])
	}
	return done
}

func (s path) reluGradient(dx, dy, x []float32) (done int) {
	done = len(x) &^ (simdLanes - 1)
	switch {
	case done == 0:
	case s == avx512:
		reluGradientAVX512(done, &dx[0], &dy[0], &x[0])
	default:
		reluGradientAVX2(done, &dx[0], &dy[0], &x[0])
	}
	return done
}

func (s path) blend(y, a, b, z []float32) (done int) {
	done = len(z) &^ (simdLanes - 1)
	switch {
	case done == 0:
	case s == avx512:
		blendAVX512(done, &y[0], &a[0], &b[0], &z[0], &simdTable)
	default:
		blendAVX2(done, &y[0], &a[0], &b[0], &z[0], &simdTable)
	}
	return done
}

func (s path) blendGradients(da, db, dz, dy, a, b, z []float32) (done int) {
	done = len(z) &^ (simdLanes - 1)
	switch {
	case done == 0:
	case s == avx512:
		blendGradientsAVX512(done, &da[0], &db[0], &dz[0], &dy[0], &a[0], &b[0], &z[0], &simdTable)
	default:
		blendGradientsAVX2(done, &da[0], &db[0], &dz[0], &dy[0], &a[0], &b[0], &z[0], &simdTable)
	}
	return done
}

// assemble does rows of whole vectors, or none.
func (s path) assemble(y, x, kind, position []float32, factor float32) (done int) {
	n := len(kind)
	switch {
	case len(x) == 0 || n%simdLanes != 0:
		return 0
	case s == avx512:
		assembleAVX512(len(x)/n, n, &y[0], &x[0], &kind[0], &position[0], factor)
	default:
		assembleAVX2(len(x)/n, n, &y[0], &x[0], &kind[0], &position[0], factor)
	}
	return len(x)
}

// sumRows adds the first columns of all rows of x.
func (s path) sumRows(sums, x []float32) (done int) {
	n := len(sums)
	done = n &^ (simdLanes - 1)
	switch {
	case done == 0 || len(x) == 0:
	case s == avx512:
		sumRowsAVX512(len(x)/n, done, &sums[0], &x[0], n)
	default:
		sumRowsAVX2(len(x)/n, done, &sums[0], &x[0], n)
	}
	return done
}

// geluGradient puts what does not fill a vector into one.
func (s path) geluGradient(dx, dy, x []float32) {
	whole := len(x) &^ (simdLanes - 1)
	if whole > 0 {
		s.geluGradientVectors(whole, &dx[0], &dy[0], &x[0])
	}
	if whole < len(x) {
		var rest, restGradient [simdLanes]float32
		copy(rest[:], x[whole:])
		copy(restGradient[:], dy[whole:])
		s.geluGradientVectors(simdLanes, &restGradient[0], &restGradient[0], &rest[0])
		copy(dx[whole:], restGradient[:])
	}
}

func (s path) geluGradientVectors(n int, dx, dy, x *float32) {
	if s == avx512 {
		geluGradientAVX512(n, dx, dy, x, &simdTable)
		return
	}
	geluGradientAVX2(n, dx, dy, x, &simdTable)
}
