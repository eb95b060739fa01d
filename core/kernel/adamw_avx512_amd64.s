#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "adamw_amd64.h"

// func adamWAVX512(n int, param, grad, first, second *float32, f *adamWFactors[float32])
TEXT ·adamWAVX512(SB), NOSPLIT, $0-48
	ADAMWBODY(loop)
