#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "simd_amd64.h"

// COUNT adds one to Z4 where the key of lane e precedes; Z6 and K3 are its scratch.
#define COUNT(e) \
	VPBROADCASTD (4*e)(R12), Z6; \
	VPADDD       (64*e)(R13), Z6, Z6; \
	VPCMPGTD     Z5, Z6, K3; \
	VPADDD       Z11, Z4, K3, Z4

// func topKAVX512(rows, n, k int, gates, logits *float32, after *[16][16]int32, table *[simdRows][16]float32)
TEXT ·topKAVX512(SB), NOSPLIT, $128-56
	MOVQ rows+0(FP), AX
	MOVQ n+8(FP), CX
	MOVQ k+16(FP), BX
	MOVQ gates+24(FP), DI
	MOVQ logits+32(FP), SI
	MOVQ after+40(FP), R9
	MOVQ table+48(FP), R8

	// The keys lie in one line of the cache, from which single ones are read at once.
	LEAQ keys-128(SP), R11
	ADDQ $63, R11
	ANDQ $-64, R11

	MOVQ         $-1, R10
	BZHIQ        CX, R10, R10
	KMOVW        R10, K1
	VPBROADCASTD BX, Z8
	VPXORD       Z9, Z9, Z9
	MOVL         $0x7ffffffe, R10
	VPBROADCASTD R10, Z10
	MOVL         $1, R10
	VPBROADCASTD R10, Z11
	VPSLLD       $31, Z11, Z12

row:
	// Z5 orders the logits Z7 as integers: -0 like 0, NaN first, no logit last.
	VMOVUPS.Z (SI), K1, Z7
	VADDPS    Z9, Z7, Z7
	VPSRAD    $31, Z7, Z5
	VPANDD    MAGNITUDE, Z5, Z6
	VMOVDQA32 Z12, Z5
	VPXORD    Z7, Z6, K1, Z5
	VCMPPS    $3, Z7, Z7, K2
	VMOVDQA32 Z10, K2, Z5
	VMOVDQU32 Z5, (R11)

	// Z4 counts those that precede each.
	VPXORD Z4, Z4, Z4
	MOVQ   R11, R12
	MOVQ   R9, R13
	MOVQ   CX, DX

each:
	COUNT(0)
	COUNT(1)
	COUNT(2)
	COUNT(3)
	ADDQ $16, R12
	ADDQ $256, R13
	SUBQ $4, DX
	JGT  each

	// K2 are the chosen ones, Z0 their distance from the first.
	VPCMPGTD      Z4, Z8, K1, K2
	VPTESTNMD     Z4, Z4, K1, K3
	VCOMPRESSPS.Z Z7, K3, Z0
	VBROADCASTSS  X0, Z0
	VSUBPS        Z0, Z7, Z0
	EXPONENTIAL
	VMOVAPS.Z     Z2, K2, Z2
	VEXTRACTF64X4 $1, Z2, Y0
	VADDPS        Y0, Y2, Y0
	VEXTRACTF128  $1, Y0, X1
	VADDPS        X1, X0, X0
	VPERMILPS     $0x0e, X0, X1
	VADDPS        X1, X0, X0
	VPERMILPS     $0x01, X0, X1
	VADDSS        X1, X0, X0
	VBROADCASTSS  X0, Z0
	VDIVPS.Z      Z0, Z2, K2, Z2
	VMOVUPS       Z2, K1, (DI)
	LEAQ          (SI)(CX*4), SI
	LEAQ          (DI)(CX*4), DI
	DECQ          AX
	JNZ           row
	VZEROUPPER
	RET
