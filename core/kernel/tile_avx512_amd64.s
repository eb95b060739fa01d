#include "textflag.h"

// The accumulators of tile row r are Z(2r) for its first 16 columns and Z(2r+1)
// for the other 16. SI points to the A element of row 0 and R8, R9, R10, R11, R12,
// R13, R15 hold 1, 3, 5, 7, 9, 11 and 13 times the distance between rows, from
// which scaled indexing reaches all 14.
#define A0 (SI)
#define A1 (SI)(R8*1)
#define A2 (SI)(R8*2)
#define A3 (SI)(R9*1)
#define A4 (SI)(R8*4)
#define A5 (SI)(R10*1)
#define A6 (SI)(R9*2)
#define A7 (SI)(R11*1)
#define A8 (SI)(R8*8)
#define A9 (SI)(R12*1)
#define A10 (SI)(R10*2)
#define A11 (SI)(R13*1)
#define A12 (SI)(R9*4)
#define A13 (SI)(R15*1)

// PAIR adds one A element times 32 columns of B, SINGLE times 16.
#define PAIR(a, lo, hi) \
	VBROADCASTSS a, Z30; \
	VFMADD231PS  Z28, Z30, lo; \
	VFMADD231PS  Z29, Z30, hi

#define SINGLE(a, lo) \
	VFMADD231PS.BCST a, Z28, lo

#define PAIRS1 PAIR(A0, Z0, Z1)
#define PAIRS2 PAIRS1; PAIR(A1, Z2, Z3)
#define PAIRS3 PAIRS2; PAIR(A2, Z4, Z5)
#define PAIRS4 PAIRS3; PAIR(A3, Z6, Z7)
#define PAIRS5 PAIRS4; PAIR(A4, Z8, Z9)
#define PAIRS6 PAIRS5; PAIR(A5, Z10, Z11)
#define PAIRS7 PAIRS6; PAIR(A6, Z12, Z13)
#define PAIRS8 PAIRS7; PAIR(A7, Z14, Z15)
#define PAIRS9 PAIRS8; PAIR(A8, Z16, Z17)
#define PAIRS10 PAIRS9; PAIR(A9, Z18, Z19)
#define PAIRS11 PAIRS10; PAIR(A10, Z20, Z21)
#define PAIRS12 PAIRS11; PAIR(A11, Z22, Z23)
#define PAIRS13 PAIRS12; PAIR(A12, Z24, Z25)
#define PAIRS14 PAIRS13; PAIR(A13, Z26, Z27)

#define SINGLES1 SINGLE(A0, Z0)
#define SINGLES2 SINGLES1; SINGLE(A1, Z2)
#define SINGLES3 SINGLES2; SINGLE(A2, Z4)
#define SINGLES4 SINGLES3; SINGLE(A3, Z6)
#define SINGLES5 SINGLES4; SINGLE(A4, Z8)
#define SINGLES6 SINGLES5; SINGLE(A5, Z10)
#define SINGLES7 SINGLES6; SINGLE(A6, Z12)
#define SINGLES8 SINGLES7; SINGLE(A7, Z14)
#define SINGLES9 SINGLES8; SINGLE(A8, Z16)
#define SINGLES10 SINGLES9; SINGLE(A9, Z18)
#define SINGLES11 SINGLES10; SINGLE(A10, Z20)
#define SINGLES12 SINGLES11; SINGLE(A11, Z22)
#define SINGLES13 SINGLES12; SINGLE(A12, Z24)
#define SINGLES14 SINGLES13; SINGLE(A13, Z26)

// WIDE and NARROW are the loops over k for one number of rows. WIDE asks for the same
// rows of the next 32 columns of B: where B is read in place, its rows lie too far
// apart for the processor to foresee that. In a packed B these are the next row.
#define WIDE(label, pairs) \
label: \
	VMOVUPS.Z (DX), K1, Z28; \
	VMOVUPS.Z 64(DX), K2, Z29; \
	PREFETCHT0 128(DX); \
	PREFETCHT0 192(DX); \
	pairs; \
	ADDQ BX, SI; \
	ADDQ DI, DX; \
	DECQ CX; \
	JNZ  label; \
	JMP  storewide

#define NARROW(label, singles) \
label: \
	VMOVUPS.Z (DX), K1, Z28; \
	singles; \
	ADDQ BX, SI; \
	ADDQ DI, DX; \
	DECQ CX; \
	JNZ  label; \
	JMP  storenarrow

// The rungs of the ladders that read what the sums begin with and write the C tile: they go down row by
// row and leave after the last.
#define LOADWIDE(lo, hi) \
	VMOVUPS.Z (R14), K1, lo; \
	VMOVUPS.Z 64(R14), K2, hi; \
	ADDQ R8, R14; \
	DECQ R9; \
	JZ   startwide

#define LOADNARROW(lo) \
	VMOVUPS.Z (R14), K1, lo; \
	ADDQ R8, R14; \
	DECQ R9; \
	JZ   startnarrow

#define STOREWIDE(lo, hi) \
	VMOVUPS lo, K1, (R14); \
	VMOVUPS hi, K2, 64(R14); \
	ADDQ R8, R14; \
	DECQ AX; \
	JZ   done

#define STORENARROW(lo) \
	VMOVUPS lo, K1, (R14); \
	ADDQ R8, R14; \
	DECQ AX; \
	JZ   done

// STRIDES fills the registers with the multiples of the distance between A rows.
#define STRIDES \
	MOVQ aRow+32(FP), R8; \
	SHLQ $2, R8; \
	LEAQ (R8)(R8*2), R9; \
	LEAQ (R8)(R8*4), R10; \
	LEAQ (R10)(R8*2), R11; \
	LEAQ (R8)(R8*8), R12; \
	LEAQ (R12)(R8*2), R13; \
	LEAQ (R12)(R8*4), R15

// func tileAVX512(rows, cols, k int, a *float32, aRow, aCol int, b *float32, bRow int, c *float32, cRow int, from *float32, fromRow int)
TEXT ·tileAVX512(SB), NOSPLIT, $0-96
	MOVQ rows+0(FP), AX
	MOVQ cols+8(FP), R8
	MOVQ k+16(FP), CX
	MOVQ a+24(FP), SI
	MOVQ aCol+40(FP), BX
	MOVQ b+48(FP), DX
	MOVQ bRow+56(FP), DI
	SHLQ $2, BX
	SHLQ $2, DI

	// One mask bit a column: K1 for the first 16, K2 for the rest.
	MOVQ  $-1, R9
	BZHIQ R8, R9, R9
	KMOVW R9, K1
	SHRQ  $16, R9
	KMOVW R9, K2

	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	VPXORQ Z4, Z4, Z4
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7
	VPXORQ Z8, Z8, Z8
	VPXORQ Z9, Z9, Z9
	VPXORQ Z10, Z10, Z10
	VPXORQ Z11, Z11, Z11
	VPXORQ Z12, Z12, Z12
	VPXORQ Z13, Z13, Z13
	VPXORQ Z14, Z14, Z14
	VPXORQ Z15, Z15, Z15
	VPXORQ Z16, Z16, Z16
	VPXORQ Z17, Z17, Z17
	VPXORQ Z18, Z18, Z18
	VPXORQ Z19, Z19, Z19
	VPXORQ Z20, Z20, Z20
	VPXORQ Z21, Z21, Z21
	VPXORQ Z22, Z22, Z22
	VPXORQ Z23, Z23, Z23
	VPXORQ Z24, Z24, Z24
	VPXORQ Z25, Z25, Z25
	VPXORQ Z26, Z26, Z26
	VPXORQ Z27, Z27, Z27

	CMPQ  R8, $16
	JLE   narrow

	MOVQ  from+80(FP), R14
	TESTQ R14, R14
	JZ    startwide
	MOVQ  fromRow+88(FP), R8
	SHLQ  $2, R8
	MOVQ  AX, R9
	LOADWIDE(Z0, Z1)
	LOADWIDE(Z2, Z3)
	LOADWIDE(Z4, Z5)
	LOADWIDE(Z6, Z7)
	LOADWIDE(Z8, Z9)
	LOADWIDE(Z10, Z11)
	LOADWIDE(Z12, Z13)
	LOADWIDE(Z14, Z15)
	LOADWIDE(Z16, Z17)
	LOADWIDE(Z18, Z19)
	LOADWIDE(Z20, Z21)
	LOADWIDE(Z22, Z23)
	LOADWIDE(Z24, Z25)
	LOADWIDE(Z26, Z27)

startwide:
	STRIDES
	TESTQ CX, CX
	JZ    storewide
	CMPQ  AX, $14
	JEQ   wide14
	CMPQ  AX, $12
	JEQ   wide12
	JGT   wide13
	CMPQ  AX, $8
	JEQ   wide8
	JLT   below8
	CMPQ  AX, $10
	JEQ   wide10
	JGT   wide11
	JMP   wide9

below8:
	CMPQ AX, $4
	JEQ  wide4
	JLT  below4
	CMPQ AX, $6
	JEQ  wide6
	JGT  wide7
	JMP  wide5

below4:
	CMPQ AX, $2
	JEQ  wide2
	JGT  wide3
	JMP  wide1

	PCALIGN $64
	WIDE(wide14, PAIRS14)
	WIDE(wide13, PAIRS13)
	WIDE(wide12, PAIRS12)
	WIDE(wide11, PAIRS11)
	WIDE(wide10, PAIRS10)
	WIDE(wide9, PAIRS9)
	WIDE(wide8, PAIRS8)
	WIDE(wide7, PAIRS7)
	WIDE(wide6, PAIRS6)
	WIDE(wide5, PAIRS5)
	WIDE(wide4, PAIRS4)
	WIDE(wide3, PAIRS3)
	WIDE(wide2, PAIRS2)
	WIDE(wide1, PAIRS1)

storewide:
	MOVQ c+64(FP), R14
	MOVQ cRow+72(FP), R8
	SHLQ $2, R8
	STOREWIDE(Z0, Z1)
	STOREWIDE(Z2, Z3)
	STOREWIDE(Z4, Z5)
	STOREWIDE(Z6, Z7)
	STOREWIDE(Z8, Z9)
	STOREWIDE(Z10, Z11)
	STOREWIDE(Z12, Z13)
	STOREWIDE(Z14, Z15)
	STOREWIDE(Z16, Z17)
	STOREWIDE(Z18, Z19)
	STOREWIDE(Z20, Z21)
	STOREWIDE(Z22, Z23)
	STOREWIDE(Z24, Z25)
	STOREWIDE(Z26, Z27)
	JMP done

narrow:
	MOVQ  from+80(FP), R14
	TESTQ R14, R14
	JZ    startnarrow
	MOVQ  fromRow+88(FP), R8
	SHLQ  $2, R8
	MOVQ  AX, R9
	LOADNARROW(Z0)
	LOADNARROW(Z2)
	LOADNARROW(Z4)
	LOADNARROW(Z6)
	LOADNARROW(Z8)
	LOADNARROW(Z10)
	LOADNARROW(Z12)
	LOADNARROW(Z14)
	LOADNARROW(Z16)
	LOADNARROW(Z18)
	LOADNARROW(Z20)
	LOADNARROW(Z22)
	LOADNARROW(Z24)
	LOADNARROW(Z26)

startnarrow:
	STRIDES
	TESTQ CX, CX
	JZ    storenarrow
	CMPQ  AX, $14
	JEQ   narrow14
	CMPQ  AX, $12
	JEQ   narrow12
	JGT   narrow13
	CMPQ  AX, $8
	JEQ   narrow8
	JLT   narrowbelow8
	CMPQ  AX, $10
	JEQ   narrow10
	JGT   narrow11
	JMP   narrow9

narrowbelow8:
	CMPQ AX, $4
	JEQ  narrow4
	JLT  narrowbelow4
	CMPQ AX, $6
	JEQ  narrow6
	JGT  narrow7
	JMP  narrow5

narrowbelow4:
	CMPQ AX, $2
	JEQ  narrow2
	JGT  narrow3
	JMP  narrow1

	NARROW(narrow14, SINGLES14)
	NARROW(narrow13, SINGLES13)
	NARROW(narrow12, SINGLES12)
	NARROW(narrow11, SINGLES11)
	NARROW(narrow10, SINGLES10)
	NARROW(narrow9, SINGLES9)
	NARROW(narrow8, SINGLES8)
	NARROW(narrow7, SINGLES7)
	NARROW(narrow6, SINGLES6)
	NARROW(narrow5, SINGLES5)
	NARROW(narrow4, SINGLES4)
	NARROW(narrow3, SINGLES3)
	NARROW(narrow2, SINGLES2)
	NARROW(narrow1, SINGLES1)

storenarrow:
	MOVQ c+64(FP), R14
	MOVQ cRow+72(FP), R8
	SHLQ $2, R8
	STORENARROW(Z0)
	STORENARROW(Z2)
	STORENARROW(Z4)
	STORENARROW(Z6)
	STORENARROW(Z8)
	STORENARROW(Z10)
	STORENARROW(Z12)
	STORENARROW(Z14)
	STORENARROW(Z16)
	STORENARROW(Z18)
	STORENARROW(Z20)
	STORENARROW(Z22)
	STORENARROW(Z24)
	STORENARROW(Z26)

done:
	VZEROUPPER
	RET
