// What the kernels that are written once for both widths take from AVX2, of 8 values a
// vector: its registers and how many BYTES each has, what is bitwise, and
//
//	CLEAR(x)         x = 0
//	ROUND(x, n)      n = x to the nearest integer
//	SCALE(n, x, t)   x *= 2^n, with t for scratch and ONE for a vector of ones

#define V0 Y0
#define V1 Y1
#define V2 Y2
#define V3 Y3
#define V4 Y4
#define V5 Y5
#define V6 Y6
#define V7 Y7
#define V8 Y8
#define V9 Y9
#define V10 Y10
#define V11 Y11
#define V12 Y12
#define V13 Y13
#define V14 Y14
#define V15 Y15
#define BYTES 32

#define AND VPAND
#define ANDNOT VPANDN
#define XOR VPXOR
#define CLEAR(x) XOR x, x, x
#define ROUND(x, n) VROUNDPS $0, x, n

// 2^n in two factors, so that results below the normal numbers come out right. The
// bits of 1 are the exponent's bias in place.
#define SCALE(n, x, t) \
	VCVTPS2DQ n, n; \
	VPSRAD    $1, n, t; \
	VPSUBD    t, n, n; \
	VPSLLD    $23, t, t; \
	VPADDD    ONE, t, t; \
	VMULPS    t, x, x; \
	VPSLLD    $23, n, n; \
	VPADDD    ONE, n, n; \
	VMULPS    n, x, x
