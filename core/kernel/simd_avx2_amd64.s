#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "simd_amd64.h"

// func expAVX2(n int, dst, src *float32, shift float32, table *[simdRows][16]float32)
TEXT ·expAVX2(SB), NOSPLIT, $0-40
	MOVQ n+0(FP), CX
	MOVQ dst+8(FP), DI
	MOVQ src+16(FP), SI
	MOVQ table+32(FP), R8
	EXPBODY(loop)
	VZEROUPPER
	RET

// func geluAVX2(n int, dst, src *float32, table *[simdRows][16]float32)
TEXT ·geluAVX2(SB), NOSPLIT, $0-32
	MOVQ n+0(FP), CX
	MOVQ dst+8(FP), DI
	MOVQ src+16(FP), SI
	MOVQ table+24(FP), R8
	GELUBODY(loop)
	VZEROUPPER
	RET

// func geluSlopesAVX2(n int, values, slopes, src *float32, table *[simdRows][16]float32)
TEXT ·geluSlopesAVX2(SB), NOSPLIT, $0-40
	MOVQ n+0(FP), CX
	MOVQ values+8(FP), DI
	MOVQ slopes+16(FP), DX
	MOVQ src+24(FP), SI
	MOVQ table+32(FP), R8
	GELUSLOPESBODY(loop)
	VZEROUPPER
	RET

// func axpyAVX2(n int, y *float32, a float32, x *float32)
TEXT ·axpyAVX2(SB), NOSPLIT, $0-32
	MOVQ         n+0(FP), CX
	MOVQ         y+8(FP), DI
	VBROADCASTSS a+16(FP), V0
	MOVQ         x+24(FP), SI
	SUBQ         $32, CX
	JLT          rest

block:
	VMOVUPS     (DI), V1
	VMOVUPS     32(DI), V2
	VMOVUPS     64(DI), V3
	VMOVUPS     96(DI), V4
	VFMADD231PS (SI), V0, V1
	VFMADD231PS 32(SI), V0, V2
	VFMADD231PS 64(SI), V0, V3
	VFMADD231PS 96(SI), V0, V4
	VMOVUPS     V1, (DI)
	VMOVUPS     V2, 32(DI)
	VMOVUPS     V3, 64(DI)
	VMOVUPS     V4, 96(DI)
	ADDQ        $128, SI
	ADDQ        $128, DI
	SUBQ        $32, CX
	JGE         block

rest:
	ADDQ $32, CX

vector:
	SUBQ        $8, CX
	JLT         single
	VMOVUPS     (DI), V1
	VFMADD231PS (SI), V0, V1
	VMOVUPS     V1, (DI)
	ADDQ        $32, SI
	ADDQ        $32, DI
	JMP         vector

single:
	ADDQ $8, CX
	JZ   done

one:
	VMOVSS      (DI), X1
	VFMADD231SS (SI), X0, X1
	VMOVSS      X1, (DI)
	ADDQ        $4, SI
	ADDQ        $4, DI
	DECQ        CX
	JNZ         one

done:
	VZEROUPPER
	RET

// DOTBLOCK adds 8 products to one of the sums, DOTTAIL the last CX < 8.
#define DOTBLOCK(sum) \
	VMOVUPS     (SI), V4; \
	VFMADD231PS (DI), V4, sum; \
	ADDQ        $32, SI; \
	ADDQ        $32, DI; \
	SUBQ        $8, CX

#define DOTTAIL(sum) \
	NEGQ        CX; \
	VMOVUPS     (R10)(CX*4), V8; \
	VMASKMOVPS  (SI), V8, V4; \
	VMASKMOVPS  (DI), V8, V5; \
	VFMADD231PS V5, V4, sum; \
	JMP         sums

// func dotAVX2(n int, x, y *float32) float32
TEXT ·dotAVX2(SB), NOSPLIT, $0-28
	MOVQ  n+0(FP), CX
	MOVQ  x+8(FP), SI
	MOVQ  y+16(FP), DI
	LEAQ  ·lanes+32(SB), R10
	VPXOR V0, V0, V0
	VPXOR V1, V1, V1
	VPXOR V2, V2, V2
	VPXOR V3, V3, V3
	CMPQ  CX, $32
	JLT   rest

block:
	VMOVUPS     (SI), V4
	VMOVUPS     32(SI), V5
	VMOVUPS     64(SI), V6
	VMOVUPS     96(SI), V7
	VFMADD231PS (DI), V4, V0
	VFMADD231PS 32(DI), V5, V1
	VFMADD231PS 64(DI), V6, V2
	VFMADD231PS 96(DI), V7, V3
	ADDQ        $128, SI
	ADDQ        $128, DI
	SUBQ        $32, CX
	CMPQ        CX, $32
	JGE         block

rest:
	CMPQ CX, $8
	JLT  tail0
	DOTBLOCK(V0)
	CMPQ CX, $8
	JLT  tail1
	DOTBLOCK(V1)
	CMPQ CX, $8
	JLT  tail2
	DOTBLOCK(V2)
	DOTTAIL(V3)

tail0:
	DOTTAIL(V0)

tail1:
	DOTTAIL(V1)

tail2:
	DOTTAIL(V2)

sums:
	VADDPS       V2, V0, V0
	VADDPS       V3, V1, V1
	VADDPS       V1, V0, V0
	VEXTRACTF128 $1, Y0, X1
	VADDPS       X1, X0, X0
	VPERMILPS    $0x0e, X0, X1
	VADDPS       X1, X0, X0
	VPERMILPS    $0x01, X0, X1
	VADDSS       X1, X0, X0
	VMOVSS       X0, ret+24(FP)
	VZEROUPPER
	RET

// func sinesAVX2(rows, n int, sin, cos *float32, stride int, weight, bias, times *float32, table *[simdRows][16]float32)
TEXT ·sinesAVX2(SB), NOSPLIT, $0-72
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

// func slopesAVX2(rows, n int, sums, weighted, grads, slopes *float32, stride int, weights *float32)
TEXT ·slopesAVX2(SB), NOSPLIT, $0-64
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

// func weighAVX2(n int, grads, sums, slopes *float32, weight float32)
TEXT ·weighAVX2(SB), NOSPLIT, $0-36
	MOVQ         n+0(FP), CX
	MOVQ         grads+8(FP), DI
	MOVQ         sums+16(FP), DX
	MOVQ         slopes+24(FP), SI
	VBROADCASTSS weight+32(FP), V8
	WEIGHBODY(loop)
	VZEROUPPER
	RET

// func scaleAVX2(n int, x *float32, a float32)
TEXT ·scaleAVX2(SB), NOSPLIT, $0-20
	MOVQ         n+0(FP), CX
	MOVQ         x+8(FP), DI
	VBROADCASTSS a+16(FP), V8
	SCALEBODY(loop)
	VZEROUPPER
	RET
