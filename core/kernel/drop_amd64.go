package kernel

// dropAVX512 and dropAVX2 are drop for n values, a positive multiple of simdLanes.
// counters are those of the first 16 values, before scramble.

//go:noescape
func dropAVX512(n int, y, x *float32, counters *[simdLanes / 2]uint64, threshold uint32, scale float32)

//go:noescape
func dropAVX2(n int, y, x *float32, counters *[simdLanes / 2]uint64, threshold uint32, scale float32)

func (s path) dropVectors(n int, y, x *float32, key uint64, first int, threshold uint32, scale float32) {
	var counters [simdLanes / 2]uint64
	for i := range counters {
		counters[i] = key + (uint64(first/2+i)+1)*goldenGamma
	}
	if s == avx512 {
		dropAVX512(n, y, x, &counters, threshold, scale)
		return
	}
	dropAVX2(n, y, x, &counters, threshold, scale)
}

func (s path) drop(y, x []float32, key uint64, first int, threshold uint32, scale float32) {
	whole := len(x) &^ (simdLanes - 1)
	if whole > 0 {
		s.dropVectors(whole, &y[0], &x[0], key, first, threshold, scale)
	}
	if whole < len(x) {
		var rest [simdLanes]float32
		copy(rest[:], x[whole:])
		s.dropVectors(simdLanes, &rest[0], &rest[0], key, first+whole, threshold, scale)
		copy(y[whole:], rest[:])
	}
}
