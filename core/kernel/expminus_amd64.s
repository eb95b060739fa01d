#include "textflag.h"

// exp(t) = 2^n·exp(r), n = round(t/ln 2), |r| <= ln(2)/2, with exp(r) as the
// polynomial 1 + r + r²·P(r), P being the minimax polynomial of degree 5 of the
// Cephes library. ln 2 is subtracted in two parts so that r stays exact. t is held
// above -87.3, where 2^n is still a normal number.

DATA expConst<>+0(SB)/4, $0xc2ae999a  // -87.3
DATA expConst<>+4(SB)/4, $0x3fb8aa3b  // 1/ln 2
DATA expConst<>+8(SB)/4, $0x3f318000  // upper part of ln 2: 0.693359375
DATA expConst<>+12(SB)/4, $0xb95e8083 // lower part of ln 2: -2.12194440e-4
DATA expConst<>+16(SB)/4, $0x39506967 // 1.9875691500e-4
DATA expConst<>+20(SB)/4, $0x3ab743ce // 1.3981999507e-3
DATA expConst<>+24(SB)/4, $0x3c088908 // 8.3334519073e-3
DATA expConst<>+28(SB)/4, $0x3d2aa9c1 // 4.1665795894e-2
DATA expConst<>+32(SB)/4, $0x3e2aaaaa // 1.6666665459e-1
DATA expConst<>+36(SB)/4, $0x3f000000 // 5.0000001201e-1
DATA expConst<>+40(SB)/4, $0x3f800000 // 1
GLOBL expConst<>(SB), RODATA|NOPTR, $44

// func expMinusAVX2(x *float32, n int, shift float32)
TEXT ·expMinusAVX2(SB), NOSPLIT, $0-20
	MOVQ         x+0(FP), DI
	MOVQ         n+8(FP), CX
	VBROADCASTSS shift+16(FP), Y4
	VBROADCASTSS expConst<>+0(SB), Y5
	VBROADCASTSS expConst<>+4(SB), Y6
	VBROADCASTSS expConst<>+8(SB), Y7
	VBROADCASTSS expConst<>+12(SB), Y8
	VBROADCASTSS expConst<>+16(SB), Y9
	VBROADCASTSS expConst<>+20(SB), Y10
	VBROADCASTSS expConst<>+24(SB), Y11
	VBROADCASTSS expConst<>+28(SB), Y12
	VBROADCASTSS expConst<>+32(SB), Y13
	VBROADCASTSS expConst<>+36(SB), Y14
	VBROADCASTSS expConst<>+40(SB), Y15

loop:
	VMOVUPS      (DI), Y0
	VSUBPS       Y4, Y0, Y0
	VMAXPS       Y0, Y5, Y0     // the second operand of the machine's order is t, so that NaN stays NaN
	VMULPS       Y6, Y0, Y1
	VROUNDPS     $0, Y1, Y1     // n
	VFNMADD231PS Y7, Y1, Y0
	VFNMADD231PS Y8, Y1, Y0     // r
	VMOVAPS      Y9, Y2
	VFMADD213PS  Y10, Y0, Y2    // P = P·r + c
	VFMADD213PS  Y11, Y0, Y2
	VFMADD213PS  Y12, Y0, Y2
	VFMADD213PS  Y13, Y0, Y2
	VFMADD213PS  Y14, Y0, Y2
	VMULPS       Y0, Y0, Y3     // r²
	VADDPS       Y15, Y0, Y0    // 1 + r
	VFMADD231PS  Y3, Y2, Y0     // + r²·P
	VCVTPS2DQ    Y1, Y1
	VPSLLD       $23, Y1, Y1
	VPADDD       Y1, Y0, Y0     // times 2^n
	VMOVUPS      Y0, (DI)
	ADDQ         $32, DI
	SUBQ         $8, CX
	JNZ          loop
	VZEROUPPER
	RET
