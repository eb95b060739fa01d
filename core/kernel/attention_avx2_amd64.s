#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "simd_amd64.h"
#include "attention_amd64.h"

// LEAST reduces V14 to the smallest of its lanes.
#define LEAST \
	VEXTRACTF128 $1, Y14, X13; \
	VMINPS       X13, X14, X14; \
	VPERMILPS    $0x0e, X14, X13; \
	VMINPS       X13, X14, X14; \
	VPERMILPS    $0x01, X14, X13; \
	VMINSS       X13, X14, X14

// func attendColumnsAVX2(rows, depth int, keys *float32, keyRow int, queries *float32, stride int, x, sums *float32, vectors int, table *[simdRows][16]float32)
TEXT ·attendColumnsAVX2(SB), NOSPLIT, $0-80
	MOVQ rows+0(FP), R11
	MOVQ depth+8(FP), R12
	MOVQ keys+16(FP), SI
	MOVQ keyRow+24(FP), R10
	SHLQ $2, R10
	MOVQ queries+32(FP), R13
	MOVQ stride+40(FP), R9
	SHLQ $2, R9
	MOVQ sums+56(FP), DI
	MOVQ table+72(FP), R8
	MOVL $0xff800000, AX
	VMOVD AX, X3
	VPBROADCASTD X3, V3 // -Inf
	MOVQ vectors+64(FP), AX
	CMPQ AX, $4
	JLT  row2
	JEQ  row4

row6:
	ATTENDCOLUMNS(each6, entry6, weight6, ATTENDLEASTS6, ATTENDZEROS6, ATTENDSCORES6, ATTENDMOSTS6, ATTENDPOWERS6, ATTENDPUTS6)
row4:
	ATTENDCOLUMNS(each4, entry4, weight4, ATTENDLEASTS4, ATTENDZEROS4, ATTENDSCORES4, ATTENDMOSTS4, ATTENDPOWERS4, ATTENDPUTS4)
row2:
	ATTENDCOLUMNS(each2, entry2, weight2, ATTENDLEASTS2, ATTENDZEROS2, ATTENDSCORES2, ATTENDMOSTS2, ATTENDPOWERS2, ATTENDPUTS2)

done:
	VZEROUPPER
	RET

// func softmaxColumnsAVX2(rows, stride int, grads, w, factors *float32)
TEXT ·softmaxColumnsAVX2(SB), NOSPLIT, $0-40
	MOVQ rows+0(FP), R11
	MOVQ stride+8(FP), R9
	SHLQ $2, R9
	MOVQ R9, R10
	MOVQ grads+16(FP), BX
	MOVQ w+24(FP), DX
	MOVQ factors+32(FP), DI
	SOFTMAXCOLUMNS(column, sum, difference)
	VZEROUPPER
	RET

// func sumObservedAVX2(features int, start *int32, list *observation[float32], w, sums *float32, stride, vectors int) float32
TEXT ·sumObservedAVX2(SB), NOSPLIT, $0-60
	MOVQ         features+0(FP), CX
	MOVQ         start+8(FP), R9
	MOVQ         list+16(FP), R10
	MOVQ         w+24(FP), BX
	MOVQ         sums+32(FP), DI
	MOVQ         stride+40(FP), STRIDE
	SHLQ         $2, STRIDE
	MOVL         $0x3f800000, AX
	VMOVD        AX, X15
	VPBROADCASTD X15, V15           // 1
	VMOVAPS      V15, V14
	MOVQ         vectors+48(FP), AX
	CMPQ         AX, $4
	JLT          feature2
	JEQ          feature4

	SUMFEATURES(feature6, entry6, empty6, store6, SUMTERMS6, SUMCLEAR6, SUMDIVIDE6, SUMONE6, SUMSTORE6)
	SUMFEATURES(feature4, entry4, empty4, store4, SUMTERMS4, SUMCLEAR4, SUMDIVIDE4, SUMONE4, SUMSTORE4)
	SUMFEATURES(feature2, entry2, empty2, store2, SUMTERMS2, SUMCLEAR2, SUMDIVIDE2, SUMONE2, SUMSTORE2)

done:
	LEAST
	VMOVSS X14, ret+56(FP)
	VZEROUPPER
	RET

// func spreadObservedAVX2(rows int, start *int32, list *observation[float32], grads, w *float32, stride, vectors int)
TEXT ·spreadObservedAVX2(SB), NOSPLIT, $0-56
	MOVQ rows+0(FP), CX
	MOVQ start+8(FP), R9
	MOVQ list+16(FP), R10
	MOVQ grads+24(FP), BX
	MOVQ w+32(FP), DI
	MOVQ stride+40(FP), STRIDE
	SHLQ $2, STRIDE
	LEAQ (BX)(STRIDE*1), R12
	LEAQ (STRIDE)(STRIDE*1), R13
	MOVQ vectors+48(FP), AX
	CMPQ AX, $4
	JLT  row2
	JEQ  row4

	SPREADROWS(row6, entry6, store6, SPREADTERMS6, SUMCLEAR6, SPREADSTORE6)
	SPREADROWS(row4, entry4, store4, SPREADTERMS4, SUMCLEAR4, SPREADSTORE4)
	SPREADROWS(row2, entry2, store2, SPREADTERMS2, SUMCLEAR2, SPREADSTORE2)

done:
	VZEROUPPER
	RET

// func quotientGradientsAVX2(features, stride int, grads, sums *float32, tiny float32) float32
TEXT ·quotientGradientsAVX2(SB), NOSPLIT, $0-44
	MOVQ         features+0(FP), CX
	MOVQ         stride+8(FP), STRIDE
	SHLQ         $2, STRIDE
	MOVQ         grads+16(FP), DI
	MOVQ         sums+24(FP), SI
	VBROADCASTSS tiny+32(FP), V4
	MOVL         $0x80000000, AX
	VMOVD        AX, X5
	VPBROADCASTD X5, V5            // the sign
	MOVL         $0x3f800000, AX
	VMOVD        AX, X14
	VPBROADCASTD X14, V14

feature:
	MOVQ STRIDE, DX

vector:
	VMOVUPS   (SI)(STRIDE*1), V1
	VMOVUPS   (DI), V0
	VMINPS    V1, V14, V14
	VCMPPS  $13, V4, V1, V2   // not below tiny
	VDIVPS  V1, V0, V0
	VANDPS  V2, V0, V0
	VMOVUPS V0, (DI)
	VXORPS  V5, V0, V0
	VMULPS  (SI), V0, V0
	VANDPS  V2, V0, V0
	VMOVUPS V0, (DI)(STRIDE*1)
	ADDQ      $32, SI
	ADDQ      $32, DI
	SUBQ      $32, DX
	JNZ       vector
	ADDQ      STRIDE, SI
	ADDQ      STRIDE, DI
	DECQ      CX
	JNZ       feature
	LEAST
	VMOVSS    X14, ret+40(FP)
	VZEROUPPER
	RET
