#include "textflag.h"

// Rows are read 16 values at a time; lane i of a sum takes value i mod 16 on both
// paths, so that their results are the same.

// func momentsAVX2(n int, x *float32, inverse float32) (mean, squares float32)
TEXT ·momentsAVX2(SB), NOSPLIT, $0-32
	MOVQ   n+0(FP), DX
	MOVQ   x+8(FP), DI
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	MOVQ   DI, SI
	MOVQ   DX, CX

total:
	VADDPS       (SI), Y0, Y0
	VADDPS       32(SI), Y1, Y1
	ADDQ         $64, SI
	SUBQ         $16, CX
	JNZ          total
	VADDPS       Y1, Y0, Y0
	VEXTRACTF128 $1, Y0, X4
	VADDPS       X4, X0, X0
	VPERMILPS    $0x0e, X0, X4
	VADDPS       X4, X0, X0
	VPERMILPS    $0x01, X0, X4
	VADDSS       X4, X0, X0
	VMULSS       inverse+16(FP), X0, X0
	VMOVSS       X0, mean+24(FP)
	VBROADCASTSS X0, Y0
	VXORPS       Y2, Y2, Y2
	VXORPS       Y3, Y3, Y3
	MOVQ         DI, SI
	MOVQ         DX, CX

square:
	VMOVUPS      (SI), Y4
	VSUBPS       Y0, Y4, Y4
	VFMADD231PS  Y4, Y4, Y2
	VMOVUPS      32(SI), Y5
	VSUBPS       Y0, Y5, Y5
	VFMADD231PS  Y5, Y5, Y3
	ADDQ         $64, SI
	SUBQ         $16, CX
	JNZ          square
	VADDPS       Y3, Y2, Y2
	VEXTRACTF128 $1, Y2, X4
	VADDPS       X4, X2, X2
	VPERMILPS    $0x0e, X2, X4
	VADDPS       X4, X2, X2
	VPERMILPS    $0x01, X2, X4
	VADDSS       X4, X2, X2
	VMOVSS       X2, squares+28(FP)
	VZEROUPPER
	RET

// func normaliseAVX2(n int, y, x, gamma, beta *float32, mean, scale float32)
TEXT ·normaliseAVX2(SB), NOSPLIT, $0-48
	MOVQ         n+0(FP), CX
	MOVQ         y+8(FP), DI
	MOVQ         x+16(FP), SI
	MOVQ         gamma+24(FP), R8
	MOVQ         beta+32(FP), R9
	VBROADCASTSS mean+40(FP), Y0
	VBROADCASTSS scale+44(FP), Y1
	XORQ         AX, AX

value:
	VMOVUPS     (SI)(AX*4), Y2
	VSUBPS      Y0, Y2, Y2
	VMULPS      Y1, Y2, Y2
	VMOVUPS     (R9)(AX*4), Y3
	VFMADD231PS (R8)(AX*4), Y2, Y3
	VMOVUPS     Y3, (DI)(AX*4)
	VMOVUPS     32(SI)(AX*4), Y2
	VSUBPS      Y0, Y2, Y2
	VMULPS      Y1, Y2, Y2
	VMOVUPS     32(R9)(AX*4), Y3
	VFMADD231PS 32(R8)(AX*4), Y2, Y3
	VMOVUPS     Y3, 32(DI)(AX*4)
	ADDQ        $16, AX
	CMPQ        AX, CX
	JLT         value
	VZEROUPPER
	RET

// func normSumsAVX2(n int, dgamma, dbeta, dy, x, gamma *float32, mean, scale float32) (along, sum float32)
TEXT ·normSumsAVX2(SB), NOSPLIT, $0-64
	MOVQ         n+0(FP), CX
	MOVQ         dgamma+8(FP), R10
	MOVQ         dbeta+16(FP), R11
	MOVQ         dy+24(FP), DI
	MOVQ         x+32(FP), SI
	MOVQ         gamma+40(FP), R8
	VBROADCASTSS mean+48(FP), Y0
	VBROADCASTSS scale+52(FP), Y1
	VXORPS       Y4, Y4, Y4
	VXORPS       Y5, Y5, Y5
	VXORPS       Y6, Y6, Y6
	VXORPS       Y7, Y7, Y7
	XORQ         AX, AX

value:
	VMOVUPS      (SI)(AX*4), Y2
	VSUBPS       Y0, Y2, Y2
	VMULPS       Y1, Y2, Y2 // the normalised value
	VMOVUPS      (DI)(AX*4), Y3
	VADDPS       (R11)(AX*4), Y3, Y8
	VMOVUPS      Y8, (R11)(AX*4)
	VMOVUPS      (R10)(AX*4), Y8
	VFMADD231PS  Y2, Y3, Y8
	VMOVUPS      Y8, (R10)(AX*4)
	VMULPS       (R8)(AX*4), Y3, Y3
	VADDPS       Y3, Y6, Y6
	VFMADD231PS  Y2, Y3, Y4
	VMOVUPS      32(SI)(AX*4), Y2
	VSUBPS       Y0, Y2, Y2
	VMULPS       Y1, Y2, Y2 // the normalised value
	VMOVUPS      32(DI)(AX*4), Y3
	VADDPS       32(R11)(AX*4), Y3, Y8
	VMOVUPS      Y8, 32(R11)(AX*4)
	VMOVUPS      32(R10)(AX*4), Y8
	VFMADD231PS  Y2, Y3, Y8
	VMOVUPS      Y8, 32(R10)(AX*4)
	VMULPS       32(R8)(AX*4), Y3, Y3
	VADDPS       Y3, Y7, Y7
	VFMADD231PS  Y2, Y3, Y5
	ADDQ         $16, AX
	CMPQ         AX, CX
	JLT          value
	VADDPS       Y5, Y4, Y4
	VEXTRACTF128 $1, Y4, X2
	VADDPS       X2, X4, X4
	VPERMILPS    $0x0e, X4, X2
	VADDPS       X2, X4, X4
	VPERMILPS    $0x01, X4, X2
	VADDSS       X2, X4, X4
	VADDPS       Y7, Y6, Y6
	VEXTRACTF128 $1, Y6, X2
	VADDPS       X2, X6, X6
	VPERMILPS    $0x0e, X6, X2
	VADDPS       X2, X6, X6
	VPERMILPS    $0x01, X6, X2
	VADDSS       X2, X6, X6
	VMOVSS       X4, along+56(FP)
	VMOVSS       X6, sum+60(FP)
	VZEROUPPER
	RET

// func normGradientAVX2(n int, dx, dy, x, gamma *float32, mean, scale, along, sum float32)
TEXT ·normGradientAVX2(SB), NOSPLIT, $0-56
	MOVQ         n+0(FP), CX
	MOVQ         dx+8(FP), R10
	MOVQ         dy+16(FP), DI
	MOVQ         x+24(FP), SI
	MOVQ         gamma+32(FP), R8
	VBROADCASTSS mean+40(FP), Y0
	VBROADCASTSS scale+44(FP), Y1
	VBROADCASTSS along+48(FP), Y4
	VBROADCASTSS sum+52(FP), Y6
	XORQ         AX, AX

value:
	VMOVUPS      (SI)(AX*4), Y2
	VSUBPS       Y0, Y2, Y2
	VMULPS       Y1, Y2, Y2
	VMOVUPS      (DI)(AX*4), Y3
	VFMSUB132PS  (R8)(AX*4), Y6, Y3 // dy·gamma - sum
	VFNMADD231PS Y2, Y4, Y3
	VMULPS       Y1, Y3, Y3
	VMOVUPS      Y3, (R10)(AX*4)
	VMOVUPS      32(SI)(AX*4), Y2
	VSUBPS       Y0, Y2, Y2
	VMULPS       Y1, Y2, Y2
	VMOVUPS      32(DI)(AX*4), Y3
	VFMSUB132PS  32(R8)(AX*4), Y6, Y3 // dy·gamma - sum
	VFNMADD231PS Y2, Y4, Y3
	VMULPS       Y1, Y3, Y3
	VMOVUPS      Y3, 32(R10)(AX*4)
	ADDQ         $16, AX
	CMPQ         AX, CX
	JLT          value
	VZEROUPPER
	RET
