package kernel

// adamWAVX512 and adamWAVX2 are plainAdamW for n values, a positive multiple of
// simdLanes.

//go:noescape
func adamWAVX512(n int, param, grad, first, second *float32, f *adamWFactors[float32])

//go:noescape
func adamWAVX2(n int, param, grad, first, second *float32, f *adamWFactors[float32])

func (s path) adamWVectors(n int, param, grad, first, second *float32, f *adamWFactors[float32]) {
	if s == avx512 {
		adamWAVX512(n, param, grad, first, second, f)
		return
	}
	adamWAVX2(n, param, grad, first, second, f)
}

func (s path) adamW(param, grad, first, second []float32, f *adamWFactors[float32]) {
	whole := len(param) &^ (simdLanes - 1)
	if whole > 0 {
		s.adamWVectors(whole, &param[0], &grad[0], &first[0], &second[0], f)
	}
	if whole == len(param) {
		return
	}
	var rest [4][simdLanes]float32
	for i, x := range [4][]float32{param, grad, first, second} {
		copy(rest[i][:], x[whole:])
	}
	s.adamWVectors(simdLanes, &rest[0][0], &rest[1][0], &rest[2][0], &rest[3][0], f)
	copy(param[whole:], rest[0][:])
	copy(first[whole:], rest[2][:])
	copy(second[whole:], rest[3][:])
}
