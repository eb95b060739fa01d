// The kernels of irregular-time attention, written once for both widths. Lines lie STRIDE bytes apart; sums and gradients have two lines for
// each feature.

#define STRIDE R8

// SUMTERM adds one observation to a vector of each of the two sums: AX is where its
// line lies, V12 its value.
#define SUMTERM(i, o, d) \
	VMOVUPS     (i*BYTES)(BX)(AX*1), V13; \
	VFMADD231PS V13, V12, o; \
	VADDPS      V13, d, d

#define SUMCLEAR(o, d) \
	CLEAR(o); \
	CLEAR(d)

#define SUMDIVIDE(o, d) \
	VMINPS d, V14, V14; \
	VDIVPS d, o, o

#define SUMONE(d) VMOVAPS V15, d

#define SUMSTORE(i, o, d) \
	VMOVUPS o, (i*BYTES)(DI); \
	VMOVUPS d, (i*BYTES)(DI)(STRIDE*1)

#define SUMTERMS1 SUMTERM(0, V0, V6)
#define SUMTERMS2 SUMTERMS1; SUMTERM(1, V1, V7)
#define SUMTERMS3 SUMTERMS2; SUMTERM(2, V2, V8)
#define SUMTERMS4 SUMTERMS3; SUMTERM(3, V3, V9)
#define SUMTERMS6 SUMTERMS4; SUMTERM(4, V4, V10); SUMTERM(5, V5, V11)
#define SUMCLEAR1 SUMCLEAR(V0, V6)
#define SUMCLEAR2 SUMCLEAR1; SUMCLEAR(V1, V7)
#define SUMCLEAR3 SUMCLEAR2; SUMCLEAR(V2, V8)
#define SUMCLEAR4 SUMCLEAR3; SUMCLEAR(V3, V9)
#define SUMCLEAR6 SUMCLEAR4; SUMCLEAR(V4, V10); SUMCLEAR(V5, V11)
#define SUMDIVIDE1 SUMDIVIDE(V0, V6)
#define SUMDIVIDE2 SUMDIVIDE1; SUMDIVIDE(V1, V7)
#define SUMDIVIDE3 SUMDIVIDE2; SUMDIVIDE(V2, V8)
#define SUMDIVIDE4 SUMDIVIDE3; SUMDIVIDE(V3, V9)
#define SUMDIVIDE6 SUMDIVIDE4; SUMDIVIDE(V4, V10); SUMDIVIDE(V5, V11)
#define SUMONE1 SUMONE(V6)
#define SUMONE2 SUMONE1; SUMONE(V7)
#define SUMONE3 SUMONE2; SUMONE(V8)
#define SUMONE4 SUMONE3; SUMONE(V9)
#define SUMONE6 SUMONE4; SUMONE(V10); SUMONE(V11)
#define SUMSTORE1 SUMSTORE(0, V0, V6)
#define SUMSTORE2 SUMSTORE1; SUMSTORE(1, V1, V7)
#define SUMSTORE3 SUMSTORE2; SUMSTORE(2, V2, V8)
#define SUMSTORE4 SUMSTORE3; SUMSTORE(3, V3, V9)
#define SUMSTORE6 SUMSTORE4; SUMSTORE(4, V4, V10); SUMSTORE(5, V5, V11)

// RANGE points SI to the observations from the start at R9 and sets R11 to their
// number; R9 moves on.
#define RANGE \
	MOVLQSX (R9), DX; \
	MOVLQSX 4(R9), R11; \
	ADDQ    $4, R9; \
	LEAQ    (R10)(DX*8), SI; \
	SUBQ    DX, R11

// OBSERVATION sets V12 to the value at SI and AX to its place times the given distance.
#define OBSERVATION(distance) \
	MOVLQSX      (SI), AX; \
	IMULQ        distance, AX; \
	VBROADCASTSS 4(SI), V12; \
	ADDQ         $8, SI

#define SUMFEATURES(feature, entry, empty, store, terms, zero, divide, one, put) \
feature: \
	RANGE; \
	zero; \
	TESTQ R11, R11; \
	JZ    empty; \
entry: \
	OBSERVATION(STRIDE); \
	terms; \
	DECQ R11; \
	JNZ  entry; \
	divide; \
	JMP  store; \
empty: \
	one; \
store: \
	put; \
	LEAQ (DI)(STRIDE*2), DI; \
	DECQ CX; \
	JNZ  feature; \
	JMP  done

// SPREADTERM adds one observation of a row: AX is where its feature's lines lie.
#define SPREADTERM(i, along, across) \
	VFMADD231PS (i*BYTES)(BX)(AX*1), V12, along; \
	VADDPS      (i*BYTES)(R12)(AX*1), across, across

#define SPREADSTORE(i, along, across) \
	VADDPS  across, along, along; \
	VMULPS  (i*BYTES)(DI), along, along; \
	VMOVUPS along, (i*BYTES)(DI)

#define SPREADTERMS1 SPREADTERM(0, V0, V6)
#define SPREADTERMS2 SPREADTERMS1; SPREADTERM(1, V1, V7)
#define SPREADTERMS3 SPREADTERMS2; SPREADTERM(2, V2, V8)
#define SPREADTERMS4 SPREADTERMS3; SPREADTERM(3, V3, V9)
#define SPREADTERMS6 SPREADTERMS4; SPREADTERM(4, V4, V10); SPREADTERM(5, V5, V11)
#define SPREADSTORE1 SPREADSTORE(0, V0, V6)
#define SPREADSTORE2 SPREADSTORE1; SPREADSTORE(1, V1, V7)
#define SPREADSTORE3 SPREADSTORE2; SPREADSTORE(2, V2, V8)
#define SPREADSTORE4 SPREADSTORE3; SPREADSTORE(3, V3, V9)
#define SPREADSTORE6 SPREADSTORE4; SPREADSTORE(4, V4, V10); SPREADSTORE(5, V5, V11)

#define SPREADROWS(row, entry, store, terms, zero, put) \
row: \
	RANGE; \
	zero; \
	TESTQ R11, R11; \
	JZ    store; \
entry: \
	OBSERVATION(R13); \
	terms; \
	DECQ R11; \
	JNZ  entry; \
store: \
	put; \
	ADDQ STRIDE, DI; \
	DECQ CX; \
	JNZ  row; \
	JMP  done

// ATTENDCOLUMNS works on one block of columns: R11 rows of keys of R12 values, R10 bytes
// apart from SI on, as many lines of queries from R13 on and of x, R9 bytes apart each, and
// the sums at DI. V10 to V15 hold a row's scores and then the sums, V4 to V9 the largest,
// which V3 begins with. The lines of x come from the function's argument.
#define ATTENDCOLUMNS(row, entry, weight, least, zero, scores, most, powers, put) \
	least; \
	MOVQ x+48(FP), BX; \
	MOVQ R11, CX; \
row: \
	zero; \
	MOVQ R13, DX; \
	XORQ AX, AX; \
entry: \
	VBROADCASTSS (SI)(AX*4), V0; \
	scores; \
	ADDQ R9, DX; \
	INCQ AX; \
	CMPQ AX, R12; \
	JLT  entry; \
	most; \
	ADDQ R10, SI; \
	ADDQ R9, BX; \
	DECQ CX; \
	JNZ  row; \
	zero; \
	MOVQ x+48(FP), BX; \
	MOVQ R11, CX; \
weight: \
	powers; \
	ADDQ R9, BX; \
	DECQ CX; \
	JNZ  weight; \
	put; \
	JMP  done

#define ATTENDLEAST(m) VMOVAPS V3, m
#define ATTENDSCORE(i, a) VFMADD231PS (i*BYTES)(DX), V0, a
#define ATTENDMOST(i, a, m) \
	VMOVUPS a, (i*BYTES)(BX); \
	VMAXPS  a, m, m
#define ATTENDPOWER(i, a, m) \
	VMOVUPS (i*BYTES)(BX), V0; \
	VSUBPS  m, V0, V0; \
	EXPONENTIAL; \
	VMOVUPS V2, (i*BYTES)(BX); \
	VADDPS  V2, a, a
#define ATTENDPUT(i, a) VMOVUPS a, (i*BYTES)(DI)

#define ATTENDLEASTS1 ATTENDLEAST(V4)
#define ATTENDLEASTS2 ATTENDLEASTS1; ATTENDLEAST(V5)
#define ATTENDLEASTS3 ATTENDLEASTS2; ATTENDLEAST(V6)
#define ATTENDLEASTS4 ATTENDLEASTS3; ATTENDLEAST(V7)
#define ATTENDLEASTS6 ATTENDLEASTS4; ATTENDLEAST(V8); ATTENDLEAST(V9)
#define ATTENDZEROS1 CLEAR(V10)
#define ATTENDZEROS2 ATTENDZEROS1; CLEAR(V11)
#define ATTENDZEROS3 ATTENDZEROS2; CLEAR(V12)
#define ATTENDZEROS4 ATTENDZEROS3; CLEAR(V13)
#define ATTENDZEROS6 ATTENDZEROS4; CLEAR(V14); CLEAR(V15)
#define ATTENDSCORES1 ATTENDSCORE(0, V10)
#define ATTENDSCORES2 ATTENDSCORES1; ATTENDSCORE(1, V11)
#define ATTENDSCORES3 ATTENDSCORES2; ATTENDSCORE(2, V12)
#define ATTENDSCORES4 ATTENDSCORES3; ATTENDSCORE(3, V13)
#define ATTENDSCORES6 ATTENDSCORES4; ATTENDSCORE(4, V14); ATTENDSCORE(5, V15)
#define ATTENDMOSTS1 ATTENDMOST(0, V10, V4)
#define ATTENDMOSTS2 ATTENDMOSTS1; ATTENDMOST(1, V11, V5)
#define ATTENDMOSTS3 ATTENDMOSTS2; ATTENDMOST(2, V12, V6)
#define ATTENDMOSTS4 ATTENDMOSTS3; ATTENDMOST(3, V13, V7)
#define ATTENDMOSTS6 ATTENDMOSTS4; ATTENDMOST(4, V14, V8); ATTENDMOST(5, V15, V9)
#define ATTENDPOWERS1 ATTENDPOWER(0, V10, V4)
#define ATTENDPOWERS2 ATTENDPOWERS1; ATTENDPOWER(1, V11, V5)
#define ATTENDPOWERS3 ATTENDPOWERS2; ATTENDPOWER(2, V12, V6)
#define ATTENDPOWERS4 ATTENDPOWERS3; ATTENDPOWER(3, V13, V7)
#define ATTENDPOWERS6 ATTENDPOWERS4; ATTENDPOWER(4, V14, V8); ATTENDPOWER(5, V15, V9)
#define ATTENDPUTS1 ATTENDPUT(0, V10)
#define ATTENDPUTS2 ATTENDPUTS1; ATTENDPUT(1, V11)
#define ATTENDPUTS3 ATTENDPUTS2; ATTENDPUT(2, V12)
#define ATTENDPUTS4 ATTENDPUTS3; ATTENDPUT(3, V13)
#define ATTENDPUTS6 ATTENDPUTS4; ATTENDPUT(4, V14); ATTENDPUT(5, V15)

// SOFTMAXCOLUMNS works through the columns one vector at a time: R9 bytes a line, R10 of
// them left, R11 rows, the gradients at BX, the weights at DX and the factors at DI.
#define SOFTMAXCOLUMNS(column, sum, difference) \
column: \
	CLEAR(V2); \
	XORQ AX, AX; \
	MOVQ R11, CX; \
sum: \
	VMOVUPS     (BX)(AX*1), V0; \
	VFMADD231PS (DX)(AX*1), V0, V2; \
	ADDQ        R9, AX; \
	DECQ        CX; \
	JNZ         sum; \
	VMULPS (DI), V2, V2; \
	XORQ   AX, AX; \
	MOVQ   R11, CX; \
difference: \
	VMOVUPS (BX)(AX*1), V0; \
	VSUBPS  V2, V0, V0; \
	VMULPS  (DX)(AX*1), V0, V0; \
	VMOVUPS V0, (BX)(AX*1); \
	ADDQ    R9, AX; \
	DECQ    CX; \
	JNZ     difference; \
	ADDQ $BYTES, BX; \
	ADDQ $BYTES, DX; \
	ADDQ $BYTES, DI; \
	SUBQ $BYTES, R10; \
	JNZ  column
