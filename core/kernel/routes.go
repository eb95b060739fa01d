package kernel

// routes are the pairs of a row and an expert whose gate is not 0, numbered by expert
// and then by row.
type routes struct {
	first  []int32 // [Experts+1]: the pairs of expert e are first[e] to first[e+1]
	row    []int32 // the row of each pair
	start  []int32 // [Rows+1]: where in pairs those of a row begin
	pairs  []int32 // the pairs by row and then by expert
	next   []int32 // [Experts]
	blocks []block
}

// block is a range of pairs of one expert: as much as one worker takes at a time.
type block struct{ expert, lo, hi int }

// blockRows keeps the hidden layer of a block in the second-level cache, while the
// weights that each block reads again stay a small part of its work.
const blockRows = 128

// ofRow are the pairs of row r by expert.
func (t *routes) ofRow(r int) []int32 { return t.pairs[t.start[r]:t.start[r+1]] }

// findRoutes fills t from gates [rows, experts].
func findRoutes[F Float](t *routes, gates []F, rows, experts int) {
	t.first = grow(t.first, experts+1)
	t.next = grow(t.next, experts)
	clear(t.first)
	for r := range rows {
		for e, gate := range gates[r*experts:][:experts] {
			if gate != 0 {
				t.first[e+1]++
			}
		}
	}
	t.blocks = t.blocks[:0]
	for e := range experts {
		t.first[e+1] += t.first[e]
		t.next[e] = t.first[e]
		for lo, end := int(t.first[e]), int(t.first[e+1]); lo < end; lo += blockRows {
			t.blocks = append(t.blocks, block{e, lo, min(lo+blockRows, end)})
		}
	}
	t.row = grow(t.row, int(t.first[experts]))
	t.pairs = grow(t.pairs, len(t.row))
	t.start = grow(t.start, rows+1)
	n := int32(0)
	for r := range rows {
		t.start[r] = n
		for e, gate := range gates[r*experts:][:experts] {
			if gate != 0 {
				t.row[t.next[e]] = int32(r)
				t.pairs[n] = t.next[e]
				t.next[e]++
				n++
			}
		}
	}
	t.start[rows] = n
}
