#include "textflag.h"

// func copyAVX(rows, cols int, dst *float32, dstRow int, src *float32, srcRow int)
TEXT ·copyAVX(SB), NOSPLIT, $0-48
	MOVQ rows+0(FP), CX
	MOVQ cols+8(FP), AX
	MOVQ dst+16(FP), DI
	MOVQ dstRow+24(FP), BX
	MOVQ src+32(FP), SI
	MOVQ srcRow+40(FP), DX
	SHLQ $2, BX
	SHLQ $2, DX

	CMPQ AX, $32
	JEQ  full

	// Y15 selects what is left of a row after its whole vectors.
	MOVQ    AX, R8
	ANDQ    $7, R8
	SUBQ    R8, AX
	SHLQ    $2, AX
	MOVQ    R8, R9
	NEGQ    R9
	LEAQ    ·lanes+32(SB), R10
	VMOVUPS (R10)(R9*4), Y15

row:
	XORQ R9, R9
	JMP  vectors

vector:
	VMOVUPS (SI)(R9*1), Y0
	VMOVUPS Y0, (DI)(R9*1)
	ADDQ    $32, R9

vectors:
	CMPQ       R9, AX
	JLT        vector
	TESTQ      R8, R8
	JZ         rowdone
	VMASKMOVPS (SI)(R9*1), Y15, Y0
	VMOVUPS    Y0, (DI)(R9*1)

rowdone:
	ADDQ DX, SI
	ADDQ BX, DI
	DECQ CX
	JNZ  row
	VZEROUPPER
	RET

full:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVUPS 64(SI), Y2
	VMOVUPS 96(SI), Y3
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	ADDQ    DX, SI
	ADDQ    BX, DI
	DECQ    CX
	JNZ     full
	VZEROUPPER
	RET
