//go:build gpu

package cuda

import "gorgonia.org/cu"

// pairs are values of the pairs of row and expert that an expert pass works on, sorted by
// expert, as float32 or bf16.
type pairs struct {
	Array
	width int
	half  bool
}

// newPairs is room for n rows of that width.
func (d *Device) newPairs(n, width int, half bool) pairs {
	size := n * width
	if half {
		size = (size + 1) / 2
	}
	return pairs{Array: d.New(size), width: width, half: half}
}

// rows is the matrix of the rows from lo on.
func (p pairs) rows(lo int) matrix {
	bytes := 4 * lo * p.width
	if p.half {
		bytes /= 2
	}
	return matrix{address: p.address + cu.DevicePtr(bytes), stride: p.width, half: p.half}
}

// kernel is the name of a kernel for the type of the values.
func (p pairs) kernel(name string) string {
	if p.half {
		return name + "_half"
	}
	return name + "_float"
}

// warps is how many blocks have a warp for each of n rows: LANES threads, as in
// kernels/half.cuh.
func warps(n int) int {
	const perBlock = block / 32
	return (n + perBlock - 1) / perBlock
}

// routes are the pairs of row and expert that have a gate.
type routes struct {
	rows, experts int
	// first is each expert's first pair and, last, the number of pairs, here and on the
	// device.
	first  []int32
	firsts Array
	// row and expert are those of each pair, pair that of each gate [rows, experts].
	row, expert, pair Array
}

// newRoutes sorts the pairs by expert, and waits to learn how many each has: the host asks
// for one product an expert.
func (d *Device) newRoutes(gates Array, rows, experts int) *routes {
	chunks := blocks(rows)
	counts := d.New(experts * chunks)
	defer d.Free(counts)
	r := &routes{rows: rows, experts: experts, first: make([]int32, experts+1), firsts: d.New(experts + 1)}
	d.launch("count_pairs", chunks, 1, counts, gates, rows, experts)
	d.launch("start_pairs", 1, 1, r.firsts, counts, experts, chunks)
	if store(d, r.first, r.firsts) != nil {
		return r // Wait tells
	}
	r.row, r.expert, r.pair = d.New(r.pairs()), d.New(r.pairs()), d.New(rows*experts)
	d.launch("place_pairs", chunks, 1, r.row, r.expert, r.pair, counts, gates, rows, experts)
	return r
}

func (r *routes) pairs() int { return int(r.first[r.experts]) }

// each calls f for every expert that has pairs: n of them, from lo on.
func (r *routes) each(f func(e, lo, n int)) {
	for e := range r.experts {
		if lo, hi := int(r.first[e]), int(r.first[e+1]); lo < hi {
			f(e, lo, hi-lo)
		}
	}
}

// multiply computes a product for every expert that has pairs.
func (r *routes) multiply(d *Device, of func(e, lo, n int) product) {
	var all []product
	r.each(func(e, lo, n int) { all = append(all, of(e, lo, n)) })
	d.multiply(false, all...)
}

// chunk bounds the pairs that one block sums, CHUNK in kernels/experts.cu.
const chunk = 256

// sum fills sums [experts, width] with those over each expert's pairs.
func (r *routes) sum(d *Device, sums Array, x pairs) {
	if sums.address != 0 {
		r.sumWith(d, "sum_chunks", sums, x, x.Array)
	}
}

// sumWith is sum by a kernel that does more than that with the values, and takes more
// arguments before where each expert begins.
func (r *routes) sumWith(d *Device, kernel string, sums Array, x pairs, arguments ...any) {
	chunks := 0
	r.each(func(_, _, n int) { chunks += (n + chunk - 1) / chunk })
	parts := d.New(chunks * x.width)
	defer d.Free(parts)
	const columns = 128 // of a block: four for each of its lanes
	all := append(append([]any{parts}, arguments...), r.firsts, r.experts, x.width)
	d.launch(x.kernel(kernel), chunks, (x.width+columns-1)/columns, all...)
	if sums.address != 0 {
		d.launch("sum_experts", r.experts, blocks(x.width), sums, parts, r.firsts, x.width)
	}
}

func (r *routes) free(d *Device) {
	if r != nil {
		d.Free(r.firsts, r.row, r.expert, r.pair)
	}
}
