// The body of the dropout kernels, written once for both widths: SplitMix64 as in
// scramble, on counters that lie side by side. The file that includes this one says
// which registers V0 to V9 are and how many BYTES each has, and defines
//
//	XOR              bitwise
//	KEEP(w, t, v)    v = 0 where the 32-bit word w < t, with V3 for scratch

// The two factors of scramble, each with its upper half beside it, and the increment
// of the counters for vectors of four and of eight.
DATA factors<>+0(SB)/8, $0xbf58476d1ce4e5b9
DATA factors<>+8(SB)/8, $0x00000000bf58476d
DATA factors<>+16(SB)/8, $0x94d049bb133111eb
DATA factors<>+24(SB)/8, $0x0000000094d049bb
DATA factors<>+32(SB)/8, $0x78dde6e5fd29f054
DATA factors<>+40(SB)/8, $0xf1bbcdcbfa53e0a8
GLOBL factors<>(SB), RODATA|NOPTR, $48

// MULTIPLY sets V1 to the lower 64 bits of V1·factor, from products of halves. low
// holds the factor, of which only the lower half counts, high its upper half.
#define MULTIPLY(low, high) \
	VPSRLQ   $32, V1, V2; \
	VPMULUDQ low, V2, V2; \
	VPMULUDQ high, V1, V3; \
	VPADDQ   V3, V2, V2; \
	VPSLLQ   $32, V2, V2; \
	VPMULUDQ low, V1, V1; \
	VPADDQ   V2, V1, V1

#define DROPBODY(loop) \
	MOVQ         n+0(FP), CX; \
	MOVQ         y+8(FP), DI; \
	MOVQ         x+16(FP), SI; \
	MOVQ         counters+24(FP), AX; \
	VMOVUPS      (AX), V0; \
	VPBROADCASTD threshold+32(FP), V4; \
	VBROADCASTSS scale+36(FP), V5; \
	VPBROADCASTQ factors<>+0(SB), V6; \
	VPBROADCASTQ factors<>+8(SB), V7; \
	VPBROADCASTQ factors<>+16(SB), V8; \
	VPBROADCASTQ factors<>+24(SB), V9; \
	VPBROADCASTQ INCREMENT, V10; \
loop: \
	VPSRLQ $30, V0, V1; \
	XOR    V0, V1, V1; \
	MULTIPLY(V6, V7); \
	VPSRLQ $27, V1, V2; \
	XOR    V2, V1, V1; \
	MULTIPLY(V8, V9); \
	VPSRLQ $31, V1, V2; \
	XOR    V2, V1, V1; \
	VMULPS (SI), V5, V2; \
	KEEP(V1, V4, V2); \
	VMOVUPS V2, (DI); \
	VPADDQ  V10, V0, V0; \
	ADDQ    $BYTES, SI; \
	ADDQ    $BYTES, DI; \
	SUBQ    $(BYTES/4), CX; \
	JNZ     loop; \
	VZEROUPPER; \
	RET
