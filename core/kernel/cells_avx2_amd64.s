#include "textflag.h"

#define V0 Y0
#define V1 Y1
#define V2 Y2
#define V3 Y3
#define V4 Y4
#define V5 Y5
#define V6 Y6
#define V7 Y7
#define V8 Y8
#define V9 Y9
#define V10 Y10
#define V11 Y11
#define V12 Y12
#define V13 Y13
#define V14 Y14

#define AND VPAND
#define ANDNOT VPANDN
#define XOR VPXOR
#define ROUND(x, n) VROUNDPS $0, x, n
#define SCALE(n, x, t) \
	VCVTPS2DQ n, n; \
	VPSRAD    $1, n, t; \
	VPSUBD    t, n, n; \
	VPSLLD    $23, t, t; \
	VPADDD    ONE, t, t; \
	VMULPS    t, x, x; \
	VPSLLD    $23, n, n; \
	VPADDD    ONE, n, n; \
	VMULPS    n, x, x
#define STEPS(step, a, b) \
	step(0, a); \
	step(32, b)

#define ALONG \
	VADDPS       Y13, Y11, Y11; \
	VADDPS       Y14, Y12, Y12; \
	VADDPS       Y12, Y11, Y11; \
	VEXTRACTF128 $1, Y11, X12; \
	VADDPS       X12, X11, X11; \
	VPERMILPS    $0x0e, X11, X12; \
	VADDPS       X12, X11, X11; \
	VPERMILPS    $0x01, X11, X12; \
	VADDSS       X12, X11, X11

#include "simd_amd64.h"
#include "cells_amd64.h"

// func weighCellsAVX2(cells, n int, hidden, before, gates *float32, begin *int32, table *[simdRows][16]float32)
TEXT ·weighCellsAVX2(SB), NOSPLIT, $0-56
	MOVQ cells+0(FP), CX
	MOVQ n+8(FP), R12
	MOVQ hidden+16(FP), DI
	MOVQ before+24(FP), SI
	MOVQ gates+32(FP), R9
	MOVQ begin+40(FP), R10
	MOVQ table+48(FP), R8
	LEAQ (R12*4), R13
	WEIGHCELLS
	VZEROUPPER
	RET

// func cellGradientsAVX2(cells, n int, dbefore, sums, along, dhidden, before, gates *float32, begin *int32, table *[simdRows][16]float32)
TEXT ·cellGradientsAVX2(SB), NOSPLIT, $0-80
	MOVQ cells+0(FP), CX
	MOVQ n+8(FP), R12
	MOVQ dbefore+16(FP), DI
	MOVQ sums+24(FP), R15
	MOVQ along+32(FP), AX
	MOVQ dhidden+40(FP), BX
	MOVQ before+48(FP), SI
	MOVQ gates+56(FP), R9
	MOVQ begin+64(FP), R10
	MOVQ table+72(FP), R8
	LEAQ (R12*4), R13
	CELLGRADIENTS
	VZEROUPPER
	RET
