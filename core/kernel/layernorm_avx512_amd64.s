#include "textflag.h"

// Rows are read 16 values at a time; lane i of a sum takes value i mod 16 on both
// paths, so that their results are the same.

// ADDLANES reduces the ZMM z, whose halves y and x name, to the sum of its lanes.
#define ADDLANES(z, y, x) \
	VEXTRACTF64X4 $1, z, Y10; \
	VADDPS        Y10, y, y; \
	VEXTRACTF128  $1, y, X10; \
	VADDPS        X10, x, x; \
	VPERMILPS     $0x0e, x, X10; \
	VADDPS        X10, x, x; \
	VPERMILPS     $0x01, x, X10; \
	VADDSS        X10, x, x

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

// MOMENTS sets Z0 to the mean of the DX values at SI and Z1 to one over their
// deviation, which is taken in float64.
#define MOMENTS(total, square) \
	VPXORD       Z0, Z0, Z0; \
	XORQ         AX, AX; \
total: \
	VADDPS       (SI)(AX*4), Z0, Z0; \
	ADDQ         $16, AX; \
	CMPQ         AX, DX; \
	JLT          total; \
	ADDLANES(Z0, Y0, X0); \
	VMULSS       X12, X0, X0; \
	VBROADCASTSS X0, Z0; \
	VPXORD       Z1, Z1, Z1; \
	XORQ         AX, AX; \
square: \
	VMOVUPS      (SI)(AX*4), Z2; \
	VSUBPS       Z0, Z2, Z2; \
	VFMADD231PS  Z2, Z2, Z1; \
	ADDQ         $16, AX; \
	CMPQ         AX, DX; \
	JLT          square; \
	ADDLANES(Z1, Y1, X1); \
	VCVTSS2SD    X1, X1, X1; \
	VDIVSD       X15, X1, X1; \
	VADDSD       X14, X1, X1; \
	VSQRTSD      X1, X1, X1; \
	VDIVSD       X1, X13, X1; \
	VCVTSD2SS    X1, X1, X1; \
	VBROADCASTSS X1, Z1

// func normaliseAVX512(rows, n int, y, moments, x, gamma, beta *float32, eps float64)
TEXT ·normaliseAVX512(SB), NOSPLIT, $0-64
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
	VMOVUPS     (SI)(AX*4), Z2
	VSUBPS      Z0, Z2, Z2
	VMULPS      Z1, Z2, Z2
	VMOVUPS     (R9)(AX*4), Z3
	VFMADD231PS (R8)(AX*4), Z2, Z3
	VMOVUPS     Z3, (DI)(AX*4)
	ADDQ        $16, AX
	CMPQ        AX, DX
	JLT         value
	LEAQ        (SI)(DX*4), SI
	LEAQ        (DI)(DX*4), DI
	DECQ        CX
	JNZ         row
	VZEROUPPER
	RET

// func normGradientsAVX512(rows, n int, dx, dgamma, dbeta, dy, x, moments, gamma *float32)
TEXT ·normGradientsAVX512(SB), NOSPLIT, $0-72
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
	VBROADCASTSS (R9), Z0
	VBROADCASTSS 4(R9), Z1
	VPXORD       Z4, Z4, Z4
	VPXORD       Z6, Z6, Z6
	XORQ         AX, AX

sums:
	VMOVUPS      (SI)(AX*4), Z2
	VSUBPS       Z0, Z2, Z2
	VMULPS       Z1, Z2, Z2        // the normalised value
	VMOVUPS      (DI)(AX*4), Z3
	VADDPS       (R11)(AX*4), Z3, Z8
	VMOVUPS      Z8, (R11)(AX*4)
	VMOVUPS      (R10)(AX*4), Z8
	VFMADD231PS  Z2, Z3, Z8
	VMOVUPS      Z8, (R10)(AX*4)
	VMULPS       (R8)(AX*4), Z3, Z3
	VADDPS       Z3, Z6, Z6
	VFMADD231PS  Z2, Z3, Z4
	ADDQ         $16, AX
	CMPQ         AX, DX
	JLT          sums
	TESTQ        R12, R12
	JZ           next
	ADDLANES(Z4, Y4, X4)
	ADDLANES(Z6, Y6, X6)
	VMULSS       X12, X4, X4
	VMULSS       X12, X6, X6
	VBROADCASTSS X4, Z4
	VBROADCASTSS X6, Z6
	XORQ         AX, AX

gradient:
	VMOVUPS      (SI)(AX*4), Z2
	VSUBPS       Z0, Z2, Z2
	VMULPS       Z1, Z2, Z2
	VMOVUPS      (DI)(AX*4), Z3
	VFMSUB132PS  (R8)(AX*4), Z6, Z3 // dy·gamma - sum
	VFNMADD231PS Z2, Z4, Z3
	VMULPS       Z1, Z3, Z3
	VMOVUPS      Z3, (R12)(AX*4)
	ADDQ         $16, AX
	CMPQ         AX, DX
	JLT          gradient
	LEAQ         (R12)(DX*4), R12

next:
	LEAQ (SI)(DX*4), SI
	LEAQ (DI)(DX*4), DI
	ADDQ $8, R9
	DECQ CX
	JNZ  row
	VZEROUPPER
	RET
