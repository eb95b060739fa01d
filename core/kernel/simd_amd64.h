// The bodies of the vector kernels, written once for both widths, as the header of the
// width that is included before has it.
//
// R8 points to simdTable, whose rows are named below in its order.

#define C(row) (64*row)(R8)
#define ONE C(0)
#define LOG2E C(1)
#define LN2HIGH C(2)
#define LN2LOW C(3)
#define EXP2 C(4)
#define EXP3 C(5)
#define EXP4 C(6)
#define EXP5 C(7)
#define EXP6 C(8)
#define EXPLEAST C(9)
#define EXPMOST C(10)
#define MAGNITUDE C(11)
#define SIGN C(12)
#define TAIL C(13)
#define MINUSHALF C(14)
#define CENTRE C(15)
#define DENSITY C(16)
#define Q0 C(17)
#define Q1 C(18)
#define Q2 C(19)
#define Q3 C(20)
#define Q4 C(21)
#define Q5 C(22)
#define Q6 C(23)
#define Q7 C(24)
#define Q8 C(25)
#define Q9 C(26)
#define QUADRANTS C(27)
#define QUADRANTHIGH C(28)
#define QUADRANTMIDDLE C(29)
#define QUADRANTLOW C(30)
#define SIN3 C(31)
#define SIN5 C(32)
#define SIN7 C(33)
#define COS4 C(34)
#define COS6 C(35)
#define COS8 C(36)

// REDUCE splits V0 into V1·ln 2 + V0 with a whole V1; the first product is exact.
#define REDUCE \
	VMULPS       LOG2E, V0, V1; \
	ROUND(V1, V1); \
	VFNMADD231PS LN2HIGH, V1, V0; \
	VFNMADD231PS LN2LOW, V1, V0

// POWER sets V2 to 2^V1·exp(V0), from 1 + r + r²·P(r), with V3 for scratch.
#define POWER \
	VMOVUPS     EXP6, V2; \
	VFMADD213PS EXP5, V0, V2; \
	VFMADD213PS EXP4, V0, V2; \
	VFMADD213PS EXP3, V0, V2; \
	VFMADD213PS EXP2, V0, V2; \
	VMULPS      V0, V0, V3; \
	VFMADD213PS V0, V3, V2; \
	VADDPS      ONE, V2, V2; \
	SCALE(V1, V2, V3)

// EXPONENTIAL sets V2 to exp(V0), with V1 and V3 for scratch. The clamps keep NaN,
// which they return as the second operand in the machine's order, the first in this
// one.
#define EXPONENTIAL \
	VMOVUPS EXPLEAST, V1; \
	VMAXPS  V0, V1, V0; \
	VMOVUPS EXPMOST, V1; \
	VMINPS  V0, V1, V0; \
	REDUCE; \
	POWER

#define EXPBODY(loop) \
	VBROADCASTSS shift+24(FP), V8; \
loop: \
	VMOVUPS (SI), V0; \
	VSUBPS  V8, V0, V0; \
	EXPONENTIAL; \
	VMOVUPS V2, (DI); \
	ADDQ    $BYTES, SI; \
	ADDQ    $BYTES, DI; \
	SUBQ    $(BYTES/4), CX; \
	JNZ     loop

// UPPERTAIL takes x from V9 and leaves t = min(|x|, TAIL) in V7, the normal
// distribution's upper tail q = exp(-t²/2)·Q(t) in V5 and exp(-t²/2) in V2. V6 holds
// what t² loses by rounding, which would otherwise count t²/2 times.
#define UPPERTAIL \
	AND          MAGNITUDE, V9, V7; \
	VMOVUPS      TAIL, V1; \
	VMINPS       V7, V1, V7; \
	VMULPS       V7, V7, V0; \
	VMOVAPS      V0, V6; \
	VFMSUB231PS  V7, V7, V6; \
	VMULPS       MINUSHALF, V6, V6; \
	VMULPS       MINUSHALF, V0, V0; \
	REDUCE; \
	VADDPS       V6, V0, V0; \
	POWER; \
	VMOVUPS      ONE, V4; \
	VADDPS       CENTRE, V7, V3; \
	VDIVPS       V3, V4, V3; \
	VSUBPS       CENTRE, V7, V4; \
	VMULPS       V3, V4, V4; \
	VMOVUPS      Q9, V5; \
	VFMADD213PS  Q8, V4, V5; \
	VFMADD213PS  Q7, V4, V5; \
	VFMADD213PS  Q6, V4, V5; \
	VFMADD213PS  Q5, V4, V5; \
	VFMADD213PS  Q4, V4, V5; \
	VFMADD213PS  Q3, V4, V5; \
	VFMADD213PS  Q2, V4, V5; \
	VFMADD213PS  Q1, V4, V5; \
	VFMADD213PS  Q0, V4, V5; \
	VMULPS       V3, V5, V5; \
	VMULPS       V2, V5, V5

// GELUVALUE sets V8 to max(x, 0) - t·q.
#define GELUVALUE \
	XOR          V1, V1, V1; \
	VMAXPS       V9, V1, V8; \
	VFNMADD231PS V7, V5, V8

#define GELUBODY(loop) \
loop: \
	VMOVUPS (SI), V9; \
	UPPERTAIL; \
	GELUVALUE; \
	VMOVUPS V8, (DI); \
	ADDQ    $BYTES, SI; \
	ADDQ    $BYTES, DI; \
	SUBQ    $(BYTES/4), CX; \
	JNZ     loop

// The slope is 1 - (q - t·density) right of zero and q - t·density left of it.
#define GELUSLOPESBODY(loop) \
loop: \
	VMOVUPS     (SI), V9; \
	UPPERTAIL; \
	GELUVALUE; \
	VMOVUPS     V8, (DI); \
	VMULPS      DENSITY, V2, V2; \
	VFMSUB213PS V5, V7, V2; \
	AND         SIGN, V9, V1; \
	XOR         V1, V2, V2; \
	VPSRAD      $31, V9, V1; \
	ANDNOT      ONE, V1, V1; \
	VADDPS      V1, V2, V2; \
	VMOVUPS     V2, (DX); \
	ADDQ        $BYTES, SI; \
	ADDQ        $BYTES, DI; \
	ADDQ        $BYTES, DX; \
	SUBQ        $(BYTES/4), CX; \
	JNZ         loop

// SINESBODY sets R11 rows at DI and DX, R10 bytes apart, to the sine and cosine of a value
// at R9 times the CX values at SI plus those at BX, from x = V1·π/2 + V0 with a whole V1 and
// |V0| <= π/4: odd quadrants swap the two, and their bits set the signs.
#define SINESBODY(row, loop) \
row: \
	VBROADCASTSS (R9), V8; \
	XORQ         AX, AX; \
loop: \
	VMOVUPS      (BX)(AX*4), V0; \
	VFMADD231PS  (SI)(AX*4), V8, V0; \
	VMULPS       QUADRANTS, V0, V1; \
	ROUND(V1, V1); \
	VFNMADD231PS QUADRANTHIGH, V1, V0; \
	VFNMADD231PS QUADRANTMIDDLE, V1, V0; \
	VFNMADD231PS QUADRANTLOW, V1, V0; \
	VCVTPS2DQ    V1, V1; \
	VMULPS       V0, V0, V2; \
	VMOVUPS      SIN7, V3; \
	VFMADD213PS  SIN5, V2, V3; \
	VFMADD213PS  SIN3, V2, V3; \
	VMULPS       V2, V3, V3; \
	VFMADD213PS  V0, V0, V3; \
	VMOVUPS      COS8, V4; \
	VFMADD213PS  COS6, V2, V4; \
	VFMADD213PS  COS4, V2, V4; \
	VFMADD213PS  MINUSHALF, V2, V4; \
	VFMADD213PS  ONE, V2, V4; \
	VPSLLD       $31, V1, V5; \
	VPSRAD       $31, V5, V6; \
	XOR          V3, V4, V7; \
	AND          V7, V6, V7; \
	XOR          V7, V3, V3; \
	XOR          V7, V4, V4; \
	VPSRLD       $1, V1, V1; \
	VPSLLD       $31, V1, V1; \
	XOR          V1, V3, V3; \
	XOR          V1, V4, V4; \
	XOR          V5, V4, V4; \
	VMOVUPS      V3, (DI)(AX*4); \
	VMOVUPS      V4, (DX)(AX*4); \
	ADDQ         $(BYTES/4), AX; \
	CMPQ         AX, CX; \
	JLT          loop; \
	ADDQ         $4, R9; \
	ADDQ         R10, DI; \
	ADDQ         R10, DX; \
	DECQ         R11; \
	JNZ          row

// SLOPESBODY adds v = (SI)·(BX) to the sums at DI and v times a value at R9 to those at DX,
// for R11 rows that lie R10 bytes apart, of CX values.
#define SLOPESBODY(column, row) \
column: \
	VMOVUPS      (DI), V1; \
	VMOVUPS      (DX), V2; \
	MOVQ         R11, R13; \
	XORQ         AX, AX; \
	XORQ         R12, R12; \
row: \
	VBROADCASTSS (R9)(R12*4), V8; \
	VMOVUPS      (SI)(AX*1), V0; \
	VMULPS       (BX)(AX*1), V0, V0; \
	VADDPS       V0, V1, V1; \
	VFMADD231PS  V0, V8, V2; \
	ADDQ         R10, AX; \
	INCQ         R12; \
	DECQ         R13; \
	JNZ          row; \
	VMOVUPS      V1, (DI); \
	VMOVUPS      V2, (DX); \
	ADDQ         $BYTES, SI; \
	ADDQ         $BYTES, BX; \
	ADDQ         $BYTES, DI; \
	ADDQ         $BYTES, DX; \
	SUBQ         $(BYTES/4), CX; \
	JNZ          column

// WEIGHBODY multiplies the vector at DI by V8·(SI) and adds it to the sums at DX.
#define WEIGHBODY(loop) \
loop: \
	VMULPS  (SI), V8, V0; \
	VMULPS  (DI), V0, V0; \
	VADDPS  (DX), V0, V1; \
	VMOVUPS V0, (DI); \
	VMOVUPS V1, (DX); \
	ADDQ    $BYTES, SI; \
	ADDQ    $BYTES, DI; \
	ADDQ    $BYTES, DX; \
	SUBQ    $(BYTES/4), CX; \
	JNZ     loop

#define SCALEBODY(loop) \
loop: \
	VMULPS  (DI), V8, V0; \
	VMOVUPS V0, (DI); \
	ADDQ    $BYTES, DI; \
	SUBQ    $(BYTES/4), CX; \
	JNZ     loop
