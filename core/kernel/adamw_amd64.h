// The body of AdamW's update, written once for both widths. Every operation
// rounds as that of plain Go does, in its order: no multiply-add is fused.

#define ADAMWBODY(loop) \
	MOVQ         n+0(FP), CX; \
	MOVQ         param+8(FP), DI; \
	MOVQ         grad+16(FP), SI; \
	MOVQ         first+24(FP), R8; \
	MOVQ         second+32(FP), R9; \
	MOVQ         f+40(FP), AX; \
	VBROADCASTSS 0(AX), V4; \
	VBROADCASTSS 4(AX), V5; \
	VBROADCASTSS 8(AX), V6; \
	VBROADCASTSS 12(AX), V7; \
	VBROADCASTSS 16(AX), V8; \
	VBROADCASTSS 20(AX), V9; \
	VBROADCASTSS 24(AX), V10; \
	VBROADCASTSS 28(AX), V11; \
	XORQ         DX, DX; \
loop: \
	VMOVUPS (SI)(DX*1), V0; \
	VMULPS  (R8)(DX*1), V8, V1; \
	VMULPS  V0, V9, V2; \
	VADDPS  V2, V1, V1; \
	VMULPS  (R9)(DX*1), V10, V2; \
	VMULPS  V0, V11, V3; \
	VMULPS  V0, V3, V3; \
	VADDPS  V3, V2, V2; \
	VMOVUPS V1, (R8)(DX*1); \
	VMOVUPS V2, (R9)(DX*1); \
	VSQRTPS V2, V2; \
	VMULPS  V5, V2, V2; \
	VADDPS  V7, V2, V2; \
	VMULPS  V4, V1, V1; \
	VDIVPS  V2, V1, V1; \
	VMULPS  (DI)(DX*1), V6, V0; \
	VSUBPS  V1, V0, V0; \
	VMOVUPS V0, (DI)(DX*1); \
	ADDQ    $BYTES, DX; \
	SUBQ    $(BYTES/4), CX; \
	JNZ     loop; \
	VZEROUPPER; \
	RET
