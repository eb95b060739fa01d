#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "simd_amd64.h"
#include "attention_amd64.h"

// LEAST reduces V14 to the smallest of its lanes.
#define LEAST \
	VEXTRACTF64X4 $1, Z14, Y13; \
	VMINPS        Y13, Y14, Y14; \
	VEXTRACTF128  $1, Y14, X13; \
	VMINPS        X13, X14, X14; \
	VPERMILPS     $0x0e, X14, X13; \
	VMINPS        X13, X14, X14; \
	VPERMILPS     $0x01, X14, X13; \
	VMINSS        X13, X14, X14

// func attendColumnsAVX512(rows, depth int, keys *float32, keyRow int, queries *float32, stride int, x, sums *float32, vectors int, table *[simdRows][16]float32)
TEXT ·attendColumnsAVX512(SB), NOSPLIT, $0-80
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
	VPBROADCASTD AX, V3 // -Inf
	MOVQ vectors+64(FP), AX
	CMPQ AX, $2
	JLT  row1
	JEQ  row2
	CMPQ AX, $3
	JEQ  row3

row4:
	ATTENDCOLUMNS(each4, entry4, weight4, ATTENDLEASTS4, ATTENDZEROS4, ATTENDSCORES4, ATTENDMOSTS4, ATTENDPOWERS4, ATTENDPUTS4)
row3:
	ATTENDCOLUMNS(each3, entry3, weight3, ATTENDLEASTS3, ATTENDZEROS3, ATTENDSCORES3, ATTENDMOSTS3, ATTENDPOWERS3, ATTENDPUTS3)
row2:
	ATTENDCOLUMNS(each2, entry2, weight2, ATTENDLEASTS2, ATTENDZEROS2, ATTENDSCORES2, ATTENDMOSTS2, ATTENDPOWERS2, ATTENDPUTS2)
row1:
	ATTENDCOLUMNS(each1, entry1, weight1, ATTENDLEASTS1, ATTENDZEROS1, ATTENDSCORES1, ATTENDMOSTS1, ATTENDPOWERS1, ATTENDPUTS1)

done:
	VZEROUPPER
	RET

// func softmaxColumnsAVX512(rows, stride int, grads, w, factors *float32)
TEXT ·softmaxColumnsAVX512(SB), NOSPLIT, $0-40
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

// func sumObservedAVX512(features int, start *int32, list *observation[float32], w, sums *float32, stride, vectors int) float32
TEXT ·sumObservedAVX512(SB), NOSPLIT, $0-60
	MOVQ         features+0(FP), CX
	MOVQ         start+8(FP), R9
	MOVQ         list+16(FP), R10
	MOVQ         w+24(FP), BX
	MOVQ         sums+32(FP), DI
	MOVQ         stride+40(FP), STRIDE
	SHLQ         $2, STRIDE
	MOVL         $0x3f800000, AX
	VPBROADCASTD AX, V15           // 1
	VMOVAPS      V15, V14
	MOVQ         vectors+48(FP), AX
	CMPQ         AX, $2
	JLT          feature1
	JEQ          feature2
	CMPQ         AX, $3
	JEQ          feature3

	SUMFEATURES(feature4, entry4, empty4, store4, SUMTERMS4, SUMCLEAR4, SUMDIVIDE4, SUMONE4, SUMSTORE4)
	SUMFEATURES(feature3, entry3, empty3, store3, SUMTERMS3, SUMCLEAR3, SUMDIVIDE3, SUMONE3, SUMSTORE3)
	SUMFEATURES(feature2, entry2, empty2, store2, SUMTERMS2, SUMCLEAR2, SUMDIVIDE2, SUMONE2, SUMSTORE2)
	SUMFEATURES(feature1, entry1, empty1, store1, SUMTERMS1, SUMCLEAR1, SUMDIVIDE1, SUMONE1, SUMSTORE1)

done:
	LEAST
	VMOVSS X14, ret+56(FP)
	VZEROUPPER
	RET

// func spreadObservedAVX512(rows int, start *int32, list *observation[float32], grads, w *float32, stride, vectors int)
TEXT ·spreadObservedAVX512(SB), NOSPLIT, $0-56
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
	CMPQ AX, $2
	JLT  row1
	JEQ  row2
	CMPQ AX, $3
	JEQ  row3

	SPREADROWS(row4, entry4, store4, SPREADTERMS4, SUMCLEAR4, SPREADSTORE4)
	SPREADROWS(row3, entry3, store3, SPREADTERMS3, SUMCLEAR3, SPREADSTORE3)
	SPREADROWS(row2, entry2, store2, SPREADTERMS2, SUMCLEAR2, SPREADSTORE2)
	SPREADROWS(row1, entry1, store1, SPREADTERMS1, SUMCLEAR1, SPREADSTORE1)

done:
	VZEROUPPER
	RET

// func quotientGradientsAVX512(features, stride int, grads, sums *float32, tiny float32) float32
TEXT ·quotientGradientsAVX512(SB), NOSPLIT, $0-44
	MOVQ         features+0(FP), CX
	MOVQ         stride+8(FP), STRIDE
	SHLQ         $2, STRIDE
	MOVQ         grads+16(FP), DI
	MOVQ         sums+24(FP), SI
	VBROADCASTSS tiny+32(FP), V4
	MOVL         $0x80000000, AX
	VPBROADCASTD AX, V5            // the sign
	MOVL         $0x3f800000, AX
	VPBROADCASTD AX, V14

feature:
	MOVQ STRIDE, DX

vector:
	VMOVUPS   (SI)(STRIDE*1), V1
	VMOVUPS   (DI), V0
	VMINPS    V1, V14, V14
	VCMPPS    $13, V4, V1, K1   // not below tiny
	VDIVPS.Z  V1, V0, K1, V0
	VMOVUPS   V0, (DI)
	VPXORD    V5, V0, V0
	VMULPS    (SI), V0, V0
	VMOVUPS.Z V0, K1, V0
	VMOVUPS   V0, (DI)(STRIDE*1)
	ADDQ      $64, SI
	ADDQ      $64, DI
	SUBQ      $64, DX
	JNZ       vector
	ADDQ      STRIDE, SI
	ADDQ      STRIDE, DI
	DECQ      CX
	JNZ       feature
	LEAST
	VMOVSS    X14, ret+40(FP)
	VZEROUPPER
	RET
