#include "textflag.h"
#include "vector_avx2_amd64.h"

#define POSITIVE(dy) \
	VCMPPS $0x1e, V9, V0, V0; \
	VANDPS dy, V0, V0

#include "simd_amd64.h"
#include "elementwise_amd64.h"

// func reluAVX2(n int, y, x *float32)
TEXT ·reluAVX2(SB), NOSPLIT, $0-24
	MOVQ n+0(FP), CX
	MOVQ y+8(FP), DI
	MOVQ x+16(FP), SI
	RELUBODY(loop)
	VZEROUPPER
	RET

// func reluGradientAVX2(n int, dx, dy, x *float32)
TEXT ·reluGradientAVX2(SB), NOSPLIT, $0-32
	MOVQ n+0(FP), CX
	MOVQ dx+8(FP), DI
	MOVQ dy+16(FP), BX
	MOVQ x+24(FP), SI
	RELUGRADIENTBODY(loop)
	VZEROUPPER
	RET

// func geluGradientAVX2(n int, dx, dy, x *float32, table *[simdRows][16]float32)
TEXT ·geluGradientAVX2(SB), NOSPLIT, $0-40
	MOVQ n+0(FP), CX
	MOVQ dx+8(FP), DI
	MOVQ dy+16(FP), BX
	MOVQ x+24(FP), SI
	MOVQ table+32(FP), R8
	GELUGRADIENTBODY(loop)
	VZEROUPPER
	RET

// func blendAVX2(n int, y, a, b, z *float32, table *[simdRows][16]float32)
TEXT ·blendAVX2(SB), NOSPLIT, $0-48
	MOVQ n+0(FP), CX
	MOVQ y+8(FP), DI
	MOVQ a+16(FP), SI
	MOVQ b+24(FP), BX
	MOVQ z+32(FP), DX
	MOVQ table+40(FP), R8
	BLENDBODY(loop)
	VZEROUPPER
	RET

// func blendGradientsAVX2(n int, da, db, dz, dy, a, b, z *float32, table *[simdRows][16]float32)
TEXT ·blendGradientsAVX2(SB), NOSPLIT, $0-72
	MOVQ n+0(FP), CX
	MOVQ da+8(FP), DI
	MOVQ db+16(FP), DX
	MOVQ dz+24(FP), R9
	MOVQ dy+32(FP), SI
	MOVQ a+40(FP), BX
	MOVQ b+48(FP), R10
	MOVQ z+56(FP), R11
	MOVQ table+64(FP), R8
	BLENDGRADIENTSBODY(loop)
	VZEROUPPER
	RET

// func assembleAVX2(rows, n int, y, x, kind, position *float32, factor float32)
TEXT ·assembleAVX2(SB), NOSPLIT, $0-52
	MOVQ         rows+0(FP), CX
	MOVQ         n+8(FP), DX
	MOVQ         y+16(FP), DI
	MOVQ         x+24(FP), SI
	MOVQ         kind+32(FP), BX
	MOVQ         position+40(FP), R9
	VBROADCASTSS factor+48(FP), V8
	ASSEMBLEBODY(row, loop)
	VZEROUPPER
	RET

// func sumRowsAVX2(rows, n int, sums, x *float32, stride int)
TEXT ·sumRowsAVX2(SB), NOSPLIT, $0-40
	MOVQ rows+0(FP), R9
	MOVQ n+8(FP), CX
	MOVQ sums+16(FP), DI
	MOVQ x+24(FP), SI
	MOVQ stride+32(FP), R10
	SHLQ $2, R10
	SUMROWSBODY(four, row4, one, row1, done)
	VZEROUPPER
	RET
