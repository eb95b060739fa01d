#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "simd_amd64.h"

// func softmaxAVX2(rows, n int, x *float32, scale float32, table *[simdRows][16]float32)
//
// Two vectors at a time stand for one of AVX-512, so that sums run in the same order;
// the last two of a row go through the masks Y14 and Y15.
TEXT ·softmaxAVX2(SB), NOSPLIT, $0-40
	MOVQ         rows+0(FP), R9
	MOVQ         n+8(FP), R10
	MOVQ         x+16(FP), DI
	VBROADCASTSS scale+24(FP), Y10
	MOVQ         table+32(FP), R8
	MOVL         $0xff800000, AX
	VMOVD        AX, X11
	VPBROADCASTD X11, Y11          // -Inf
	LEAQ         -1(R10), R13
	MOVQ         R13, AX
	ANDQ         $15, AX
	INCQ         AX
	SHRQ         $4, R13           // pairs before the last
	LEAQ         ·lanes+32(SB), BX
	MOVQ         $8, DX
	CMPQ         AX, DX
	CMOVQLT      AX, DX
	SUBQ         DX, AX
	NEGQ         AX
	NEGQ         DX
	VMOVUPS      (BX)(DX*4), Y14
	VMOVUPS      (BX)(AX*4), Y15

row:
	MOVQ    DI, SI
	MOVQ    R13, CX
	VMOVAPS Y11, Y9
	TESTQ   CX, CX
	JZ      maxtail

maximum:
	VMAXPS (SI), Y9, Y9
	VMAXPS 32(SI), Y9, Y9
	ADDQ   $64, SI
	DECQ   CX
	JNZ    maximum

maxtail:
	VMASKMOVPS   (SI), Y14, Y0
	VBLENDVPS    Y14, Y0, Y11, Y0
	VMAXPS       Y0, Y9, Y9
	VMASKMOVPS   32(SI), Y15, Y0
	VBLENDVPS    Y15, Y0, Y11, Y0
	VMAXPS       Y0, Y9, Y9
	VEXTRACTF128 $1, Y9, X0
	VMAXPS       X0, X9, X9
	VPERMILPS    $0x0e, X9, X0
	VMAXPS       X0, X9, X9
	VPERMILPS    $0x01, X9, X0
	VMAXPS       X0, X9, X9
	VBROADCASTSS X9, Y9
	VMULPS       Y10, Y9, Y9
	VXORPS       Y8, Y8, Y8
	VXORPS       Y12, Y12, Y12
	MOVQ         DI, SI
	MOVQ         R13, CX
	TESTQ        CX, CX
	JZ           exptail

exponential:
	VMULPS  (SI), Y10, Y0
	VSUBPS  Y9, Y0, Y0
	EXPONENTIAL
	VMOVUPS Y2, (SI)
	VADDPS  Y2, Y8, Y8
	VMULPS  32(SI), Y10, Y0
	VSUBPS  Y9, Y0, Y0
	EXPONENTIAL
	VMOVUPS Y2, 32(SI)
	VADDPS  Y2, Y12, Y12
	ADDQ    $64, SI
	DECQ    CX
	JNZ     exponential

exptail:
	VMASKMOVPS (SI), Y14, Y0
	VMULPS     Y10, Y0, Y0
	VSUBPS     Y9, Y0, Y0
	EXPONENTIAL
	VANDPS     Y14, Y2, Y2
	VMASKMOVPS Y2, Y14, (SI)
	VADDPS     Y2, Y8, Y8
	VMASKMOVPS 32(SI), Y15, Y0
	VMULPS     Y10, Y0, Y0
	VSUBPS     Y9, Y0, Y0
	EXPONENTIAL
	VANDPS     Y15, Y2, Y2
	VMASKMOVPS Y2, Y15, 32(SI)
	VADDPS     Y2, Y12, Y12

	VADDPS       Y12, Y8, Y8
	VEXTRACTF128 $1, Y8, X0
	VADDPS       X0, X8, X8
	VPERMILPS    $0x0e, X8, X0
	VADDPS       X0, X8, X8
	VPERMILPS    $0x01, X8, X0
	VADDSS       X0, X8, X8
	VMOVSS       (R8), X0
	VDIVSS       X8, X0, X8
	VBROADCASTSS X8, Y8
	MOVQ         DI, SI
	MOVQ         R13, CX
	TESTQ        CX, CX
	JZ           dividetail

divide:
	VMULPS  (SI), Y8, Y0
	VMOVUPS Y0, (SI)
	VMULPS  32(SI), Y8, Y0
	VMOVUPS Y0, 32(SI)
	ADDQ    $64, SI
	DECQ    CX
	JNZ     divide

dividetail:
	VMASKMOVPS (SI), Y14, Y0
	VMULPS     Y8, Y0, Y0
	VMASKMOVPS Y0, Y14, (SI)
	VMASKMOVPS 32(SI), Y15, Y0
	VMULPS     Y8, Y0, Y0
	VMASKMOVPS Y0, Y15, 32(SI)
	LEAQ (DI)(R10*4), DI
	DECQ R9
	JNZ  row
	VZEROUPPER
	RET
