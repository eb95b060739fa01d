#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "adamw_amd64.h"

// func adamWAVX2(n int, param, grad, first, second *float32, f *adamWFactors[float32])
TEXT ·adamWAVX2(SB), NOSPLIT, $0-48
	ADAMWBODY(loop)
