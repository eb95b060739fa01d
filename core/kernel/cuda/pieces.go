//go:build gpu

package cuda

// pieces is a table on the device of the pieces of lists of arrays: a kernel works on all
// arrays of a model at once, with a block for each piece.
type pieces struct {
	lines Array // as in kernels/optimizer.cu
	count int
}

// pieceSize is how many entries a piece has at most: many enough for a block to be worth
// its start, few enough for a small model to use all of a device.
const pieceSize = 8192

// newPieces divides lists whose arrays have the same lengths. marks are those of the
// arrays, all false where it is nil.
func (d *Device) newPieces(marks []bool, lists ...[]Array) pieces {
	var words []uint64
	p := pieces{}
	for i, first := range lists[0] {
		for _, list := range lists {
			fit(first.length, list[i])
		}
		for lo := 0; lo < first.length; lo += pieceSize {
			n := min(pieceSize, first.length-lo)
			for _, list := range lists {
				words = append(words, uint64(list[i].Slice(lo, n).address))
			}
			mark := uint64(0)
			if marks != nil && marks[i] {
				mark = 1
			}
			words = append(words, uint64(n), mark)
			p.count++
		}
	}
	p.lines = d.uploadWords(words)
	return p
}

// uploadWords is a new array of 64-bit words, two entries each.
func (d *Device) uploadWords(words []uint64) Array {
	halves := make([]int32, 0, 2*len(words))
	for _, w := range words {
		halves = append(halves, int32(w), int32(w>>32))
	}
	a := d.New(len(halves))
	d.LoadInts(a, halves)
	return a
}

// newDoubles is an array of n float64, two entries each.
func (d *Device) newDoubles(n int) Array { return d.New(2 * n) }
