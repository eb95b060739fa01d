package kernel

import "unsafe"

// Blocks of the packed product. They decide only where its loops are cut: the sum
// of an element runs on through them.
const (
	// blockDepth is how much of k is packed at once: a strip of B is then at most
	// 48 KiB and stays near the core while all row tiles pass over it.
	blockDepth = 384
	// blockWidth bounds the packed part of B to 6 MiB, part of a last-level cache.
	blockWidth = 4096
	// blockTiles is how many row tiles one worker takes at a time: 8 packed row
	// tiles of A are at most 192 KiB and stay in the second-level cache.
	blockTiles = 8
	// panelRow is the distance between the packed columns of a row tile: the
	// largest tile, rounded up to whole transposed blocks.
	panelRow = 16
)

// Where packing and sharing begin to pay, as measured on a Zen 4.
const (
	// Up to directRows rows use a packed B too seldom, and a B of up to directCols
	// columns is nearly as dense as a packed one.
	directRows, directCols = 128, 128
	// packACols columns of a block use a packed A often enough.
	packACols = 192
)

// tiledProduct is one call of matMulTiled. It is kept between calls for the memory
// of its packed operand and for the method values that a pool runs.
type tiledProduct struct {
	path       path
	kind       Product
	m, n       int
	a, b, c    *float32
	lda, ldb   int
	ldc        int
	aRow, aCol int
	packB      bool
	// from is what the sums begin with in the part of k at hand, nil for 0, and fromRow the
	// distance of its rows.
	from    *float32
	fromRow int

	tileRows, tileCols      int // every tile but the last
	blocksDown              int // units of work below one another
	blockCols, blocksAcross int // columns of one, and how many lie side by side

	// The part of k and n at hand.
	k0, depth  int
	j0, width  int
	packedB    []float32 // memory of its own
	strips     []float32 // the packed part of B, there or where the caller keeps it
	packStrips func(lo, hi int)
	packRows   func(lo, hi int)
	multiply   func(lo, hi int)
}

var tiledProducts freeList[tiledProduct]

// matMulTiled is MatMul through the path's micro-kernel, k > 0. Large operands are
// packed so that the micro-kernel reads them in one stream; small ones are read in
// place, but for a transposed B, which always needs packing.
func matMulTiled(
	s path, p *Pool, kind Product, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, from []float32, fromRow int,
) {
	packB := kind == NT || m > directRows && n > directCols
	if m*n*k < parallelWork {
		p = nil
	}
	if p.Workers() == 1 && k <= blockDepth {
		if !packB {
			tileInPlace(s, kind, m, n, k, a, lda, b, ldb, c, ldc, from, fromRow)
			return
		}
		if kind == NT && roundUp8(n)*k <= len(smallOperand{}) {
			packed := smallOperands.get()
			pack(packed[:], roundUp8(n), &b[0], ldb, n, k)
			tileInPlace(s, kind, m, n, k, a, lda, packed[:], roundUp8(n), c, ldc, from, fromRow)
			smallOperands.put(packed)
			return
		}
	}
	t := tiledProducts.get()
	t.use(s, kind, m, n, a, lda, c, ldc)
	t.b, t.ldb, t.packB = &b[0], ldb, packB
	t.run(p, k, unsafe.SliceData(from), fromRow)
	t.free()
}

// use sets a product up but for its right operand. Neither A nor C is empty.
func (t *tiledProduct) use(s path, kind Product, m, n int, a []float32, lda int, c []float32, ldc int) {
	if t.multiply == nil {
		t.packStrips, t.packRows, t.multiply = t.packStripsOf, t.packRowsOf, t.multiplyBlocks
	}
	t.path, t.kind, t.m, t.n = s, kind, m, n
	t.a, t.c, t.lda, t.ldc = &a[0], &c[0], lda, ldc
	t.aRow, t.aCol = lda, 1
	if kind == TN {
		t.aRow, t.aCol = 1, lda
	}
	t.tileRows, t.tileCols = ceilDiv(m, ceilDiv(m, s.maxTileRows())), s.maxTileCols()
}

func (t *tiledProduct) free() {
	t.a, t.b, t.c, t.from, t.strips = nil, nil, nil, nil, nil
	tiledProducts.put(t)
}

// smallOperand has room for a small transposed B.
type smallOperand [8 << 10]float32

var smallOperands freeList[smallOperand]

// tileInPlace multiplies operands that lie as the micro-kernel can read them.
func tileInPlace(
	s path, kind Product, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, from []float32, fromRow int,
) {
	aRow, aCol := lda, 1
	if kind == TN {
		aRow, aCol = 1, lda
	}
	tileRows, width := ceilDiv(m, ceilDiv(m, s.maxTileRows())), s.maxTileCols()
	for j := 0; j < n; j += width {
		cols := min(width, n-j)
		for i := 0; i < m; i += tileRows {
			start := (*float32)(nil)
			if from != nil {
				start = &from[i*fromRow+j]
			}
			s.tile(min(tileRows, m-i), cols, k, &a[i*aRow], aRow, aCol, &b[j], ldb, &c[i*ldc+j], ldc, start, fromRow)
		}
	}
}

// run computes C of k products, each sum from what from begins with.
func (t *tiledProduct) run(p *Pool, k int, from *float32, fromRow int) {
	t.blocksDown = blocksDown(ceilDiv(t.m, t.tileRows), p.Workers())
	kept := t.strips
	for t.j0 = 0; t.j0 < t.n; t.j0 += blockWidth {
		t.width = min(blockWidth, t.n-t.j0)
		strips := ceilDiv(t.width, t.tileCols)
		t.blocksAcross = min(strips, max(1, ceilDiv(4*p.Workers(), t.blocksDown)))
		t.blockCols = ceilDiv(strips, t.blocksAcross) * t.tileCols
		t.blocksAcross = ceilDiv(t.width, t.blockCols)
		t.from, t.fromRow = from, fromRow
		depth := partDepth(k)
		for t.k0 = 0; t.k0 < k; t.k0 += depth {
			t.depth = min(depth, k-t.k0)
			switch {
			case kept != nil:
				t.strips = kept[t.packedAt(strips, k):]
			case t.packB:
				t.packedB = grow(t.packedB, strips*t.tileCols*t.depth)
				t.strips = t.packedB
				if t.kind == NT {
					p.For(strips, ceilDiv(strips, 4*p.Workers()), t.packStrips)
				} else {
					p.For(t.depth, ceilDiv(t.depth, 4*p.Workers()), t.packRows)
				}
			}
			p.For(t.blocksDown*t.blocksAcross, 1, t.multiply)
			t.from, t.fromRow = t.c, t.ldc
		}
	}
}

// partDepth is the length of the parts that k is cut into: whole transposed blocks.
func partDepth(k int) int {
	return min(k, roundUp8(ceilDiv(k, ceilDiv(k, blockDepth))))
}

// packedAt is where the part of B at hand, of the given number of strips, lies in a
// B that is packed as a whole.
func (t *tiledProduct) packedAt(strips, k int) int {
	return t.j0*k + strips*t.tileCols*t.k0
}

// blocksDown is into how many blocks of about equal size the row tiles are cut: as
// many for one worker as for another where there are enough.
func blocksDown(tiles, workers int) int {
	blocks := ceilDiv(tiles, min(blockTiles, ceilDiv(tiles, 2*workers)))
	return min(tiles, ceilDiv(blocks, workers)*workers)
}

// multiplyBlocks computes the blocks lo to hi of the part of C at hand.
func (t *tiledProduct) multiplyBlocks(lo, hi int) {
	tiles := ceilDiv(t.m, t.tileRows)
	for block := lo; block < hi; block++ {
		i, j0 := block/t.blocksAcross, block%t.blocksAcross*t.blockCols
		i0, i1 := i*tiles/t.blocksDown*t.tileRows, (i+1)*tiles/t.blocksDown*t.tileRows
		t.multiplyBlock(i0, min(i1, t.m), j0, min(j0+t.blockCols, t.width))
	}
}

func (t *tiledProduct) multiplyBlock(i0, i1, j0, j1 int) {
	a, aRow, aCol, aTile := at(t.a, i0*t.aRow+t.k0*t.aCol), t.aRow, t.aCol, t.tileRows*t.aRow
	if j1-j0 > packACols {
		packed := packedBlocks.get()
		defer packedBlocks.put(packed)
		t.packTiles(packed, i0, i1)
		a, aRow, aCol, aTile = &packed[0], 1, panelRow, panelRow*t.depth
	}
	for j := j0; j < j1; j += t.tileCols {
		var b *float32
		bRow := t.tileCols
		if t.packB {
			b = &t.strips[j*t.depth]
		} else {
			b, bRow = at(t.b, t.k0*t.ldb+t.j0+j), t.ldb
		}
		cols := min(t.tileCols, j1-j)
		for i := i0; i < i1; i += t.tileRows {
			if i+t.tileRows < i1 {
				t.prefetch(i+t.tileRows, i1, j, j1)
			} else {
				t.prefetch(i0, i1, j+t.tileCols, j1)
			}
			t.path.tile(min(t.tileRows, i1-i), cols, t.depth,
				at(a, (i-i0)/t.tileRows*aTile), aRow, aCol, b, bRow,
				at(t.c, i*t.ldc+t.j0+j), t.ldc, t.startAt(i, t.j0+j), t.fromRow)
		}
	}
}

// startAt is what the sum of an element begins with.
func (t *tiledProduct) startAt(i, j int) *float32 {
	if t.from == nil {
		return nil
	}
	return at(t.from, i*t.fromRow+j)
}

// prefetch asks for the tile of C at i and j, if there is one, while the one before
// it is computed: C is too large for the second-level cache, and a tile whose first
// additions wait for memory takes half as long again.
func (t *tiledProduct) prefetch(i, i1, j, j1 int) {
	if j < j1 {
		prefetchTile(min(t.tileRows, i1-i), min(t.tileCols, j1-j), at(t.c, i*t.ldc+t.j0+j), t.ldc)
	}
}

func roundUp8(n int) int { return (n + 7) &^ 7 }
