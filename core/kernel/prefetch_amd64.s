#include "textflag.h"

// A row of up to 32 columns lies in at most three cache lines of 64 bytes: those of
// its first, its middle and its last byte.

// func prefetchTile(rows, cols int, c *float32, cRow int)
TEXT ·prefetchTile(SB), NOSPLIT, $0-32
	MOVQ rows+0(FP), CX
	MOVQ cols+8(FP), BX
	MOVQ c+16(FP), SI
	MOVQ cRow+24(FP), DX
	SHLQ $2, DX
	ADDQ BX, BX              // bytes to the middle
	LEAQ -1(BX)(BX*1), DI    // and to the end

row:
	PREFETCHT0 (SI)
	PREFETCHT0 (SI)(BX*1)
	PREFETCHT0 (SI)(DI*1)
	ADDQ       DX, SI
	DECQ       CX
	JNZ        row
	RET

// func prefetchLines(lines int, x *float32)
TEXT ·prefetchLines(SB), NOSPLIT, $0-16
	MOVQ lines+0(FP), CX
	MOVQ x+8(FP), SI

line:
	PREFETCHT0 (SI)
	ADDQ       $64, SI
	DECQ       CX
	JNZ        line
	RET
