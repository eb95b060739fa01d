#include "textflag.h"

// Rows are read 16 values at a time; lane i of a sum takes value i mod 16 on both
// paths, so that their results are the same.

// func momentsAVX512(n int, x *float32, inverse float32) (mean, squares float32)
TEXT ·momentsAVX512(SB), NOSPLIT, $0-32
	MOVQ   n+0(FP), DX
	MOVQ   x+8(FP), DI
	VPXORD Z0, Z0, Z0
	MOVQ   DI, SI
	MOVQ   DX, CX

total:
	VADDPS        (SI), Z0, Z0
	ADDQ          $64, SI
	SUBQ          $16, CX
	JNZ           total
	VEXTRACTF64X4 $1, Z0, Y4
	VADDPS        Y4, Y0, Y0
	VEXTRACTF128  $1, Y0, X4
	VADDPS        X4, X0, X0
	VPERMILPS     $0x0e, X0, X4
	VADDPS        X4, X0, X0
	VPERMILPS     $0x01, X0, X4
	VADDSS        X4, X0, X0
	VMULSS        inverse+16(FP), X0, X0
	VMOVSS        X0, mean+24(FP)
	VBROADCASTSS  X0, Z0
	VPXORD        Z2, Z2, Z2
	MOVQ          DI, SI
	MOVQ          DX, CX

square:
	VMOVUPS       (SI), Z4
	VSUBPS        Z0, Z4, Z4
	VFMADD231PS   Z4, Z4, Z2
	ADDQ          $64, SI
	SUBQ          $16, CX
	JNZ           square
	VEXTRACTF64X4 $1, Z2, Y4
	VADDPS        Y4, Y2, Y2
	VEXTRACTF128  $1, Y2, X4
	VADDPS        X4, X2, X2
	VPERMILPS     $0x0e, X2, X4
	VADDPS        X4, X2, X2
	VPERMILPS     $0x01, X2, X4
	VADDSS        X4, X2, X2
	VMOVSS        X2, squares+28(FP)
	VZEROUPPER
	RET

// func normaliseAVX512(n int, y, x, gamma, beta *float32, mean, scale float32)
TEXT ·normaliseAVX512(SB), NOSPLIT, $0-48
	MOVQ         n+0(FP), CX
	MOVQ         y+8(FP), DI
	MOVQ         x+16(FP), SI
	MOVQ         gamma+24(FP), R8
	MOVQ         beta+32(FP), R9
	VBROADCASTSS mean+40(FP), Z0
	VBROADCASTSS scale+44(FP), Z1
	XORQ         AX, AX

value:
	VMOVUPS     (SI)(AX*4), Z2
	VSUBPS      Z0, Z2, Z2
	VMULPS      Z1, Z2, Z2
	VMOVUPS     (R9)(AX*4), Z3
	VFMADD231PS (R8)(AX*4), Z2, Z3
	VMOVUPS     Z3, (DI)(AX*4)
	ADDQ        $16, AX
	CMPQ        AX, CX
	JLT         value
	VZEROUPPER
	RET

// func normSumsAVX512(n int, dgamma, dbeta, dy, x, gamma *float32, mean, scale float32) (along, sum float32)
TEXT ·normSumsAVX512(SB), NOSPLIT, $0-64
	MOVQ         n+0(FP), CX
	MOVQ         dgamma+8(FP), R10
	MOVQ         dbeta+16(FP), R11
	MOVQ         dy+24(FP), DI
	MOVQ         x+32(FP), SI
	MOVQ         gamma+40(FP), R8
	VBROADCASTSS mean+48(FP), Z0
	VBROADCASTSS scale+52(FP), Z1
	VPXORD       Z4, Z4, Z4
	VPXORD       Z6, Z6, Z6
	XORQ         AX, AX

value:
	VMOVUPS       (SI)(AX*4), Z2
	VSUBPS        Z0, Z2, Z2
	VMULPS        Z1, Z2, Z2 // the normalised value
	VMOVUPS       (DI)(AX*4), Z3
	VADDPS        (R11)(AX*4), Z3, Z8
	VMOVUPS       Z8, (R11)(AX*4)
	VMOVUPS       (R10)(AX*4), Z8
	VFMADD231PS   Z2, Z3, Z8
	VMOVUPS       Z8, (R10)(AX*4)
	VMULPS        (R8)(AX*4), Z3, Z3
	VADDPS        Z3, Z6, Z6
	VFMADD231PS   Z2, Z3, Z4
	ADDQ          $16, AX
	CMPQ          AX, CX
	JLT           value
	VEXTRACTF64X4 $1, Z4, Y2
	VADDPS        Y2, Y4, Y4
	VEXTRACTF128  $1, Y4, X2
	VADDPS        X2, X4, X4
	VPERMILPS     $0x0e, X4, X2
	VADDPS        X2, X4, X4
	VPERMILPS     $0x01, X4, X2
	VADDSS        X2, X4, X4
	VEXTRACTF64X4 $1, Z6, Y2
	VADDPS        Y2, Y6, Y6
	VEXTRACTF128  $1, Y6, X2
	VADDPS        X2, X6, X6
	VPERMILPS     $0x0e, X6, X2
	VADDPS        X2, X6, X6
	VPERMILPS     $0x01, X6, X2
	VADDSS        X2, X6, X6
	VMOVSS        X4, along+56(FP)
	VMOVSS        X6, sum+60(FP)
	VZEROUPPER
	RET

// func normGradientAVX512(n int, dx, dy, x, gamma *float32, mean, scale, along, sum float32)
TEXT ·normGradientAVX512(SB), NOSPLIT, $0-56
	MOVQ         n+0(FP), CX
	MOVQ         dx+8(FP), R10
	MOVQ         dy+16(FP), DI
	MOVQ         x+24(FP), SI
	MOVQ         gamma+32(FP), R8
	VBROADCASTSS mean+40(FP), Z0
	VBROADCASTSS scale+44(FP), Z1
	VBROADCASTSS along+48(FP), Z4
	VBROADCASTSS sum+52(FP), Z6
	XORQ         AX, AX

value:
	VMOVUPS      (SI)(AX*4), Z2
	VSUBPS       Z0, Z2, Z2
	VMULPS       Z1, Z2, Z2
	VMOVUPS      (DI)(AX*4), Z3
	VFMSUB132PS  (R8)(AX*4), Z6, Z3 // dy·gamma - sum
	VFNMADD231PS Z2, Z4, Z3
	VMULPS       Z1, Z3, Z3
	VMOVUPS      Z3, (R10)(AX*4)
	ADDQ         $16, AX
	CMPQ         AX, CX
	JLT          value
	VZEROUPPER
	RET
