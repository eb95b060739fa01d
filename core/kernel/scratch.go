package kernel

import "sync/atomic"

// The grains of parallel loops. They fix where sums are cut and so belong to the
// result: never derive them from the number of workers.
const (
	// entryChunk entries take some microseconds, well above the hand-over to a worker.
	entryChunk = 4096
	// copyChunk is the same for entries that are copied only.
	copyChunk = 4 * entryChunk
	// rowChunk is as many rows of a usual width of 64 to 512.
	rowChunk = 32
	// sumChunk is how many rows are summed before the partial sums are: it keeps both
	// the rounding error and the number of partial sums low.
	sumChunk = 64
)

// grow returns a slice of n entries, s itself where it is large enough. The entries
// are not cleared.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// forEach runs body once for each item, in any order and in parallel. The slot, less
// than p.Workers(), is no other running body's: it owns one share of a scratch buffer.
func forEach(p *Pool, items int, body func(slot, item int)) {
	var next atomic.Int64
	p.For(min(p.Workers(), items), 1, func(slot, _ int) {
		for item := int(next.Add(1)) - 1; item < items; item = int(next.Add(1)) - 1 {
			body(slot, item)
		}
	})
}

// sumColumns fills sums [width] with the column sums of x [rows, width], by fixed
// chunks of rows and then over the chunks in order. It returns the scratch that it
// grew.
func sumColumns[F, S Float](p *Pool, sums []S, x []F, rows, width int, scratch []S) []S {
	chunks := (rows + sumChunk - 1) / sumChunk
	scratch = grow(scratch, chunks*width)
	grain := sumChunk * ceilDiv(entryChunk, sumChunk*max(width, 1))
	p.For(rows, grain, func(lo, hi int) {
		for ; lo < hi; lo += sumChunk {
			part := scratch[lo/sumChunk*width:][:width]
			clear(part)
			addRows(part, x[lo*width:min(lo+sumChunk, hi)*width])
		}
	})
	addParts(sums, scratch)
	return scratch
}

// addRows adds the rows of x, as long as sums, to sums.
func addRows[S, F Float](sums []S, x []F) {
	if same, ok := any(x).([]S); ok {
		addRowsOn(activePath(), sums, same)
		return
	}
	for ; len(x) > 0; x = x[len(sums):] {
		for i, v := range x[:len(sums)] {
			sums[i] += S(v)
		}
	}
}

func addRowsOn[F Float](s path, sums, x []F) {
	done := 0
	if isFloat32[F]() && s != generic {
		done = s.sumRows(single(sums), single(x))
	}
	if done == len(sums) {
		return
	}
	for ; len(x) > 0; x = x[len(sums):] {
		addTo(sums[done:], x[done:len(sums)])
	}
}

// addParts fills sums with the sum of the parts, which lie one after the other.
func addParts[S Float](sums, parts []S) {
	clear(sums)
	addRows(sums, parts)
}

// fillRows writes row into each of the rows of x.
func fillRows[F Float](x, row []F) {
	for ; len(x) > 0; x = x[len(row):] {
		copy(x, row)
	}
}

// addToRows adds row to each of the rows of x.
func addToRows[F Float](x, row []F) {
	for ; len(x) > 0; x = x[len(row):] {
		addTo(x[:len(row)], row)
	}
}
