package kernel

// The pairs of a cell lie one behind another; begin [cells+1] says where those of each
// begin, counted from any number. Whole vectors take one call for all cells.

// weighCells fills the rows of hidden, one for each cell, with the sums of gate·GELU(x)
// over its pairs, x being a row of before. work is as long as before.
func weighCells[F Float](hidden, before, gates []F, begin []int32, work []F) {
	if s := activePath(); isFloat32[F]() && s != generic && s.weighCells(single(hidden), single(before), single(gates), begin) {
		return
	}
	n := len(before) / len(gates)
	gelu(work, before)
	clear(hidden)
	for c := range len(begin) - 1 {
		for pair := int(begin[c] - begin[0]); pair < int(begin[c+1]-begin[0]); pair++ {
			accumulate(hidden[c*n:][:n], gates[pair], work[pair*n:][:n])
		}
	}
}

// cellGradients goes back from dhidden, the gradient of hidden in weighCells: it fills
// dbefore, adds its rows to sums, and fills along with the gradients of the gates. work is
// twice as long as before.
func cellGradients[F Float](dbefore, sums, along, dhidden, before, gates []F, begin []int32, work []F) {
	s := activePath()
	if isFloat32[F]() && s != generic &&
		s.cellGradients(single(dbefore), single(sums), single(along), single(dhidden), single(before), single(gates), begin) {
		return
	}
	n := len(sums)
	values, slopes := work[:len(before)], work[len(before):][:len(before)]
	geluSlopes(values, slopes, before)
	for c := range len(begin) - 1 {
		dhidden := dhidden[c*n:][:n]
		for pair := int(begin[c] - begin[0]); pair < int(begin[c+1]-begin[0]); pair++ {
			dbefore := dbefore[pair*n:][:n]
			copy(dbefore, dhidden)
			along[pair] = inner(dhidden, values[pair*n:][:n])
			weighOn(s, dbefore, sums, slopes[pair*n:][:n], gates[pair])
		}
	}
}
