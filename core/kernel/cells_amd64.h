// The bodies of the kernels of cells, written once for both widths. The file that
// includes this one defines STEPS(step, a, b), which takes a step over 16 values, with the
// sums a, or a and b where they fill two vectors, and ALONG, which leaves in X11 what V11 to
// V14 hold together.

// HIDDENSTEP sets the vector at DI to V10·GELU of that at SI, MORESTEP adds to it.
#define HIDDENSTEP(at, total) \
	VMOVUPS     at(SI), V9; \
	UPPERTAIL; \
	GELUVALUE; \
	XOR         V0, V0, V0; \
	VFMADD231PS V10, V8, V0; \
	VMOVUPS     V0, at(DI)

#define MORESTEP(at, total) \
	VMOVUPS     at(SI), V9; \
	UPPERTAIL; \
	GELUVALUE; \
	VMOVUPS     at(DI), V0; \
	VFMADD231PS V10, V8, V0; \
	VMOVUPS     V0, at(DI)

// HIDDENROW does a pair with one of the steps and leaves DI behind the row.
#define HIDDENROW(loop, step) \
	VBROADCASTSS (R9), V10; \
	ADDQ         $4, R9; \
	MOVQ         R12, DX; \
loop: \
	STEPS(step, V11, V12); \
	ADDQ $64, SI; \
	ADDQ $64, DI; \
	SUBQ $16, DX; \
	JNZ  loop

// WEIGHCELLS goes over CX cells of rows of R12 values.
#define WEIGHCELLS \
cell: \
	MOVL 4(R10), R11; \
	SUBL (R10), R11; \
	ADDQ $4, R10; \
	HIDDENROW(first, HIDDENSTEP); \
	DECL R11; \
	JZ   next; \
pair: \
	SUBQ R13, DI; \
	HIDDENROW(more, MORESTEP); \
	DECL R11; \
	JNZ  pair; \
next: \
	DECQ CX; \
	JNZ  cell

// GRADIENTSTEP sets the vector at DI to V10·(BX)·GELU'(SI), adds it to that at R15 and
// adds (BX)·GELU(SI) to total.
#define GRADIENTSTEP(at, total) \
	VMOVUPS     at(SI), V9; \
	UPPERTAIL; \
	GELUVALUE; \
	VMULPS      DENSITY, V2, V2; \
	VFMSUB213PS V5, V7, V2; \
	AND         SIGN, V9, V1; \
	XOR         V1, V2, V2; \
	VPSRAD      $31, V9, V1; \
	ANDNOT      ONE, V1, V1; \
	VADDPS      V1, V2, V2; \
	VMOVUPS     at(BX), V0; \
	VFMADD231PS V0, V8, total; \
	VMULPS      V10, V2, V2; \
	VMULPS      V0, V2, V2; \
	VADDPS      at(R15), V2, V1; \
	VMOVUPS     V2, at(DI); \
	VMOVUPS     V1, at(R15)

#define GRADIENTSTEPS(a, b) \
	STEPS(GRADIENTSTEP, a, b); \
	ADDQ $64, SI; \
	ADDQ $64, DI; \
	ADDQ $64, BX; \
	ADDQ $64, R15; \
	SUBQ $16, DX

// CELLGRADIENTS goes over CX cells of rows of R12 values. The sums along a row are those of
// dotAVX2 and dotAVX512, in their order.
#define CELLGRADIENTS \
cell: \
	MOVL 4(R10), R11; \
	SUBL (R10), R11; \
	ADDQ $4, R10; \
pair: \
	VBROADCASTSS (R9), V10; \
	ADDQ         $4, R9; \
	XOR          V11, V11, V11; \
	XOR          V12, V12, V12; \
	XOR          V13, V13, V13; \
	XOR          V14, V14, V14; \
	MOVQ         R12, DX; \
row: \
	GRADIENTSTEPS(V11, V12); \
	JZ     sum; \
	GRADIENTSTEPS(V13, V14); \
	JNZ    row; \
sum: \
	ALONG; \
	VMOVSS X11, (AX); \
	ADDQ   $4, AX; \
	SUBQ   R13, BX; \
	SUBQ   R13, R15; \
	DECL   R11; \
	JNZ    pair; \
	ADDQ   R13, BX; \
	DECQ   CX; \
	JNZ    cell
