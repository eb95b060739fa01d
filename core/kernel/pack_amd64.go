package kernel

// packedBlock has room for a packed block of A.
type packedBlock [blockTiles * panelRow * blockDepth]float32

// packedBlocks lends a worker the memory for its packed block.
var packedBlocks freeList[packedBlock]

// packStripsOf packs the strips lo to hi of the part of a transposed B at hand:
// strip after strip, within it row after row of tileCols elements.
func (t *tiledProduct) packStripsOf(lo, hi int) {
	for j := lo * t.tileCols; j < min(hi*t.tileCols, t.width); j += t.tileCols {
		cols := min(t.tileCols, t.width-j)
		pack(t.strips[j*t.depth:], t.tileCols, at(t.b, (t.j0+j)*t.ldb+t.k0), t.ldb, cols, t.depth)
	}
}

// packRowsOf does the same for the rows lo to hi of the part of B at hand, which
// are read from end to end.
func (t *tiledProduct) packRowsOf(lo, hi int) {
	for q := lo; q < hi; q++ {
		dst, src := t.strips[q*t.tileCols:], at(t.b, (t.k0+q)*t.ldb+t.j0)
		whole, rest := t.width/t.tileCols, t.width%t.tileCols
		if whole > 0 {
			copyAVX(whole, t.tileCols, &dst[0], t.tileCols*t.depth, src, t.tileCols)
		}
		if rest > 0 {
			j := whole * t.tileCols
			copyAVX(1, rest, &dst[j*t.depth], 0, at(src, j), 0)
		}
	}
}

// packTiles packs the row tiles from i0 to i1 of the part of A at hand, each column
// after column.
func (t *tiledProduct) packTiles(packed *packedBlock, i0, i1 int) {
	for i := i0; i < i1; i += t.tileRows {
		dst := packed[(i-i0)/t.tileRows*panelRow*t.depth:]
		rows := min(t.tileRows, i1-i)
		src := at(t.a, i*t.aRow+t.k0*t.aCol)
		if t.kind == TN {
			copyAVX(t.depth, rows, &dst[0], panelRow, src, t.lda)
		} else {
			pack(dst, panelRow, src, t.lda, rows, t.depth)
		}
	}
}

// pack transposes: dst[q·dstRow+r] = src[r·srcRow+q] for r < rows and q < depth.
// What lies in dst between rows and the next multiple of 8 is overwritten.
func pack(dst []float32, dstRow int, src *float32, srcRow, rows, depth int) {
	blocks := depth / 8
	for r := 0; r < rows; r += 8 {
		if blocks > 0 {
			transposeAVX(blocks, min(8, rows-r), &dst[r], dstRow, at(src, r*srcRow), srcRow)
		}
		for q := 8 * blocks; q < depth; q++ {
			for i := r; i < min(r+8, rows); i++ {
				dst[q*dstRow+i] = *at(src, i*srcRow+q)
			}
		}
	}
}
