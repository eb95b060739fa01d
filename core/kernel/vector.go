package kernel

// total is the sum of x. Four sums run side by side, because one alone would wait
// for each addition to finish.
func total[F Float](x []F) F {
	var a, b, c, d F
	for ; len(x) >= 4; x = x[4:] {
		a += x[0]
		b += x[1]
		c += x[2]
		d += x[3]
	}
	for _, v := range x {
		a += v
	}
	return (a + b) + (c + d)
}

// inner is the inner product of x and y. Its order of summation depends on their
// length alone.
func inner[F Float](x, y []F) F {
	if isFloat32[F]() {
		return F(dotOn(activePath(), single(x), single(y)))
	}
	return plainInner(x, y)
}

// plainInner is inner, summed like total.
func plainInner[F Float](x, y []F) F {
	var a, b, c, d F
	y = y[:len(x)]
	for ; len(x) >= 4 && len(y) >= 4; x, y = x[4:], y[4:] {
		a += x[0] * y[0]
		b += x[1] * y[1]
		c += x[2] * y[2]
		d += x[3] * y[3]
	}
	for i, v := range x {
		a += v * y[i]
	}
	return (a + b) + (c + d)
}

// distance2 is the squared distance of x and y, summed like total.
func distance2[F Float](x, y []F) F {
	var a, b, c, d F
	y = y[:len(x)]
	for ; len(x) >= 4 && len(y) >= 4; x, y = x[4:], y[4:] {
		e, f, g, h := x[0]-y[0], x[1]-y[1], x[2]-y[2], x[3]-y[3]
		a += e * e
		b += f * f
		c += g * g
		d += h * h
	}
	for i, v := range x {
		e := v - y[i]
		a += e * e
	}
	return (a + b) + (c + d)
}

// accumulate computes y += a·x.
func accumulate[F Float](y []F, a F, x []F) {
	if isFloat32[F]() {
		axpyOn(activePath(), single(y), float32(a), single(x))
		return
	}
	plainAccumulate(y, a, x)
}

func plainAccumulate[F Float](y []F, a F, x []F) {
	x = x[:len(y)]
	for i := range y {
		y[i] += a * x[i]
	}
}
