#include "textflag.h"
#include "vector_avx512_amd64.h"

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
