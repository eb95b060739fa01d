// What the kernels that are written once for both widths take from AVX-512, of 16 values a
// vector: its registers and how many BYTES each has, what is bitwise, and
//
//	CLEAR(x)         x = 0
//	ROUND(x, n)      n = x to the nearest integer
//	SCALE(n, x, t)   x *= 2^n, with t for scratch and ONE for a vector of ones

#define V0 Z0
#define V1 Z1
#define V2 Z2
#define V3 Z3
#define V4 Z4
#define V5 Z5
#define V6 Z6
#define V7 Z7
#define V8 Z8
#define V9 Z9
#define V10 Z10
#define V11 Z11
#define V12 Z12
#define V13 Z13
#define V14 Z14
#define V15 Z15
#define BYTES 64

#define AND VPANDD
#define ANDNOT VPANDND
#define XOR VPXORD
#define CLEAR(x) XOR x, x, x
#define ROUND(x, n) VRNDSCALEPS $0, x, n
#define SCALE(n, x, t) VSCALEFPS n, x, x
