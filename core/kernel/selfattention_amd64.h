// The fused kernels of self-attention, written once for both widths. The file that
// includes this one says where the constants ONE to POWER5 are, and defines
//
//	TERM(i, x, sum)  sum += x times number i at BX, with V1 for scratch
//	GATHER(row)      V8 to V11 = columns 0 to 3 of as many rows as there are lanes, four
//	                 rows in each 16 bytes, and V12 to V15 columns 4 to 7
//	SCATTER(row)     the same into memory
//
// Rows begin at BX, which is at AX or, past the last row, at R14; they are row bytes apart.

#define CONSTANT(row) (32*row)(R8)

#define NEXTROW(row) \
	ADDQ    row, AX; \
	MOVQ    AX, BX; \
	CMPQ    BX, R14; \
	CMOVQHI R14, BX

// TURN transposes each 16 bytes of a, b, c and d, with V0 to V3 for scratch.
#define TURN(a, b, c, d) \
	VUNPCKLPS b, a, V0; \
	VUNPCKHPS b, a, V1; \
	VUNPCKLPS d, c, V2; \
	VUNPCKHPS d, c, V3; \
	VUNPCKLPD V2, V0, a; \
	VUNPCKHPD V2, V0, b; \
	VUNPCKLPD V3, V1, c; \
	VUNPCKHPD V3, V1, d

#define TURNBOTH \
	TURN(V8, V9, V10, V11); \
	TURN(V12, V13, V14, V15)

#define MULTIPLYBOTH(x) \
	VMULPS x, V8, V8; \
	VMULPS x, V9, V9; \
	VMULPS x, V10, V10; \
	VMULPS x, V11, V11; \
	VMULPS x, V12, V12; \
	VMULPS x, V13, V13; \
	VMULPS x, V14, V14; \
	VMULPS x, V15, V15

#define CLEARBOTH \
	CLEAR(V8); \
	CLEAR(V9); \
	CLEAR(V10); \
	CLEAR(V11); \
	CLEAR(V12); \
	CLEAR(V13); \
	CLEAR(V14); \
	CLEAR(V15)

// INNER adds to V0 the products of V8 to V15 with the eight numbers at BX.
#define INNER \
	TERM(0, V8, V0); \
	TERM(1, V9, V0); \
	TERM(2, V10, V0); \
	TERM(3, V11, V0); \
	TERM(4, V12, V0); \
	TERM(5, V13, V0); \
	TERM(6, V14, V0); \
	TERM(7, V15, V0)

// OUTER adds V2 times each of the eight numbers at BX to V8 to V15.
#define OUTER \
	TERM(0, V2, V8); \
	TERM(1, V2, V9); \
	TERM(2, V2, V10); \
	TERM(3, V2, V11); \
	TERM(4, V2, V12); \
	TERM(5, V2, V13); \
	TERM(6, V2, V14); \
	TERM(7, V2, V15)

// POWEROFTWO sets V2 to 2^V0 for V0 <= 0, with V1 and V3 for scratch. The clamp keeps
// NaN, which it returns as the second operand in the machine's order, the first in this
// one.
#define POWEROFTWO \
	VMOVUPS     LEAST, V3; \
	VMAXPS      V0, V3, V0; \
	VADDPS      SHIFTER, V0, V1; \
	VSUBPS      SHIFTER, V1, V2; \
	VSUBPS      V2, V0, V0; \
	VPSLLD      $23, V1, V1; \
	VMOVUPS     POWER5, V2; \
	VFMADD213PS POWER4, V0, V2; \
	VFMADD213PS POWER3, V0, V2; \
	VFMADD213PS POWER2, V0, V2; \
	VFMADD213PS POWER1, V0, V2; \
	VFMADD213PS ONE, V0, V2; \
	VMULPS      V1, V2, V2

// Both kernels go through the queries block by block. R9 is the number of steps, R10 and
// DX the bytes of a row of y and of qkv, R13 the steps not yet done, DI the block's
// weights, R15 the bytes to the columns of the head that are worked on, R11 and R12 the
// block's first rows of what is read and written.

#define SIZES \
	MOVQ steps+0(FP), R9; \
	MOVQ R9, R13; \
	MOVQ width+16(FP), R10; \
	SHLQ $2, R10; \
	LEAQ (R10)(R10*2), DX

// LAST sets R14 to the current columns of the last of the rows at first.
#define LAST(first, row) \
	LEAQ  -1(R9), R14; \
	IMULQ row, R14; \
	ADDQ  first, R14; \
	ADDQ  R15, R14

// ROWS points BX to the current columns of the keys or values, parts widths into qkv,
// SI to the block's weights, and sets CX to the number of rows.
#define ROWS(qkv, parts) \
	MOVQ qkv, BX; \
	LEAQ (BX)(R10*parts), BX; \
	ADDQ R15, BX; \
	MOVQ DI, SI; \
	MOVQ R9, CX

#define NEXT(loop) \
	ADDQ DX, BX; \
	ADDQ $BYTES, SI; \
	DECQ CX; \
	JNZ  loop

// NEXTCOLUMNS goes on to the next eight columns of the head, if there are any.
#define NEXTCOLUMNS(more) \
	ADDQ $32, R15; \
	MOVQ eights+8(FP), AX; \
	SHLQ $5, AX; \
	CMPQ R15, AX; \
	JLT  more

// NEXTBLOCK goes on to the next block of queries, if there is one.
#define NEXTBLOCK(block, in, out) \
	LEAQ  7(R9), AX; \
	ANDQ  $-8, AX; \
	IMULQ $BYTES, AX; \
	ADDQ  AX, DI; \
	MOVQ  in, AX; \
	IMULQ $(BYTES/4), AX; \
	ADDQ  AX, R11; \
	MOVQ  out, AX; \
	IMULQ $(BYTES/4), AX; \
	ADDQ  AX, R12; \
	SUBQ  $(BYTES/4), R13; \
	JG    block

// SCORES sets the block's weights to the products of its queries, at R11, with the keys,
// times the scale, and V4 to the largest of each query.
#define SCORES(columns, first, more, done) \
	XORQ R15, R15; \
columns: \
	LAST(qkv+32(FP), DX); \
	LEAQ (R11)(R15*1), AX; \
	MOVQ AX, BX; \
	GATHER(DX); \
	TURNBOTH; \
	VBROADCASTSS scale+48(FP), V0; \
	MULTIPLYBOTH(V0); \
	ROWS(qkv+32(FP), 1); \
	VMOVUPS MINUSINFINITY, V4; \
	TESTQ R15, R15; \
	JNZ   more; \
first: \
	CLEAR(V0); \
	INNER; \
	VMOVUPS V0, (SI); \
	VMAXPS  V0, V4, V4; \
	NEXT(first); \
	JMP done; \
more: \
	VMOVUPS (SI), V0; \
	INNER; \
	VMOVUPS V0, (SI); \
	VMAXPS  V0, V4, V4; \
	NEXT(more); \
done: \
	NEXTCOLUMNS(columns)

// EXPONENTIALS replaces the scores by 2^(score - V4), sets V5 to one over their sums and
// V8 to V15 to their products with the first eight columns of the values.
#define EXPONENTIALS(row) \
	XORQ R15, R15; \
	ROWS(qkv+32(FP), 2); \
	CLEAR(V5); \
	CLEARBOTH; \
row: \
	VMOVUPS (SI), V0; \
	VSUBPS  V4, V0, V0; \
	POWEROFTWO; \
	VMOVUPS V2, (SI); \
	VADDPS  V2, V5, V5; \
	OUTER; \
	NEXT(row); \
	VMOVUPS ONE, V0; \
	VDIVPS  V5, V0, V5

// OUTPUTS writes V8 to V15 times V5 into y, goes on to the other columns, and divides the
// weights by their sums.
#define OUTPUTS(columns, row, done, divide) \
columns: \
	MULTIPLYBOTH(V5); \
	TURNBOTH; \
	LAST(y+24(FP), R10); \
	LEAQ (R12)(R15*1), AX; \
	MOVQ AX, BX; \
	SCATTER(R10); \
	ADDQ $32, R15; \
	MOVQ eights+8(FP), AX; \
	SHLQ $5, AX; \
	CMPQ R15, AX; \
	JGE  done; \
	ROWS(qkv+32(FP), 2); \
	CLEARBOTH; \
row: \
	VMOVUPS (SI), V2; \
	OUTER; \
	NEXT(row); \
	JMP columns; \
done: \
	MOVQ DI, SI; \
	MOVQ R9, CX; \
divide: \
	VMULPS  (SI), V5, V0; \
	VMOVUPS V0, (SI); \
	ADDQ    $BYTES, SI; \
	DECQ    CX; \
	JNZ     divide

#define ATTEND \
	SIZES; \
	MOVQ y+24(FP), R12; \
	MOVQ qkv+32(FP), R11; \
	MOVQ weights+40(FP), DI; \
	MOVQ table+56(FP), R8; \
	CONSTANTS; \
block: \
	SCORES(scores, firstscore, score, scored); \
	EXPONENTIALS(exponential); \
	OUTPUTS(output, row, divided, divide); \
	NEXTBLOCK(block, DX, R10); \
	VZEROUPPER; \
	RET

// DIFFERENCES sets the block's differences, R8 bytes after its weights, to the products of
// the gradients of its outputs, at R11, with the values, times the scale, and V4 to their
// sums with the weights.
#define DIFFERENCES(columns, first, more, done) \
	XORQ R15, R15; \
columns: \
	LAST(dy+32(FP), R10); \
	LEAQ (R11)(R15*1), AX; \
	MOVQ AX, BX; \
	GATHER(R10); \
	TURNBOTH; \
	VBROADCASTSS scale+64(FP), V0; \
	MULTIPLYBOTH(V0); \
	ROWS(qkv+40(FP), 2); \
	CLEAR(V4); \
	TESTQ R15, R15; \
	JNZ   more; \
first: \
	CLEAR(V0); \
	INNER; \
	VMOVUPS     V0, (SI)(R8*1); \
	VFMADD231PS (SI), V0, V4; \
	NEXT(first); \
	JMP done; \
more: \
	VMOVUPS (SI)(R8*1), V0; \
	INNER; \
	VMOVUPS     V0, (SI)(R8*1); \
	VFMADD231PS (SI), V0, V4; \
	NEXT(more); \
done: \
	NEXTCOLUMNS(columns)

// SOFTMAXGRADIENT turns the differences into the gradients of the scores, times the scale,
// and sets V8 to V15 to their products with the first eight columns of the keys.
#define SOFTMAXGRADIENT(row) \
	XORQ R15, R15; \
	ROWS(qkv+40(FP), 1); \
	CLEARBOTH; \
row: \
	VMOVUPS (SI)(R8*1), V2; \
	VSUBPS  V4, V2, V2; \
	VMULPS  (SI), V2, V2; \
	VMOVUPS V2, (SI)(R8*1); \
	OUTER; \
	NEXT(row)

// QUERYGRADIENTS writes V8 to V15 into dqkv and goes on to the other columns.
#define QUERYGRADIENTS(columns, row, done) \
columns: \
	TURNBOTH; \
	LAST(dqkv+24(FP), DX); \
	LEAQ (R12)(R15*1), AX; \
	MOVQ AX, BX; \
	SCATTER(DX); \
	ADDQ $32, R15; \
	MOVQ eights+8(FP), AX; \
	SHLQ $5, AX; \
	CMPQ R15, AX; \
	JGE  done; \
	ROWS(qkv+40(FP), 1); \
	CLEARBOTH; \
row: \
	VMOVUPS (SI)(R8*1), V2; \
	OUTER; \
	NEXT(row); \
	JMP columns; \
done:

#define ATTENDGRADIENT \
	SIZES; \
	MOVQ dqkv+24(FP), R12; \
	MOVQ dy+32(FP), R11; \
	MOVQ weights+48(FP), DI; \
	MOVQ dscores+56(FP), R8; \
	SUBQ DI, R8; \
block: \
	DIFFERENCES(differences, firstdifference, difference, different); \
	SOFTMAXGRADIENT(gradient); \
	QUERYGRADIENTS(output, row, done); \
	NEXTBLOCK(block, R10, DX); \
	VZEROUPPER; \
	RET

// MIXSIZES begins the products over queries: R9 is the number of steps, R8 that of eights
// of columns, R10 where the result goes, its rows R11 bytes apart, R12 where the rows are
// that it is made of, R15 the bytes of a block of weights.
#define MIXSIZES \
	MOVQ  steps+0(FP), R9; \
	MOVQ  eights+8(FP), R8; \
	MOVQ  dst+16(FP), R10; \
	MOVQ  dstRow+24(FP), R11; \
	SHLQ  $2, R11; \
	MOVQ  src+32(FP), R12; \
	LEAQ  7(R9), R15; \
	ANDQ  $-8, R15; \
	IMULQ $BYTES, R15

// PAIRROWS interleaves eight columns of each two rows that follow one another, and of the
// last of an odd number with zeros: numbers 0, 1, 4 and 5 of both, then the others.
#define PAIRROWS(pair, odd) \
	MOVQ R12, SI; \
	MOVQ srcRow+40(FP), R13; \
	SHLQ $2, R13; \
	MOVQ pairs+56(FP), DX; \
	MOVQ R9, CX; \
pair: \
	VMOVUPS (SI), Y0; \
	VXORPS  Y1, Y1, Y1; \
	CMPQ    CX, $1; \
	JEQ     odd; \
	VMOVUPS (SI)(R13*1), Y1; \
odd: \
	VUNPCKLPS Y1, Y0, Y2; \
	VUNPCKHPS Y1, Y0, Y3; \
	VMOVUPS   Y2, (DX); \
	VMOVUPS   Y3, 32(DX); \
	LEAQ      (SI)(R13*2), SI; \
	ADDQ      $64, DX; \
	SUBQ      $2, CX; \
	JG        pair

// PAIRSOFBLOCK points R13 to a row of the block at BX and sets CX to the number of its
// pairs, of the R14 steps that are left.
#define PAIRSOFBLOCK \
	MOVQ    BX, R13; \
	MOVQ    $(BYTES/4), CX; \
	CMPQ    R14, CX; \
	CMOVQLT R14, CX; \
	INCQ    CX; \
	SHRQ    $1, CX

// MIXROW writes a row of sums, of even queries in even lanes, and leaves after the last.
#define MIXROW(lo, hi, done) \
	VSHUFPS $0x88, hi, lo, Y8; \
	VSHUFPS $0xdd, hi, lo, Y9; \
	VADDPS  Y9, Y8, Y8; \
	VMOVUPS Y8, (DI); \
	ADDQ    R11, DI; \
	DECQ    AX; \
	JZ      done
