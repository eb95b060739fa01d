package kernel

import (
	mathbits "math/bits" // bits is a function of random.go
	"slices"
)

// routes are the pairs of a row and an expert whose gate is not 0, and the cells that
// they form: the pairs of one expert whose rows share an output row. Both are numbered
// by expert, then by output row, and pairs then by row.
type routes struct {
	rows, outRows, experts int

	first, firstCell []int32 // [Experts+1]: where the pairs and the cells of an expert begin
	row              []int32 // the row of each pair
	out              []int32 // the output row of each cell
	begin            []int32 // [cells+1]: the first pair of each cell
	start            []int32 // [Rows+1]: where in ofRows the pairs of a row begin, by output row and row
	ofRows           []int32 // the pairs by output row, row and expert
	blocks           []block

	masks  []uint64 // [Rows, maskWords]: a bit for each gate
	chunks []routeChunk
	counts []int32 // what chunks share
}

// block is a range of pairs of one expert and of the cells that they form: as much as
// one worker takes at a time.
type block struct{ expert, lo, hi, firstCell, lastCell int }

// blockRows keeps the hidden layer of a block in the second-level cache, while the
// weights that each block reads again stay a small part of its work. A cell with more
// pairs is a block of its own.
const blockRows = 128

// routeChunk is what is known of the routes of some output rows before they are
// written: how many pairs and cells each expert has, and then where the next lies.
type routeChunk struct {
	pairs, cells []int32
	last         []int32 // the output row of the cell at hand, plus one
	all          int32   // pairs of all experts
}

// ofRow are the pairs of row r by expert.
func (t *routes) ofRow(r int) []int32 {
	i := r%t.outRows*(t.rows/t.outRows) + r/t.outRows
	return t.ofRows[t.start[i]:t.start[i+1]]
}

// cellsWithin is the range of the cells of expert e for the output rows lo to hi.
func (t *routes) cellsWithin(e, lo, hi int) (from, to int) {
	first := int(t.firstCell[e])
	out := t.out[first:t.firstCell[e+1]]
	from, _ = slices.BinarySearch(out, int32(lo))
	to, _ = slices.BinarySearch(out[from:], int32(hi))
	return first + from, first + from + to
}

// largestBlock is the number of pairs of the largest block.
func (t *routes) largestBlock() int {
	n := 0
	for _, b := range t.blocks {
		n = max(n, b.hi-b.lo)
	}
	return n
}

// findRoutes fills t from gates [rows, experts], by chunks of output rows: their pairs
// are counted, then written where those of the chunks before end.
func findRoutes[F Float](p *Pool, t *routes, gates []F, rows, outRows, experts int) {
	t.rows, t.outRows, t.experts = rows, outRows, experts
	t.masks = grow(t.masks, rows*t.maskWords())
	t.start = grow(t.start, rows+1)
	grain := blockGrain(rows / max(outRows, 1) * experts)
	t.chunks = grow(t.chunks, (outRows+grain-1)/grain)
	t.counts = grow(t.counts, len(t.chunks)*3*experts)
	clear(t.counts)
	p.For(outRows, grain, func(lo, hi int) {
		chunk := &t.chunks[lo/grain]
		counts := t.counts[lo/grain*3*experts:][:3*experts]
		*chunk = routeChunk{pairs: counts[:experts], cells: counts[experts:][:experts], last: counts[2*experts:]}
		countRoutes(t, chunk, gates, lo, hi)
	})
	t.placeChunks()
	p.For(outRows, grain, func(lo, hi int) { t.write(&t.chunks[lo/grain], lo, hi) })
	t.cut()
}

func (t *routes) maskWords() int { return (t.experts + 63) / 64 }

// countRoutes counts the pairs and cells of the output rows lo to hi and remembers
// which gates are not 0.
func countRoutes[F Float](t *routes, chunk *routeChunk, gates []F, lo, hi int) {
	words := t.maskWords()
	for o := lo; o < hi; o++ {
		for r := o; r < t.rows; r += t.outRows {
			gates := gates[r*t.experts:][:t.experts]
			for w := range words {
				first := 64 * w
				mask := nonZero(gates[first:min(first+64, len(gates))])
				t.masks[r*words+w] = mask
				chunk.all += int32(mathbits.OnesCount64(mask))
				for ; mask != 0; mask &= mask - 1 {
					e := first + mathbits.TrailingZeros64(mask)
					chunk.pairs[e]++
					if chunk.last[e] != int32(o+1) {
						chunk.last[e] = int32(o + 1)
						chunk.cells[e]++
					}
				}
			}
		}
	}
}

// nonZero has a bit for each of up to 64 values that is not 0. Which ones are cannot
// be foreseen, so it does not branch.
func nonZero[F Float](x []F) uint64 {
	var mask uint64
	for i, v := range x {
		var bit uint64
		if v != 0 {
			bit = 1
		}
		mask |= bit << (i & 63)
	}
	return mask
}

// placeChunks turns the chunks' numbers of pairs and cells into where theirs begin.
func (t *routes) placeChunks() {
	t.first = grow(t.first, t.experts+1)
	t.firstCell = grow(t.firstCell, t.experts+1)
	var pairs, cells, all int32
	for e := range t.experts {
		t.first[e], t.firstCell[e] = pairs, cells
		for i := range t.chunks {
			chunk := &t.chunks[i]
			chunk.last[e] = 0
			chunk.pairs[e], pairs = pairs, pairs+chunk.pairs[e]
			chunk.cells[e], cells = cells, cells+chunk.cells[e]
		}
	}
	for i := range t.chunks {
		t.chunks[i].all, all = all, all+t.chunks[i].all
	}
	t.first[t.experts], t.firstCell[t.experts] = pairs, cells
	t.row = grow(t.row, int(pairs))
	t.ofRows = grow(t.ofRows, int(pairs))
	t.out = grow(t.out, int(cells))
	t.begin = grow(t.begin, int(cells)+1)
	t.begin[cells] = pairs
	t.start[t.rows] = pairs
}

// write writes the pairs and cells of the output rows lo to hi.
func (t *routes) write(chunk *routeChunk, lo, hi int) {
	words, n := t.maskWords(), chunk.all
	start := t.start[lo*(t.rows/t.outRows):]
	for o := lo; o < hi; o++ {
		for r := o; r < t.rows; r += t.outRows {
			start[0], start = n, start[1:]
			for w := range words {
				for mask := t.masks[r*words+w]; mask != 0; mask &= mask - 1 {
					e := 64*w + mathbits.TrailingZeros64(mask)
					pair := chunk.pairs[e]
					chunk.pairs[e]++
					if chunk.last[e] != int32(o+1) {
						chunk.last[e] = int32(o + 1)
						t.out[chunk.cells[e]], t.begin[chunk.cells[e]] = int32(o), pair
						chunk.cells[e]++
					}
					t.row[pair], t.ofRows[n] = int32(r), pair
					n++
				}
			}
		}
	}
}

// cut cuts the pairs into blocks of whole cells.
func (t *routes) cut() {
	t.blocks = t.blocks[:0]
	for e := range t.experts {
		for c, end := int(t.firstCell[e]), int(t.firstCell[e+1]); c < end; {
			b := block{expert: e, lo: int(t.begin[c]), firstCell: c}
			for c++; c < end && int(t.begin[c+1])-b.lo <= blockRows; c++ {
			}
			b.hi, b.lastCell = int(t.begin[c]), c
			t.blocks = append(t.blocks, b)
		}
	}
}
