#include "textflag.h"
#include "vector_avx2_amd64.h"

#define ONE CONSTANT(0)
#define MINUSINFINITY CONSTANT(1)
#define LEAST CONSTANT(2)
#define SHIFTER CONSTANT(3)
#define POWER1 CONSTANT(4)
#define POWER2 CONSTANT(5)
#define POWER3 CONSTANT(6)
#define POWER4 CONSTANT(7)
#define POWER5 CONSTANT(8)
#define CONSTANTS

#define TERM(i, x, sum) \
	VBROADCASTSS (4*i)(BX), V1; \
	VFMADD231PS  V1, x, sum

#include "selfattention_amd64.h"

#define READ(row, lo, hi) \
	VMOVUPS (BX), lo; \
	VMOVUPS 16(BX), hi; \
	NEXTROW(row)

#define READUPPER(row, lo, hi) \
	VINSERTF128 $1, (BX), lo, lo; \
	VINSERTF128 $1, 16(BX), hi, hi; \
	NEXTROW(row)

#define GATHER(row) \
	READ(row, X8, X12); \
	READ(row, X9, X13); \
	READ(row, X10, X14); \
	READ(row, X11, X15); \
	READUPPER(row, Y8, Y12); \
	READUPPER(row, Y9, Y13); \
	READUPPER(row, Y10, Y14); \
	READUPPER(row, Y11, Y15)

#define WRITE(row, lo, hi) \
	VMOVUPS lo, (BX); \
	VMOVUPS hi, 16(BX); \
	NEXTROW(row)

#define WRITEUPPER(row, lo, hi) \
	VEXTRACTF128 $1, lo, (BX); \
	VEXTRACTF128 $1, hi, 16(BX); \
	NEXTROW(row)

#define SCATTER(row) \
	WRITE(row, X8, X12); \
	WRITE(row, X9, X13); \
	WRITE(row, X10, X14); \
	WRITE(row, X11, X15); \
	WRITEUPPER(row, Y8, Y12); \
	WRITEUPPER(row, Y9, Y13); \
	WRITEUPPER(row, Y10, Y14); \
	WRITEUPPER(row, Y11, Y15)

// func attendAVX2(steps, eights, width int, y, qkv, weights *float32, scale float32, table *[attentionRows][8]float32)
TEXT ·attendAVX2(SB), NOSPLIT, $0-64
	ATTEND

// func attendGradientAVX2(steps, eights, width int, dqkv, dy, qkv, weights, dscores *float32, scale float32)
TEXT ·attendGradientAVX2(SB), NOSPLIT, $0-68
	ATTENDGRADIENT

#define PAIR(row, lo, hi) \
	VBROADCASTSD (32*row)(R13), Y10; \
	VFMADD231PS  Y10, Y8, lo; \
	VFMADD231PS  Y10, Y9, hi

// func mixRowsAVX2(steps, eights int, dst *float32, dstRow int, src *float32, srcRow int, weights, pairs *float32)
TEXT ·mixRowsAVX2(SB), NOSPLIT, $0-64
	MIXSIZES

columns:
	PAIRROWS(interleave, odd)
	MOVQ weights+48(FP), SI
	MOVQ R10, DI
	MOVQ R9, AX

rows:
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	MOVQ   pairs+56(FP), DX
	MOVQ   SI, BX
	MOVQ   R9, R14

block:
	PAIRSOFBLOCK

pair:
	VMOVUPS (DX), Y8
	VMOVUPS 32(DX), Y9
	PAIR(0, Y0, Y1)
	PAIR(1, Y2, Y3)
	PAIR(2, Y4, Y5)
	PAIR(3, Y6, Y7)
	ADDQ    $64, DX
	ADDQ    $8, R13
	DECQ    CX
	JNZ     pair
	ADDQ    R15, BX
	SUBQ    $8, R14
	JG      block
	MIXROW(Y0, Y1, done)
	MIXROW(Y2, Y3, done)
	MIXROW(Y4, Y5, done)
	MIXROW(Y6, Y7, done)
	ADDQ    $(4*32), SI
	JMP     rows

done:
	ADDQ $32, R10
	ADDQ $32, R12
	DECQ R8
	JNZ  columns
	VZEROUPPER
	RET
