#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "simd_amd64.h"

// KEYS sets key to integers in the order of the logits x: -0 like 0, NaN first. It uses
// Y0 to Y2.
#define KEYS(x, key) \
	VPXOR     Y0, Y0, Y0; \
	VADDPS    Y0, x, x; \
	VPSRAD    $31, x, Y1; \
	VPAND     MAGNITUDE, Y1, Y1; \
	VPXOR     x, Y1, Y1; \
	VCMPPS    $3, x, x, Y2; \
	VBLENDVPS Y2, Y14, Y1, key

// FIRST leaves in Y0 the bits of x where nothing precedes it. It uses Y1.
#define FIRST(x, rank, mask) \
	VPXOR    Y1, Y1, Y1; \
	VPCMPEQD rank, Y1, Y0; \
	VPAND    mask, Y0, Y0; \
	VPAND    x, Y0, Y0

// CHOSEN turns rank into a mask of those below k in its lanes.
#define CHOSEN(rank, mask) \
	VPCMPGTD rank, Y15, rank; \
	VPAND    mask, rank, rank

// SHARE turns x into exp(x - Y13) where it is chosen, 0 elsewhere. It uses Y0 to Y3.
#define SHARE(x, chosen) \
	VSUBPS Y13, x, Y0; \
	EXPONENTIAL; \
	VPAND  chosen, Y2, x

// func topKAVX2(rows, n, k int, gates, logits *float32, after *[16][16]int32, table *[simdRows][16]float32)
TEXT ·topKAVX2(SB), NOSPLIT, $128-56
	MOVQ rows+0(FP), AX
	MOVQ n+8(FP), CX
	MOVQ gates+24(FP), DI
	MOVQ logits+32(FP), SI
	MOVQ after+40(FP), R9
	MOVQ table+48(FP), R8

	// The masks of the first 8 lanes, Y4, and of the others, Y5.
	LEAQ    ·lanes+32(SB), R10
	MOVQ    CX, DX
	MOVQ    $8, BX
	CMPQ    DX, BX
	CMOVQGT BX, DX
	SUBQ    CX, BX
	MOVQ    $0, R11
	CMOVQGT R11, BX
	NEGQ    DX
	VMOVUPS (R10)(DX*4), Y4
	VMOVUPS (R10)(BX*4), Y5

	// The keys lie in one line of the cache, from which single ones are read at once.
	LEAQ keys-128(SP), R11
	ADDQ $63, R11
	ANDQ $-64, R11

	MOVL         $0x7ffffffe, R10
	VMOVD        R10, X14
	VPBROADCASTD X14, Y14
	MOVQ         k+16(FP), R10
	VMOVD        R10, X15
	VPBROADCASTD X15, Y15

row:
	VMASKMOVPS (SI), Y4, Y10
	VMASKMOVPS 32(SI), Y5, Y11
	KEYS(Y10, Y6)
	KEYS(Y11, Y7)
	VMOVDQU    Y6, (R11)
	VMOVDQU    Y7, 32(R11)

	// Y8 and Y9 count those that precede each.
	VPXOR Y8, Y8, Y8
	VPXOR Y9, Y9, Y9
	MOVQ  R11, R12
	MOVQ  R9, R13
	MOVQ  CX, DX

each:
	VPBROADCASTD (R12), Y0
	VPADDD       (R13), Y0, Y1
	VPADDD       32(R13), Y0, Y2
	VPCMPGTD     Y6, Y1, Y1
	VPCMPGTD     Y7, Y2, Y2
	VPSUBD       Y1, Y8, Y8
	VPSUBD       Y2, Y9, Y9
	ADDQ         $4, R12
	ADDQ         $64, R13
	DECQ         DX
	JNZ          each

	// Y13 is the first of all, the one whose bits are not masked.
	FIRST(Y10, Y8, Y4)
	VMOVAPS      Y0, Y2
	FIRST(Y11, Y9, Y5)
	VPOR         Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VPOR         X1, X0, X0
	VPERMILPS    $0x0e, X0, X1
	VPOR         X1, X0, X0
	VPERMILPS    $0x01, X0, X1
	VPOR         X1, X0, X0
	VBROADCASTSS X0, Y13

	CHOSEN(Y8, Y4)
	CHOSEN(Y9, Y5)
	SHARE(Y10, Y8)
	SHARE(Y11, Y9)
	VADDPS       Y11, Y10, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPS       X1, X0, X0
	VPERMILPS    $0x0e, X0, X1
	VADDPS       X1, X0, X0
	VPERMILPS    $0x01, X0, X1
	VADDSS       X1, X0, X0
	VBROADCASTSS X0, Y0
	VDIVPS       Y0, Y10, Y10
	VDIVPS       Y0, Y11, Y11
	VPAND        Y8, Y10, Y10
	VPAND        Y9, Y11, Y11
	VMASKMOVPS   Y10, Y4, (DI)
	VMASKMOVPS   Y11, Y5, 32(DI)
	LEAQ         (SI)(CX*4), SI
	LEAQ         (DI)(CX*4), DI
	DECQ         AX
	JNZ          row
	VZEROUPPER
	RET
