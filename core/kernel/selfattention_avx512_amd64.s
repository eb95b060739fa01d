#include "textflag.h"
#include "vector_avx512_amd64.h"

#define ONE Z16
#define MINUSINFINITY Z17
#define LEAST Z18
#define SHIFTER Z19
#define POWER1 Z20
#define POWER2 Z21
#define POWER3 Z22
#define POWER4 Z23
#define POWER5 Z24

#define TERM(i, x, sum) VFMADD231PS.BCST (4*i)(BX), x, sum

#include "selfattention_amd64.h"

#define CONSTANTS \
	VBROADCASTSS CONSTANT(0), ONE; \
	VBROADCASTSS CONSTANT(1), MINUSINFINITY; \
	VBROADCASTSS CONSTANT(2), LEAST; \
	VBROADCASTSS CONSTANT(3), SHIFTER; \
	VBROADCASTSS CONSTANT(4), POWER1; \
	VBROADCASTSS CONSTANT(5), POWER2; \
	VBROADCASTSS CONSTANT(6), POWER3; \
	VBROADCASTSS CONSTANT(7), POWER4; \
	VBROADCASTSS CONSTANT(8), POWER5

#define READ(row, lo, hi) \
	VMOVUPS (BX), lo; \
	VMOVUPS 16(BX), hi; \
	NEXTROW(row)

#define READLANE(row, lane, lo, hi) \
	VINSERTF32X4 $lane, (BX), lo, lo; \
	VINSERTF32X4 $lane, 16(BX), hi, hi; \
	NEXTROW(row)

#define READLANES(row, lane) \
	READLANE(row, lane, Z8, Z12); \
	READLANE(row, lane, Z9, Z13); \
	READLANE(row, lane, Z10, Z14); \
	READLANE(row, lane, Z11, Z15)

#define GATHER(row) \
	READ(row, X8, X12); \
	READ(row, X9, X13); \
	READ(row, X10, X14); \
	READ(row, X11, X15); \
	READLANES(row, 1); \
	READLANES(row, 2); \
	READLANES(row, 3)

#define WRITE(row, lo, hi) \
	VMOVUPS lo, (BX); \
	VMOVUPS hi, 16(BX); \
	NEXTROW(row)

#define WRITELANE(row, lane, lo, hi) \
	VEXTRACTF32X4 $lane, lo, (BX); \
	VEXTRACTF32X4 $lane, hi, 16(BX); \
	NEXTROW(row)

#define WRITELANES(row, lane) \
	WRITELANE(row, lane, Z8, Z12); \
	WRITELANE(row, lane, Z9, Z13); \
	WRITELANE(row, lane, Z10, Z14); \
	WRITELANE(row, lane, Z11, Z15)

#define SCATTER(row) \
	WRITE(row, X8, X12); \
	WRITE(row, X9, X13); \
	WRITE(row, X10, X14); \
	WRITE(row, X11, X15); \
	WRITELANES(row, 1); \
	WRITELANES(row, 2); \
	WRITELANES(row, 3)

// func attendAVX512(steps, eights, width int, y, qkv, weights *float32, scale float32, table *[attentionRows][8]float32)
TEXT ·attendAVX512(SB), NOSPLIT, $0-64
	ATTEND

// func attendGradientAVX512(steps, eights, width int, dqkv, dy, qkv, weights, dscores *float32, scale float32)
TEXT ·attendGradientAVX512(SB), NOSPLIT, $0-68
	ATTENDGRADIENT

#define PAIR(row, sums) \
	VBROADCASTSD (64*row)(R13), Z9; \
	VFMADD231PS  Z9, Z8, sums

#define MIX(lo, sums) \
	VEXTRACTF64X4 $1, sums, Y10; \
	MIXROW(lo, Y10, done)

// func mixRowsAVX512(steps, eights int, dst *float32, dstRow int, src *float32, srcRow int, weights, pairs *float32)
TEXT ·mixRowsAVX512(SB), NOSPLIT, $0-64
	MIXSIZES

columns:
	PAIRROWS(interleave, odd)
	MOVQ weights+48(FP), SI
	MOVQ R10, DI
	MOVQ R9, AX

rows:
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
	VPXORD Z2, Z2, Z2
	VPXORD Z3, Z3, Z3
	VPXORD Z4, Z4, Z4
	VPXORD Z5, Z5, Z5
	VPXORD Z6, Z6, Z6
	VPXORD Z7, Z7, Z7
	MOVQ   pairs+56(FP), DX
	MOVQ   SI, BX
	MOVQ   R9, R14

block:
	PAIRSOFBLOCK

pair:
	VMOVUPS (DX), Z8
	PAIR(0, Z0)
	PAIR(1, Z1)
	PAIR(2, Z2)
	PAIR(3, Z3)
	PAIR(4, Z4)
	PAIR(5, Z5)
	PAIR(6, Z6)
	PAIR(7, Z7)
	ADDQ    $64, DX
	ADDQ    $8, R13
	DECQ    CX
	JNZ     pair
	ADDQ    R15, BX
	SUBQ    $16, R14
	JG      block
	MIX(Y0, Z0)
	MIX(Y1, Z1)
	MIX(Y2, Z2)
	MIX(Y3, Z3)
	MIX(Y4, Z4)
	MIX(Y5, Z5)
	MIX(Y6, Z6)
	MIX(Y7, Z7)
	ADDQ    $(8*64), SI
	JMP     rows

done:
	ADDQ $32, R10
	ADDQ $32, R12
	DECQ R8
	JNZ  columns
	VZEROUPPER
	RET
