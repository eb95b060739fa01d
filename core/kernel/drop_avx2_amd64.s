#include "textflag.h"
#include "vector_avx2_amd64.h"

#define INCREMENT factors<>+32(SB)

#define MULTIPLY(f, h) \
	VPSRLQ   $32, V1, V2; \
	VPMULUDQ f, V2, V2; \
	VPMULUDQ h, V1, V3; \
	VPADDQ   V3, V2, V2; \
	VPSLLQ   $32, V2, V2; \
	VPMULUDQ f, V1, V1; \
	VPADDQ   V2, V1, V1
#define KEEP(w, t, v) \
	VPMAXUD  t, w, V3; \
	VPCMPEQD w, V3, V3; \
	VANDPS   V3, v, v

#include "drop_amd64.h"

// func dropAVX2(rows, n int, y *float32, yRow int, x *float32, xRow int, base *float32, counters *[8]uint64, jump uint64, threshold uint32, scale float32)
TEXT ·dropAVX2(SB), NOSPLIT, $0-80
	DROPBODY(row, loop, store)
