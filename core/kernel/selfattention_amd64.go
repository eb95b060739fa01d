package kernel

import "math"

// The fused kernels of self-attention take one head of one sequence at a time, with the
// queries side by side in the lanes of a vector. A block of as many queries as a vector
// has lanes holds their weights as [steps, lanes]: the softmax runs down its columns, and
// keys and values are read where they lie, one number for all lanes. Lanes that the last
// block has too many repeat the last query.

const (
	// fusedRows is how many rows of weights mixRows takes at a time; what a block has room
	// for is a multiple of it.
	fusedRows = 8
	// attentionRows is the number of rows of attentionTable.
	attentionRows = 9
)

// attentionTable holds the constants of the fused kernels, each repeated over a vector of
// AVX2, in the order in which selfattention_amd64.h names them.
var attentionTable = func() (table [attentionRows][8]float32) {
	constants := [attentionRows]float32{
		1,
		float32(math.Inf(-1)),
		// 2^x = 2^n·2^r with a whole n and |r| <= 1/2, for x <= 0. Below -127 it is 0: a
		// float32 has no smaller exponent. Added to the other constant, x leaves n+127 in
		// the last bits, which is how a float32 writes 2^n.
		-127, 0x1.8p23 + 127,
		// 2^r = 1 + r·P(r): P of least relative error in the result, which is 9e-8.
		6.931470037e-01, 2.402224243e-01, 5.550733581e-02, 9.671512991e-03, 1.326472731e-03,
	}
	for i, v := range constants {
		for lane := range table[i] {
			table[i][lane] = v
		}
	}
	return table
}()

// attendAVX512 and attendAVX2 fill the weights of a head and its columns of y. Its width is
// eights times fusedColumns; the scale is that of the scores times log2(e).

//go:noescape
func attendAVX512(steps, eights, width int, y, qkv, weights *float32, scale float32, table *[attentionRows][8]float32)

//go:noescape
func attendAVX2(steps, eights, width int, y, qkv, weights *float32, scale float32, table *[attentionRows][8]float32)

// attendGradientAVX512 and attendGradientAVX2 fill the gradients of the scores, laid out as
// the weights, and of the queries, which dqkv begins with.

//go:noescape
func attendGradientAVX512(steps, eights, width int, dqkv, dy, qkv, weights, dscores *float32, scale float32)

//go:noescape
func attendGradientAVX2(steps, eights, width int, dqkv, dy, qkv, weights, dscores *float32, scale float32)

// mixRowsAVX512 and mixRowsAVX2 set row j of dst to the sum over all queries i of the weight
// of step j in i times row i of src. They add up even and odd queries side by side; pairs is
// the room to bring each two rows of fusedColumns together.

//go:noescape
func mixRowsAVX512(steps, eights int, dst *float32, dstRow int, src *float32, srcRow int, weights, pairs *float32)

//go:noescape
func mixRowsAVX2(steps, eights int, dst *float32, dstRow int, src *float32, srcRow int, weights, pairs *float32)

// prefetchLines asks for that many cache lines of 64 bytes, at least 1, from x on.
//
//go:noescape
func prefetchLines(lines int, x *float32)

// prefetch asks for x to be brought near while something else is computed.
func (path) prefetch(x []float32) {
	if len(x) > 0 {
		prefetchLines((len(x)+simdLanes-1)/simdLanes, &x[0])
	}
}

// fusedSize is the number of weights that a head has room for.
func (s path) fusedSize(steps int) int {
	lanes := s.fusedLanes()
	blocks, rows := (steps+lanes-1)/lanes, (steps+fusedRows-1)&^(fusedRows-1)
	return blocks * rows * lanes
}

func (s path) fusedLanes() int {
	if s == avx512 {
		return 16
	}
	return 8
}

// attend is the forward pass of one head, whose columns y and qkv begin with; the rows of y
// have width entries, and the keys and values lie width and twice width behind the queries.
func (s path) attend(steps, head, width int, y, qkv, weights []float32, scale float32) {
	eights, scale := head/fusedColumns, scale*math.Log2E
	if s == avx512 {
		attendAVX512(steps, eights, width, &y[0], &qkv[0], &weights[0], scale, &attentionTable)
		return
	}
	attendAVX2(steps, eights, width, &y[0], &qkv[0], &weights[0], scale, &attentionTable)
}

// attendBackward is the backward pass of one head after attend, with dscores, as long as
// weights, and pairs for scratch.
func (s path) attendBackward(steps, head, width int, dqkv, dy, qkv, weights, dscores, pairs []float32, scale float32) {
	eights := head / fusedColumns
	dk, dv := &dqkv[width], &dqkv[2*width]
	if s == avx512 {
		mixRowsAVX512(steps, eights, dv, 3*width, &dy[0], width, &weights[0], &pairs[0])
		attendGradientAVX512(steps, eights, width, &dqkv[0], &dy[0], &qkv[0], &weights[0], &dscores[0], scale)
		mixRowsAVX512(steps, eights, dk, 3*width, &qkv[0], 3*width, &dscores[0], &pairs[0])
		return
	}
	mixRowsAVX2(steps, eights, dv, 3*width, &dy[0], width, &weights[0], &pairs[0])
	attendGradientAVX2(steps, eights, width, &dqkv[0], &dy[0], &qkv[0], &weights[0], &dscores[0], scale)
	mixRowsAVX2(steps, eights, dk, 3*width, &qkv[0], 3*width, &dscores[0], &pairs[0])
}
