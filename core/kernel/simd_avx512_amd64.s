#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "simd_amd64.h"

// func expAVX512(n int, dst, src *float32, shift float32, table *[simdRows][16]float32)
TEXT ·expAVX512(SB), NOSPLIT, $0-40
	MOVQ n+0(FP), CX
	MOVQ dst+8(FP), DI
	MOVQ src+16(FP), SI
	MOVQ table+32(FP), R8
	EXPBODY(loop)
	VZEROUPPER
	RET

// func geluAVX512(n int, dst, src *float32, table *[simdRows][16]float32)
TEXT ·geluAVX512(SB), NOSPLIT, $0-32
	MOVQ n+0(FP), CX
	MOVQ dst+8(FP), DI
	MOVQ src+16(FP), SI
	MOVQ table+24(FP), R8
	GELUBODY(loop)
	VZEROUPPER
	RET

// func geluSlopesAVX512(n int, values, slopes, src *float32, table *[simdRows][16]float32)
TEXT ·geluSlopesAVX512(SB), NOSPLIT, $0-40
	MOVQ n+0(FP), CX
	MOVQ values+8(FP), DI
	MOVQ slopes+16(FP), DX
	MOVQ src+24(FP), SI
	MOVQ table+32(FP), R8
	GELUSLOPESBODY(loop)
	VZEROUPPER
	RET

// func axpyAVX512(n int, y *float32, a float32, x *float32)
TEXT ·axpyAVX512(SB), NOSPLIT, $0-32
	MOVQ         n+0(FP), CX
	MOVQ         y+8(FP), DI
	VBROADCASTSS a+16(FP), V0
	MOVQ         x+24(FP), SI
	SUBQ         $32, CX
	JLT          rest

block:
	VMOVUPS     (DI), V1
	VMOVUPS     64(DI), V2
	VFMADD231PS (SI), V0, V1
	VFMADD231PS 64(SI), V0, V2
	VMOVUPS     V1, (DI)
	VMOVUPS     V2, 64(DI)
	ADDQ        $128, SI
	ADDQ        $128, DI
	SUBQ        $32, CX
	JGE         block

rest:
	ADDQ        $32, CX
	JZ          done
	MOVQ        $-1, R9
	BZHIQ       CX, R9, R9
	KMOVW       R9, K1
	SHRQ        $16, R9
	KMOVW       R9, K2
	VMOVUPS.Z   (DI), K1, V1
	VMOVUPS.Z   (SI), K1, V3
	VFMADD231PS V3, V0, V1
	VMOVUPS     V1, K1, (DI)
	TESTQ       R9, R9
	JZ          done
	VMOVUPS.Z   64(DI), K2, V2
	VMOVUPS.Z   64(SI), K2, V4
	VFMADD231PS V4, V0, V2
	VMOVUPS     V2, K2, 64(DI)

done:
	VZEROUPPER
	RET

// func dotAVX512(n int, x, y *float32) float32
TEXT ·dotAVX512(SB), NOSPLIT, $0-28
	MOVQ   n+0(FP), CX
	MOVQ   x+8(FP), SI
	MOVQ   y+16(FP), DI
	VPXORD V0, V0, V0
	VPXORD V1, V1, V1
	SUBQ   $32, CX
	JLT    rest

block:
	VMOVUPS     (SI), V4
	VMOVUPS     64(SI), V5
	VFMADD231PS (DI), V4, V0
	VFMADD231PS 64(DI), V5, V1
	ADDQ        $128, SI
	ADDQ        $128, DI
	SUBQ        $32, CX
	JGE         block

rest:
	ADDQ        $32, CX
	JZ          sums
	MOVQ        $-1, R9
	BZHIQ       CX, R9, R9
	KMOVW       R9, K1
	SHRQ        $16, R9
	KMOVW       R9, K2
	VMOVUPS.Z   (SI), K1, V4
	VMOVUPS.Z   (DI), K1, V5
	VFMADD231PS V5, V4, V0
	TESTQ       R9, R9
	JZ          sums
	VMOVUPS.Z   64(SI), K2, V4
	VMOVUPS.Z   64(DI), K2, V5
	VFMADD231PS V5, V4, V1

sums:
	VADDPS        V1, V0, V0
	VEXTRACTF64X4 $1, V0, Y1
	VADDPS        Y1, Y0, Y0
	VEXTRACTF128  $1, Y0, X1
	VADDPS        X1, X0, X0
	VPERMILPS     $0x0e, X0, X1
	VADDPS        X1, X0, X0
	VPERMILPS     $0x01, X0, X1
	VADDSS        X1, X0, X0
	VMOVSS        X0, ret+24(FP)
	VZEROUPPER
	RET

// func sinesAVX512(rows, n int, sin, cos *float32, stride int, weight, bias, times *float32, table *[simdRows][16]float32)
TEXT ·sinesAVX512(SB), NOSPLIT, $0-72
	MOVQ rows+0(FP), R11
	MOVQ n+8(FP), CX
	MOVQ sin+16(FP), DI
	MOVQ cos+24(FP), DX
	MOVQ stride+32(FP), R10
	SHLQ $2, R10
	MOVQ weight+40(FP), SI
	MOVQ bias+48(FP), BX
	MOVQ times+56(FP), R9
	MOVQ table+64(FP), R8
	SINESBODY(row, loop)
	VZEROUPPER
	RET

// func slopesAVX512(rows, n int, sums, weighted, grads, slopes *float32, stride int, weights *float32)
TEXT ·slopesAVX512(SB), NOSPLIT, $0-64
	MOVQ rows+0(FP), R11
	MOVQ n+8(FP), CX
	MOVQ sums+16(FP), DI
	MOVQ weighted+24(FP), DX
	MOVQ grads+32(FP), SI
	MOVQ slopes+40(FP), BX
	MOVQ stride+48(FP), R10
	SHLQ $2, R10
	MOVQ weights+56(FP), R9
	SLOPESBODY(column, row)
	VZEROUPPER
	RET

// func weighAVX512(n int, grads, sums, slopes *float32, weight float32)
TEXT ·weighAVX512(SB), NOSPLIT, $0-36
	MOVQ         n+0(FP), CX
	MOVQ         grads+8(FP), DI
	MOVQ         sums+16(FP), DX
	MOVQ         slopes+24(FP), SI
	VBROADCASTSS weight+32(FP), V8
	WEIGHBODY(loop)
	VZEROUPPER
	RET

// func scaleAVX512(n int, x *float32, a float32)
TEXT ·scaleAVX512(SB), NOSPLIT, $0-20
	MOVQ         n+0(FP), CX
	MOVQ         x+8(FP), DI
	VBROADCASTSS a+16(FP), V8
	SCALEBODY(loop)
	VZEROUPPER
	RET
