package kernel

import "slices"

// observation is one value that was observed: at names its row in a list by feature
// and its feature in a list by row.
type observation[F Float] struct {
	at    int32
	value F
}

// observations lists what a sample observed, for work that grows with the
// observations and not with rows times features.
type observations[F Float] struct {
	byRow, byFeature []observation[F]
	// row and feature say where in the lists each one's observations start, and one
	// entry more where the last one's end.
	row, feature []int32
}

// find fills the lists from the rows of one sample, width values each.
func (o *observations[F]) find(values, observed []F, width int) {
	rows := len(values) / width
	o.row = grow(o.row, rows+1)
	o.feature = grow(o.feature, width+1)
	clear(o.feature)
	counts := o.feature[1:]
	n := 0
	for r := range rows {
		o.row[r] = int32(n)
		o.byRow = slices.Grow(o.byRow[:n], width)[:n+width]
		n += listObserved(o.byRow[n:], values[r*width:][:width], observed[r*width:][:width], counts)
	}
	o.byRow = o.byRow[:n]
	o.row[rows] = int32(n)
	for c := 1; c < width; c++ {
		counts[c] += counts[c-1]
	}
	// Backwards through the rows, each feature's end moves down to its start.
	o.byFeature = grow(o.byFeature, len(o.byRow))
	for r := rows - 1; r >= 0; r-- {
		for _, v := range o.byRow[o.row[r]:o.row[r+1]] {
			counts[v.at]--
			o.byFeature[counts[v.at]] = observation[F]{int32(r), v.value}
		}
	}
	copy(o.feature, counts)
	o.feature[width] = int32(len(o.byRow))
}

// listObserved lists what was observed in one row, counts it by feature and returns its
// number. It writes every value and moves on only after those observed: a branch would be
// guessed wrongly at each of them.
func listObserved[F Float](line []observation[F], values, observed []F, counts []int32) (n int) {
	line, values, counts = line[:len(observed)], values[:len(observed)], counts[:len(observed)]
	for c, m := range observed {
		line[n] = observation[F]{int32(c), values[c]}
		one := 0
		if m != 0 {
			one = 1
		}
		n += one
		counts[c] += int32(one)
	}
	return n
}

// of are the observations of feature c.
func (o *observations[F]) of(c int) []observation[F] {
	return o.byFeature[o.feature[c]:o.feature[c+1]]
}

// seen says whether feature c was observed at least once.
func (o *observations[F]) seen(c int) bool { return o.feature[c] < o.feature[c+1] }
