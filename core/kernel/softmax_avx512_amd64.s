#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "simd_amd64.h"

// func softmaxAVX512(rows, n int, x *float32, scale float32, table *[simdRows][16]float32)
//
// The last vector of a row, of 1 to 16 values, goes through the mask K1.
TEXT ·softmaxAVX512(SB), NOSPLIT, $0-40
	MOVQ         rows+0(FP), R9
	MOVQ         n+8(FP), R10
	MOVQ         x+16(FP), DI
	VBROADCASTSS scale+24(FP), Z10
	MOVQ         table+32(FP), R8
	MOVL         $0xff800000, AX
	VPBROADCASTD AX, Z11          // -Inf
	LEAQ         -1(R10), R13
	MOVQ         R13, AX
	ANDQ         $15, AX
	INCQ         AX
	MOVQ         $-1, BX
	BZHIQ        AX, BX, BX
	KMOVW        BX, K1
	SHRQ         $4, R13          // vectors before the last

row:
	MOVQ    DI, SI
	MOVQ    R13, CX
	VMOVAPS Z11, Z9
	VMOVAPS Z11, Z0
	TESTQ   CX, CX
	JZ      maxtail

maximum:
	VMAXPS (SI), Z9, Z9
	ADDQ   $64, SI
	DECQ   CX
	JNZ    maximum

maxtail:
	VMOVUPS       (SI), K1, Z0
	VMAXPS        Z0, Z9, Z9
	VEXTRACTF64X4 $1, Z9, Y0
	VMAXPS        Y0, Y9, Y9
	VEXTRACTF128  $1, Y9, X0
	VMAXPS        X0, X9, X9
	VPERMILPS     $0x0e, X9, X0
	VMAXPS        X0, X9, X9
	VPERMILPS     $0x01, X9, X0
	VMAXPS        X0, X9, X9
	VBROADCASTSS  X9, Z9
	VMULPS        Z10, Z9, Z9
	VPXORD        Z8, Z8, Z8
	MOVQ          DI, SI
	MOVQ          R13, CX
	TESTQ         CX, CX
	JZ            exptail

exponential:
	VMULPS  (SI), Z10, Z0
	VSUBPS  Z9, Z0, Z0
	EXPONENTIAL
	VMOVUPS Z2, (SI)
	VADDPS  Z2, Z8, Z8
	ADDQ    $64, SI
	DECQ    CX
	JNZ     exponential

exptail:
	VMOVUPS.Z (SI), K1, Z0
	VMULPS    Z10, Z0, Z0
	VSUBPS    Z9, Z0, Z0
	EXPONENTIAL
	VMOVUPS   Z2, K1, (SI)
	VADDPS    Z2, Z8, K1, Z8

	VEXTRACTF64X4 $1, Z8, Y0
	VADDPS        Y0, Y8, Y8
	VEXTRACTF128  $1, Y8, X0
	VADDPS        X0, X8, X8
	VPERMILPS     $0x0e, X8, X0
	VADDPS        X0, X8, X8
	VPERMILPS     $0x01, X8, X0
	VADDSS        X0, X8, X8
	VMOVSS        (R8), X0
	VDIVSS        X8, X0, X8
	VBROADCASTSS  X8, Z8
	MOVQ          DI, SI
	MOVQ          R13, CX
	TESTQ         CX, CX
	JZ            dividetail

divide:
	VMULPS  (SI), Z8, Z0
	VMOVUPS Z0, (SI)
	ADDQ    $64, SI
	DECQ    CX
	JNZ     divide

dividetail:
	VMOVUPS.Z (SI), K1, Z0
	VMULPS    Z8, Z0, Z0
	VMOVUPS   Z0, K1, (SI)
	LEAQ (DI)(R10*4), DI
	DECQ R9
	JNZ  row
	VZEROUPPER
	RET
