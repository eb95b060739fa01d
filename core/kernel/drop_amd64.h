// The body of the dropout kernels, written once for both widths: SplitMix64 as in
// scramble, on counters that lie side by side. The file that includes this one defines
//
//	MULTIPLY(f, h)   the lower 64 bits of V1·f, with V2 and V3 for scratch; h is f >> 32
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

// DROPBODY does CX rows of DX entries; AX counts those of a row. R12 tells whether there
// is something to add to them.
#define DROPBODY(row, loop, store) \
	MOVQ         rows+0(FP), CX; \
	MOVQ         n+8(FP), DX; \
	MOVQ         y+16(FP), DI; \
	MOVQ         yRow+24(FP), R9; \
	SHLQ         $2, R9; \
	MOVQ         x+32(FP), SI; \
	MOVQ         xRow+40(FP), R10; \
	SHLQ         $2, R10; \
	MOVQ         base+48(FP), R11; \
	MOVQ         R11, R12; \
	MOVQ         counters+56(FP), AX; \
	VMOVUPS      (AX), V0; \
	VPBROADCASTQ jump+64(FP), V11; \
	VPBROADCASTD threshold+72(FP), V4; \
	VBROADCASTSS scale+76(FP), V5; \
	VPBROADCASTQ factors<>+0(SB), V6; \
	VPBROADCASTQ factors<>+8(SB), V7; \
	VPBROADCASTQ factors<>+16(SB), V8; \
	VPBROADCASTQ factors<>+24(SB), V9; \
	VPBROADCASTQ INCREMENT, V10; \
row: \
	XORQ AX, AX; \
loop: \
	VPSRLQ $30, V0, V1; \
	XOR    V0, V1, V1; \
	MULTIPLY(V6, V7); \
	VPSRLQ $27, V1, V2; \
	XOR    V2, V1, V1; \
	MULTIPLY(V8, V9); \
	VPSRLQ $31, V1, V2; \
	XOR    V2, V1, V1; \
	VMULPS (SI)(AX*4), V5, V2; \
	KEEP(V1, V4, V2); \
	TESTQ  R12, R12; \
	JZ     store; \
	VADDPS (R11)(AX*4), V2, V2; \
store: \
	VMOVUPS V2, (DI)(AX*4); \
	VPADDQ  V10, V0, V0; \
	ADDQ    $(BYTES/4), AX; \
	CMPQ    AX, DX; \
	JLT     loop; \
	VPADDQ  V11, V0, V0; \
	ADDQ    R9, DI; \
	ADDQ    R9, R11; \
	ADDQ    R10, SI; \
	DECQ    CX; \
	JNZ     row; \
	VZEROUPPER; \
	RET
