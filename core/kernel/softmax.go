package kernel

// softmaxRows replaces each row of n values, n at least 1, by the softmax of
// scale·row, for a scale above 0.
func softmaxRows[F Float](x []F, n int, scale F) {
	expRows(x, n, scale, true)
}

// expMinusMaximum replaces each row of n values by exp(x - m), m being the row's
// largest value.
func expMinusMaximum[F Float](x []F, n int) {
	expRows(x, n, 1, false)
}

func expRows[F Float](x []F, n int, scale F, divide bool) {
	if isFloat32[F]() {
		expRowsOn(activePath(), single(x), n, float32(scale), divide)
		return
	}
	plainExpRows(x, n, scale, divide)
}

func expRowsOn(s path, x []float32, n int, scale float32, divide bool) {
	if s != generic {
		s.softmaxRows(x, n, scale, divide)
		return
	}
	plainExpRows(x, n, scale, divide)
}

func plainExpRows[F Float](x []F, n int, scale F, divide bool) {
	for ; len(x) > 0; x = x[n:] {
		row := x[:n]
		shift := scale * maximum(row)
		var sum F
		for i, v := range row {
			row[i] = exp(scale*v - shift)
			sum += row[i]
		}
		if divide {
			scaleBy(row, 1/sum)
		}
	}
}

// maximum is the largest of the values, of which there is at least one, the first
// where it is NaN.
func maximum[F Float](x []F) F {
	largest := x[0]
	for _, v := range x {
		if v > largest {
			largest = v
		}
	}
	return largest
}
