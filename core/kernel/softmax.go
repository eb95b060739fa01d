package kernel

// softmaxRows replaces each row of n values, n at least 1, by the softmax of
// scale·row, for a scale above 0.
func softmaxRows[F Float](x []F, n int, scale F) {
	if isFloat32[F]() {
		softmaxRowsOn(activePath(), single(x), n, float32(scale))
		return
	}
	plainSoftmaxRows(x, n, scale)
}

func softmaxRowsOn(s path, x []float32, n int, scale float32) {
	if s != generic {
		s.softmaxRows(x, n, scale)
		return
	}
	plainSoftmaxRows(x, n, scale)
}

func plainSoftmaxRows[F Float](x []F, n int, scale F) {
	for ; len(x) > 0; x = x[n:] {
		row := x[:n]
		// Scaled first: where multiplication and subtraction are one instruction, the largest
		// would not be 0 less itself.
		scaleBy(row, scale)
		largest := maximum(row)
		var sum F
		for i, v := range row {
			row[i] = exp(v - largest)
			sum += row[i]
		}
		scaleBy(row, 1/sum)
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
