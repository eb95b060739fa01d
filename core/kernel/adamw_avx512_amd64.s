#include "textflag.h"

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
#define BYTES 64

#include "adamw_amd64.h"

// func adamWAVX512(n int, param, grad, first, second *float32, f *adamWFactors[float32])
TEXT ·adamWAVX512(SB), NOSPLIT, $0-48
	ADAMWBODY(loop)
