package kernel

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// routed is what a gate that is not 0 becomes.
type routed struct{ expert, out, row int }

// Pairs are those whose gate is not 0, by expert, output row and row; cells and blocks
// divide them, and every row finds its own.
func TestRoutesAreTheGatesThatAreNotZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		outRows, routers, experts := rapid.IntRange(0, 90).Draw(t, "outRows"), rapid.IntRange(1, 9).Draw(t, "routers"), rapid.IntRange(1, 70).Draw(t, "experts")
		rows := outRows * routers
		every := rapid.IntRange(1, 9).Draw(t, "every")
		gates := make([]float32, rows*experts)
		var want []routed
		for e := range experts {
			for i := range rows {
				out, r := i/routers, i/routers+i%routers*outRows
				if g := r*experts + e; scramble(uint64(g))%uint64(every) == 0 {
					gates[g] = -0.5
					want = append(want, routed{e, out, r})
				}
			}
		}
		var found routes
		findRoutes(nil, &found, gates, rows, outRows, experts)
		if got := found.all(t); !slices.Equal(got, want) {
			t.Fatalf("pairs %v, want %v", got, want)
		}
		for r := range rows {
			var own []int32
			for pair, row := range found.row {
				if int(row) == r {
					own = append(own, int32(pair))
				}
			}
			if !slices.Equal(found.ofRow(r), own) {
				t.Fatalf("row %d has the pairs %v, want %v", r, found.ofRow(r), own)
			}
		}
	})
}

// all are the pairs in the order of blocks and cells, which must leave none out.
func (t *routes) all(tb rapid.TB) (pairs []routed) {
	cell, pair := 0, 0
	for _, b := range t.blocks {
		if b.firstCell != cell || b.lo != pair || b.lastCell == cell || b.hi-b.lo > blockRows && b.lastCell > cell+1 {
			tb.Fatalf("block %+v after cell %d and pair %d", b, cell, pair)
		}
		for ; cell < b.lastCell; cell++ {
			for ; pair < int(t.begin[cell+1]); pair++ {
				pairs = append(pairs, routed{b.expert, int(t.out[cell]), int(t.row[pair])})
			}
			if cell > 0 && t.out[cell] == t.out[cell-1] && cell != int(t.firstCell[b.expert]) {
				tb.Fatalf("cells %d and %d of expert %d share an output row", cell-1, cell, b.expert)
			}
		}
		if pair != b.hi || pair > int(t.first[b.expert+1]) {
			tb.Fatalf("block %+v ends at pair %d", b, pair)
		}
	}
	if cell != len(t.out) || pair != len(t.row) {
		tb.Fatalf("blocks have %d of %d cells, %d of %d pairs", cell, len(t.out), pair, len(t.row))
	}
	return pairs
}

func TestCellsWithinSomeOutputRows(t *testing.T) {
	// Expert 0 serves the output rows 0, 2 and 3, expert 1 serves 1.
	gates := []float32{1, 0, 0, 1, 1, 0, 1, 0}
	var found routes
	findRoutes(nil, &found, gates, 4, 4, 2)
	for _, c := range []struct{ expert, lo, hi, from, to int }{
		{0, 0, 4, 0, 3}, {0, 1, 3, 1, 2}, {0, 1, 2, 1, 1}, {1, 0, 4, 3, 4}, {1, 2, 4, 4, 4}, {1, 0, 1, 3, 3},
	} {
		if from, to := found.cellsWithin(c.expert, c.lo, c.hi); from != c.from || to != c.to {
			t.Errorf("expert %d, rows %d to %d: cells %d to %d, want %d to %d", c.expert, c.lo, c.hi, from, to, c.from, c.to)
		}
	}
}
