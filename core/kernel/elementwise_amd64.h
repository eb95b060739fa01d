// The bodies of the kernels that read and write each entry once, written once for both
// widths. The file that includes this one includes simd_amd64.h before, and defines
//
//	POSITIVE(dy)     V0 = dy where V0 > 0 and 0 elsewhere, with V9 = 0
//
// AX counts entries up to CX, those of a row up to DX.

#define NEXT(loop, end) \
	ADDQ $(BYTES/4), AX; \
	CMPQ AX, end; \
	JLT  loop

// Adding 0 makes a positive zero of a negative one; NaN stays as the second operand in
// the machine's order, the first in this one.
#define RELUBODY(loop) \
	XOR V9, V9, V9; \
	XORQ AX, AX; \
loop: \
	VMAXPS  (SI)(AX*4), V9, V0; \
	VADDPS  V9, V0, V0; \
	VMOVUPS V0, (DI)(AX*4); \
	NEXT(loop, CX)

#define RELUGRADIENTBODY(loop) \
	XOR V9, V9, V9; \
	XORQ AX, AX; \
loop: \
	VMOVUPS (SI)(AX*4), V0; \
	POSITIVE((BX)(AX*4)); \
	VMOVUPS V0, (DI)(AX*4); \
	NEXT(loop, CX)

// The slope is that of GELUSLOPESBODY.
#define GELUGRADIENTBODY(loop) \
	XORQ AX, AX; \
loop: \
	VMOVUPS     (SI)(AX*4), V9; \
	UPPERTAIL; \
	VMULPS      DENSITY, V2, V2; \
	VFMSUB213PS V5, V7, V2; \
	AND         SIGN, V9, V1; \
	XOR         V1, V2, V2; \
	VPSRAD      $31, V9, V1; \
	ANDNOT      ONE, V1, V1; \
	VADDPS      V1, V2, V2; \
	VMULPS      (BX)(AX*4), V2, V2; \
	VMOVUPS     V2, (DI)(AX*4); \
	NEXT(loop, CX)

// SIGMOID sets V4 to 1/(1+exp(-V0)) and V5 to 1-V4, V9 being 1.
#define SIGMOID \
	XOR    SIGN, V0, V0; \
	EXPONENTIAL; \
	VADDPS V9, V2, V2; \
	VDIVPS V2, V9, V4; \
	VSUBPS V4, V9, V5

#define BLENDBODY(loop) \
	VMOVUPS ONE, V9; \
	XORQ    AX, AX; \
loop: \
	VMOVUPS (DX)(AX*4), V0; \
	SIGMOID; \
	VMULPS  (SI)(AX*4), V4, V4; \
	VMULPS  (BX)(AX*4), V5, V5; \
	VADDPS  V5, V4, V4; \
	VMOVUPS V4, (DI)(AX*4); \
	NEXT(loop, CX)

#define BLENDGRADIENTSBODY(loop) \
	VMOVUPS ONE, V9; \
	XORQ    AX, AX; \
loop: \
	VMOVUPS (R11)(AX*4), V0; \
	SIGMOID; \
	VMOVUPS (SI)(AX*4), V6; \
	VMOVUPS (BX)(AX*4), V0; \
	VSUBPS  (R10)(AX*4), V0, V0; \
	VMULPS  V0, V6, V0; \
	VMULPS  V4, V0, V0; \
	VMULPS  V5, V0, V0; \
	VMULPS  V4, V6, V4; \
	VMULPS  V5, V6, V5; \
	VMOVUPS V4, (DI)(AX*4); \
	VMOVUPS V5, (DX)(AX*4); \
	VMOVUPS V0, (R9)(AX*4); \
	NEXT(loop, CX)

#define ASSEMBLEBODY(row, loop) \
row: \
	XORQ    AX, AX; \
loop: \
	VMOVUPS (SI)(AX*4), V0; \
	VADDPS  (BX)(AX*4), V0, V0; \
	VMULPS  V8, V0, V0; \
	VADDPS  (R9)(AX*4), V0, V0; \
	VMOVUPS V0, (DI)(AX*4); \
	NEXT(loop, DX); \
	LEAQ    (SI)(DX*4), SI; \
	LEAQ    (R9)(DX*4), R9; \
	LEAQ    (DI)(DX*4), DI; \
	DECQ    CX; \
	JNZ     row

// SUMROWSBODY adds R9 rows that lie R10 bytes apart to the CX sums, four vectors at a
// time while there are as many.
#define SUMROWSBODY(four, row4, one, row1, done) \
	SUBQ $(4*BYTES/4), CX; \
	JLT  one; \
four: \
	VMOVUPS (DI), V0; \
	VMOVUPS BYTES(DI), V1; \
	VMOVUPS (2*BYTES)(DI), V2; \
	VMOVUPS (3*BYTES)(DI), V3; \
	MOVQ    SI, BX; \
	MOVQ    R9, AX; \
row4: \
	VADDPS  (BX), V0, V0; \
	VADDPS  BYTES(BX), V1, V1; \
	VADDPS  (2*BYTES)(BX), V2, V2; \
	VADDPS  (3*BYTES)(BX), V3, V3; \
	ADDQ    R10, BX; \
	DECQ    AX; \
	JNZ     row4; \
	VMOVUPS V0, (DI); \
	VMOVUPS V1, BYTES(DI); \
	VMOVUPS V2, (2*BYTES)(DI); \
	VMOVUPS V3, (3*BYTES)(DI); \
	ADDQ    $(4*BYTES), SI; \
	ADDQ    $(4*BYTES), DI; \
	SUBQ    $(4*BYTES/4), CX; \
	JGE     four; \
one: \
	ADDQ    $(4*BYTES/4), CX; \
	JZ      done; \
	SUBQ    $(4*BYTES/4), CX; \
	VMOVUPS (DI), V0; \
	MOVQ    SI, BX; \
	MOVQ    R9, AX; \
row1: \
	VADDPS  (BX), V0, V0; \
	ADDQ    R10, BX; \
	DECQ    AX; \
	JNZ     row1; \
	VMOVUPS V0, (DI); \
	ADDQ    $BYTES, SI; \
	ADDQ    $BYTES, DI; \
	SUBQ    $(BYTES/4), CX; \
	JMP     one; \
done:
