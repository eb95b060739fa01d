package kernel

// dropAVX512 and dropAVX2 are dropping.rows for n entries of each row, a positive multiple
// of simdLanes; base may be nil. counters are those of the first 16 entries, before
// scramble; from the last of one row to the first of the next they grow by jump more than
// within a row.

//go:noescape
func dropAVX512(rows, n int, y *float32, yRow int, x *float32, xRow int, base *float32, counters *[simdLanes / 2]uint64, jump uint64, threshold uint32, scale float32)

//go:noescape
func dropAVX2(rows, n int, y *float32, yRow int, x *float32, xRow int, base *float32, counters *[simdLanes / 2]uint64, jump uint64, threshold uint32, scale float32)

// dropRows is dropping.rows where the random numbers of each row begin with a new word.
func (s path) dropRows(d dropping[float32], r dropRows, y, x, base []float32) {
	whole := r.n &^ (simdLanes - 1)
	if whole > 0 {
		s.dropVectors(d, r, whole, y, x, base)
	}
	if whole == r.n {
		return
	}
	for i := range r.rows {
		var rest [simdLanes]float32
		to, from := i*r.yRow+whole, i*r.xRow+whole
		y, x := y[to:to+r.n-whole], x[from:from+r.n-whole]
		copy(rest[:], x)
		s.dropVectors(d, dropRows{rows: 1, first: r.first + i*r.distance + whole}, simdLanes, rest[:], rest[:], nil)
		copy(y, rest[:])
		if base != nil {
			addTo(y, base[to:to+r.n-whole])
		}
	}
}

func (s path) dropVectors(d dropping[float32], r dropRows, n int, y, x, base []float32) {
	var counters [simdLanes / 2]uint64
	for i := range counters {
		counters[i] = d.key + (uint64(r.first/2+i)+1)*goldenGamma
	}
	jump := uint64((r.distance-n)/2) * goldenGamma
	var add *float32
	if base != nil {
		add = &base[0]
	}
	if s == avx512 {
		dropAVX512(r.rows, n, &y[0], r.yRow, &x[0], r.xRow, add, &counters, jump, d.threshold, d.scale)
		return
	}
	dropAVX2(r.rows, n, &y[0], r.yRow, &x[0], r.xRow, add, &counters, jump, d.threshold, d.scale)
}
