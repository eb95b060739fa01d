#include "textflag.h"

#define V0 Z0
#define V1 Z1
#define V2 Z2
#define V3 Z3
#define V4 Z4
#define V5 Z5
#define V6 Z6
#define V7 Z7
#define V8 Z8
#define V9 Z9
#define V10 Z10
#define V11 Z11
#define V12 Z12
#define V13 Z13
#define V14 Z14

#define AND VPANDD
#define ANDNOT VPANDND
#define XOR VPXORD
#define ROUND(x, n) VRNDSCALEPS $0, x, n
#define SCALE(n, x, t) VSCALEFPS n, x, x
#define STEPS(step, a, b) step(0, a)

#define ALONG \
	VADDPS        Z13, Z11, Z11; \
	VEXTRACTF64X4 $1, Z11, Y12; \
	VADDPS        Y12, Y11, Y11; \
	VEXTRACTF128  $1, Y11, X12; \
	VADDPS        X12, X11, X11; \
	VPERMILPS     $0x0e, X11, X12; \
	VADDPS        X12, X11, X11; \
	VPERMILPS     $0x01, X11, X12; \
	VADDSS        X12, X11, X11

#include "simd_amd64.h"
#include "cells_amd64.h"

// func weighCellsAVX512(cells, n int, hidden, before, gates *float32, begin *int32, table *[simdRows][16]float32)
TEXT ·weighCellsAVX512(SB), NOSPLIT, $0-56
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

// func cellGradientsAVX512(cells, n int, dbefore, sums, along, dhidden, before, gates *float32, begin *int32, table *[simdRows][16]float32)
TEXT ·cellGradientsAVX512(SB), NOSPLIT, $0-80
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
