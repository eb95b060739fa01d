#include "textflag.h"

// lanes has eight lanes on, then eight off: the eight from 8-n on are a mask for n
// values. Other files use it too.
DATA ·lanes+0(SB)/8, $-1
DATA ·lanes+8(SB)/8, $-1
DATA ·lanes+16(SB)/8, $-1
DATA ·lanes+24(SB)/8, $-1
DATA ·lanes+32(SB)/8, $0
DATA ·lanes+40(SB)/8, $0
DATA ·lanes+48(SB)/8, $0
DATA ·lanes+56(SB)/8, $0
GLOBL ·lanes(SB), RODATA|NOPTR, $64

// The accumulators of tile row r are Y(2r) for its first 8 columns and Y(2r+1) for
// the other 8. SI points to the A element of row 0 and R8, R9, R10 hold 1, 3 and 5
// times the distance between rows.
#define A0 (SI)
#define A1 (SI)(R8*1)
#define A2 (SI)(R8*2)
#define A3 (SI)(R9*1)
#define A4 (SI)(R8*4)
#define A5 (SI)(R10*1)

// PAIR adds one A element times 16 columns of B, SINGLE times 8.
#define PAIR(a, lo, hi) \
	VBROADCASTSS a, Y14; \
	VFMADD231PS Y12, Y14, lo; \
	VFMADD231PS Y13, Y14, hi

#define SINGLE(a, lo) \
	VBROADCASTSS a, Y14; \
	VFMADD231PS Y12, Y14, lo

#define PAIRS1 PAIR(A0, Y0, Y1)
#define PAIRS2 PAIRS1; PAIR(A1, Y2, Y3)
#define PAIRS3 PAIRS2; PAIR(A2, Y4, Y5)
#define PAIRS4 PAIRS3; PAIR(A3, Y6, Y7)
#define PAIRS5 PAIRS4; PAIR(A4, Y8, Y9)
#define PAIRS6 PAIRS5; PAIR(A5, Y10, Y11)

#define SINGLES1 SINGLE(A0, Y0)
#define SINGLES2 SINGLES1; SINGLE(A1, Y2)
#define SINGLES3 SINGLES2; SINGLE(A2, Y4)
#define SINGLES4 SINGLES3; SINGLE(A3, Y6)
#define SINGLES5 SINGLES4; SINGLE(A4, Y8)
#define SINGLES6 SINGLES5; SINGLE(A5, Y10)

// WIDE, NARROW and MASKED are the loops over k for one number of rows, over 16, 8
// and fewer columns. WIDE asks for the same rows of the next 16 columns of B: where B
// is read in place, its rows lie too far apart for the processor to foresee that.
#define WIDE(label, pairs) \
label: \
	VMOVUPS (DX), Y12; \
	VMOVUPS 32(DX), Y13; \
	PREFETCHT0 64(DX); \
	pairs; \
	ADDQ BX, SI; \
	ADDQ DI, DX; \
	DECQ CX; \
	JNZ  label; \
	JMP  storewide

#define NARROW(label, singles) \
label: \
	VMOVUPS (DX), Y12; \
	singles; \
	ADDQ BX, SI; \
	ADDQ DI, DX; \
	DECQ CX; \
	JNZ  label; \
	JMP  storenarrow

#define MASKED(label, singles) \
label: \
	VMASKMOVPS (DX), Y15, Y12; \
	singles; \
	ADDQ BX, SI; \
	ADDQ DI, DX; \
	DECQ CX; \
	JNZ  label; \
	JMP  storemasked

// The rungs of the ladders that read and write the C tile: they go down row by
// row and leave after the last.
#define LOADWIDE(lo, hi) \
	VMOVUPS (R14), lo; \
	VMOVUPS 32(R14), hi; \
	ADDQ R11, R14; \
	DECQ R12; \
	JZ   startwide

#define LOADNARROW(lo) \
	VMOVUPS (R14), lo; \
	ADDQ R11, R14; \
	DECQ R12; \
	JZ   startnarrow

#define LOADMASKED(lo) \
	VMASKMOVPS (R14), Y15, lo; \
	ADDQ R11, R14; \
	DECQ R12; \
	JZ   startmasked

#define STOREWIDE(lo, hi) \
	VMOVUPS lo, (R14); \
	VMOVUPS hi, 32(R14); \
	ADDQ R11, R14; \
	DECQ AX; \
	JZ   done

#define STORENARROW(lo) \
	VMOVUPS lo, (R14); \
	ADDQ R11, R14; \
	DECQ AX; \
	JZ   done

#define STOREMASKED(lo) \
	VMASKMOVPS lo, Y15, (R14); \
	ADDQ R11, R14; \
	DECQ AX; \
	JZ   done

// func tileAVX2(rows, cols, k int, a *float32, aRow, aCol int, b *float32, bRow int, c *float32, cRow int, from *float32, fromRow int)
TEXT ·tileAVX2(SB), NOSPLIT, $0-96
	MOVQ rows+0(FP), AX
	MOVQ cols+8(FP), R13
	MOVQ k+16(FP), CX
	MOVQ a+24(FP), SI
	MOVQ aRow+32(FP), R8
	MOVQ aCol+40(FP), BX
	MOVQ b+48(FP), DX
	MOVQ bRow+56(FP), DI
	MOVQ from+80(FP), R14
	MOVQ fromRow+88(FP), R11
	SHLQ $2, R8
	SHLQ $2, BX
	SHLQ $2, DI
	SHLQ $2, R11
	LEAQ (R8)(R8*2), R9
	LEAQ (R8)(R8*4), R10
	MOVQ AX, R12

	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11

	CMPQ  R13, $8
	JEQ   narrow
	JLT   masked

	TESTQ R14, R14
	JZ    startwide
	LOADWIDE(Y0, Y1)
	LOADWIDE(Y2, Y3)
	LOADWIDE(Y4, Y5)
	LOADWIDE(Y6, Y7)
	LOADWIDE(Y8, Y9)
	LOADWIDE(Y10, Y11)

startwide:
	TESTQ CX, CX
	JZ    storewide
	CMPQ  AX, $6
	JEQ   wide6
	CMPQ  AX, $4
	JEQ   wide4
	JGT   wide5
	CMPQ  AX, $2
	JEQ   wide2
	JGT   wide3
	JMP   wide1

	PCALIGN $64
	WIDE(wide6, PAIRS6)
	WIDE(wide5, PAIRS5)
	WIDE(wide4, PAIRS4)
	WIDE(wide3, PAIRS3)
	WIDE(wide2, PAIRS2)
	WIDE(wide1, PAIRS1)

storewide:
	MOVQ c+64(FP), R14
	MOVQ cRow+72(FP), R11
	SHLQ $2, R11
	STOREWIDE(Y0, Y1)
	STOREWIDE(Y2, Y3)
	STOREWIDE(Y4, Y5)
	STOREWIDE(Y6, Y7)
	STOREWIDE(Y8, Y9)
	STOREWIDE(Y10, Y11)
	JMP done

narrow:
	TESTQ R14, R14
	JZ    startnarrow
	LOADNARROW(Y0)
	LOADNARROW(Y2)
	LOADNARROW(Y4)
	LOADNARROW(Y6)
	LOADNARROW(Y8)
	LOADNARROW(Y10)

startnarrow:
	TESTQ CX, CX
	JZ    storenarrow
	CMPQ  AX, $6
	JEQ   narrow6
	CMPQ  AX, $4
	JEQ   narrow4
	JGT   narrow5
	CMPQ  AX, $2
	JEQ   narrow2
	JGT   narrow3
	JMP   narrow1

	NARROW(narrow6, SINGLES6)
	NARROW(narrow5, SINGLES5)
	NARROW(narrow4, SINGLES4)
	NARROW(narrow3, SINGLES3)
	NARROW(narrow2, SINGLES2)
	NARROW(narrow1, SINGLES1)

storenarrow:
	MOVQ c+64(FP), R14
	MOVQ cRow+72(FP), R11
	SHLQ $2, R11
	STORENARROW(Y0)
	STORENARROW(Y2)
	STORENARROW(Y4)
	STORENARROW(Y6)
	STORENARROW(Y8)
	STORENARROW(Y10)
	JMP done

masked:
	NEGQ    R13
	LEAQ    ·lanes+32(SB), R9
	VMOVUPS (R9)(R13*4), Y15
	LEAQ    (R8)(R8*2), R9
	TESTQ   R14, R14
	JZ      startmasked
	LOADMASKED(Y0)
	LOADMASKED(Y2)
	LOADMASKED(Y4)
	LOADMASKED(Y6)
	LOADMASKED(Y8)
	LOADMASKED(Y10)

startmasked:
	TESTQ CX, CX
	JZ    storemasked
	CMPQ  AX, $6
	JEQ   masked6
	CMPQ  AX, $4
	JEQ   masked4
	JGT   masked5
	CMPQ  AX, $2
	JEQ   masked2
	JGT   masked3
	JMP   masked1

	MASKED(masked6, SINGLES6)
	MASKED(masked5, SINGLES5)
	MASKED(masked4, SINGLES4)
	MASKED(masked3, SINGLES3)
	MASKED(masked2, SINGLES2)
	MASKED(masked1, SINGLES1)

storemasked:
	MOVQ c+64(FP), R14
	MOVQ cRow+72(FP), R11
	SHLQ $2, R11
	STOREMASKED(Y0)
	STOREMASKED(Y2)
	STOREMASKED(Y4)
	STOREMASKED(Y6)
	STOREMASKED(Y8)
	STOREMASKED(Y10)

done:
	VZEROUPPER
	RET
