#include "textflag.h"

// Rows are read 16 values at a time; lane i of a sum takes value i mod 16 on both
// paths, so that their results are the same.

// ADDLANES reduces the YMM y, whose half x names, and high to the sum of their lanes.
#define ADDLANES(y, x, high) \
	VADDPS       high, y, y; \
	VEXTRACTF128 $1, y, X10; \
	VADDPS       X10, x, x; \
	VPERMILPS    $0x0e, x, X10; \
	VADDPS       X10, x, x; \
	VPERMILPS    $0x01, x, X10; \
	VADDSS       X10, x, x

// INVERSE sets X12 to 1/n.
#define INVERSE \
	VXORPS     X12, X12, X12; \
	VCVTSI2SSQ DX, X12, X12; \
	MOVL       $0x3f800000, AX; \
	VMOVD      AX, X11; \
	VDIVSS     X12, X11, X12

// CONSTANTS sets X12 to 1/n in float32 and X15, X14 and X13 to n, eps and 1 in float64.
#define CONSTANTS(eps) \
	INVERSE; \
	VXORPS     X15, X15, X15; \
	VCVTSI2SDQ DX, X15, X15; \
	VMOVSD     eps, X14; \
	MOVQ       $0x3ff0000000000000, AX; \
	VMOVQ      AX, X13

// MOMENTS sets Y0 to the mean of the DX values at SI and Y1 to one over their
// deviation, which is taken in float64.
#define MOMENTS(total, square) \
	VXORPS       Y0, Y0, Y0; \
	VXORPS       Y2, Y2, Y2; \
	XORQ         AX, AX; \
total: \
	VADDPS       (SI)(AX*4), Y0, Y0; \
	VADDPS       32(SI)(AX*4), Y2, Y2; \
	ADDQ         $16, AX; \
	CMPQ         AX, DX; \
	JLT          total; \
	ADDLANES(Y0, X0, Y2); \
	VMULSS       X12, X0, X0; \
	VBROADCASTSS X0, Y0; \
	VXORPS       Y1, Y1, Y1; \
	VXORPS       Y4, Y4, Y4; \
	XORQ         AX, AX; \
square: \
	VMOVUPS      (SI)(AX*4), Y2; \
	VSUBPS       Y0, Y2, Y2; \
	VFMADD231PS  Y2, Y2, Y1; \
	VMOVUPS      32(SI)(AX*4), Y3; \
	VSUBPS       Y0, Y3, Y3; \
	VFMADD231PS  Y3, Y3, Y4; \
	ADDQ         $16, AX; \
	CMPQ         AX, DX; \
	JLT          square; \
	ADDLANES(Y1, X1, Y4); \
	VCVTSS2SD    X1, X1, X1; \
	VDIVSD       X15, X1, X1; \
	VADDSD       X14, X1, X1; \
	VSQRTSD      X1, X1, X1; \
	VDIVSD       X1, X13, X1; \
	VCVTSD2SS    X1, X1, X1; \
	VBROADCASTSS X1, Y1

// NORMALISE does half of 16 values.
#define NORMALISE(at) \
	VMOVUPS     at(SI)(AX*4), Y2; \
	VSUBPS      Y0, Y2, Y2; \
	VMULPS      Y1, Y2, Y2; \
	VMOVUPS     at(R9)(AX*4), Y3; \
	VFMADD231PS at(R8)(AX*4), Y2, Y3; \
	VMOVUPS     Y3, at(DI)(AX*4)

// func normaliseAVX2(rows, n int, y, moments, x, gamma, beta *float32, eps float64)
TEXT ·normaliseAVX2(SB), NOSPLIT, $0-64
	MOVQ rows+0(FP), CX
	MOVQ n+8(FP), DX
	MOVQ y+16(FP), DI
	MOVQ moments+24(FP), R10
	MOVQ x+32(FP), SI
	MOVQ gamma+40(FP), R8
	MOVQ beta+48(FP), R9
	CONSTANTS(eps+56(FP))

row:
	MOMENTS(total, square)
	VMOVSS X0, (R10)
	VMOVSS X1, 4(R10)
	ADDQ   $8, R10
	XORQ   AX, AX

value:
	NORMALISE(0)
	NORMALISE(32)
	ADDQ $16, AX
	CMPQ AX, DX
	JLT  value
	LEAQ (SI)(DX*4), SI
	LEAQ (DI)(DX*4), DI
	DECQ CX
	JNZ  row
	VZEROUPPER
	RET

// SUMS adds half of 16 values to dgamma and dbeta, and to the sums of gamma·dy: along the
// normalised row and alone.
#define SUMS(at, along, sum) \
	VMOVUPS     at(SI)(AX*4), Y2; \
	VSUBPS      Y0, Y2, Y2; \
	VMULPS      Y1, Y2, Y2; \
	VMOVUPS     at(DI)(AX*4), Y3; \
	VADDPS      at(R11)(AX*4), Y3, Y8; \
	VMOVUPS     Y8, at(R11)(AX*4); \
	VMOVUPS     at(R10)(AX*4), Y8; \
	VFMADD231PS Y2, Y3, Y8; \
	VMOVUPS     Y8, at(R10)(AX*4); \
	VMULPS      at(R8)(AX*4), Y3, Y3; \
	VADDPS      Y3, sum, sum; \
	VFMADD231PS Y2, Y3, along

// GRADIENT does half of 16 values.
#define GRADIENT(at) \
	VMOVUPS      at(SI)(AX*4), Y2; \
	VSUBPS       Y0, Y2, Y2; \
	VMULPS       Y1, Y2, Y2; \
	VMOVUPS      at(DI)(AX*4), Y3; \
	VFMSUB132PS  at(R8)(AX*4), Y6, Y3; \
	VFNMADD231PS Y2, Y4, Y3; \
	VMULPS       Y1, Y3, Y3; \
	VMOVUPS      Y3, at(R12)(AX*4)

// func normGradientsAVX2(rows, n int, dx, dgamma, dbeta, dy, x, moments, gamma *float32)
TEXT ·normGradientsAVX2(SB), NOSPLIT, $0-72
	MOVQ rows+0(FP), CX
	MOVQ n+8(FP), DX
	MOVQ dx+16(FP), R12
	MOVQ dgamma+24(FP), R10
	MOVQ dbeta+32(FP), R11
	MOVQ dy+40(FP), DI
	MOVQ x+48(FP), SI
	MOVQ moments+56(FP), R9
	MOVQ gamma+64(FP), R8
	INVERSE

row:
	VBROADCASTSS (R9), Y0
	VBROADCASTSS 4(R9), Y1
	VXORPS       Y4, Y4, Y4
	VXORPS       Y5, Y5, Y5
	VXORPS       Y6, Y6, Y6
	VXORPS       Y7, Y7, Y7
	XORQ         AX, AX

sums:
	SUMS(0, Y4, Y6)
	SUMS(32, Y5, Y7)
	ADDQ  $16, AX
	CMPQ  AX, DX
	JLT   sums
	TESTQ R12, R12
	JZ    next
	ADDLANES(Y4, X4, Y5)
	ADDLANES(Y6, X6, Y7)
	VMULSS       X12, X4, X4
	VMULSS       X12, X6, X6
	VBROADCASTSS X4, Y4
	VBROADCASTSS X6, Y6
	XORQ         AX, AX

gradient:
	GRADIENT(0)
	GRADIENT(32)
	ADDQ $16, AX
	CMPQ AX, DX
	JLT  gradient
	LEAQ (R12)(DX*4), R12

next:
	LEAQ (SI)(DX*4), SI
	LEAQ (DI)(DX*4), DI
	ADDQ $8, R9
	DECQ CX
	JNZ  row
	VZEROUPPER
	RET
