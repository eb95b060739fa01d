package kernel

import "unsafe"

// A tile is the block of C that a micro-kernel keeps in registers. The micro-kernels
// compute, for i < rows and j < cols,
//
//	c[i·cRow+j] = (from ? from[i·fromRow+j] : 0) + Σ_q a[i·aRow+q·aCol]·b[q·bRow+j]
//
// with one fused multiply-add for each q in ascending order, whatever the size of
// the tile, and touch no memory beside these elements.

// tileAVX512 takes 1 to 14 rows and 1 to 32 columns: 28 of the 32 registers hold
// the tile, 3 the operands.
//
//go:noescape
func tileAVX512(rows, cols, k int, a *float32, aRow, aCol int, b *float32, bRow int, c *float32, cRow int, from *float32, fromRow int)

// tileAVX2 takes 1 to 6 rows and 16, 8 or fewer than 8 columns: 12 of the 16
// registers hold the tile, 3 the operands, one the mask of an edge.
//
//go:noescape
func tileAVX2(rows, cols, k int, a *float32, aRow, aCol int, b *float32, bRow int, c *float32, cRow int, from *float32, fromRow int)

// prefetchTile asks for a tile of C, at least 1 row of up to 32 columns, to be brought
// into the first-level cache.
//
//go:noescape
func prefetchTile(rows, cols int, c *float32, cRow int)

// transposeAVX sets dst[q·dstRow+r] = src[r·srcRow+q] for r < 8 and q < 8·blocks,
// with rows (1 to 8) rows in src: lanes r ≥ rows of dst repeat the last.
//
//go:noescape
func transposeAVX(blocks, rows int, dst *float32, dstRow int, src *float32, srcRow int)

// copyAVX sets dst[r·dstRow+i] = src[r·srcRow+i] for r < rows (at least 1) and
// i < cols; up to the next multiple of 8, dst gets zeros.
//
//go:noescape
func copyAVX(rows, cols int, dst *float32, dstRow int, src *float32, srcRow int)

// maxTileRows and maxTileCols are the size of a path's full tile.
func (s path) maxTileRows() int {
	if s == avx512 {
		return 14
	}
	return 6
}

func (s path) maxTileCols() int {
	if s == avx512 {
		return 32
	}
	return 16
}

// tile runs the path's micro-kernel.
func (s path) tile(rows, cols, k int, a *float32, aRow, aCol int, b *float32, bRow int, c *float32, cRow int, from *float32, fromRow int) {
	if s == avx512 {
		tileAVX512(rows, cols, k, a, aRow, aCol, b, bRow, c, cRow, from, fromRow)
		return
	}
	if cols > 8 && cols < 16 {
		tileAVX2(rows, 8, k, a, aRow, aCol, b, bRow, c, cRow, from, fromRow)
		b, c, cols = at(b, 8), at(c, 8), cols-8
		if from != nil {
			from = at(from, 8)
		}
	}
	tileAVX2(rows, cols, k, a, aRow, aCol, b, bRow, c, cRow, from, fromRow)
}

// at is &p[i]. Callers have checked that the whole matrix lies within its slice.
func at(p *float32, i int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(p), 4*i))
}
