#include "textflag.h"
#include "vector_avx512_amd64.h"

#define INCREMENT factors<>+40(SB)

#define MULTIPLY(f, h) VPMULLQ f, V1, V1
#define KEEP(w, t, v) \
	VPCMPUD   $5, t, w, K1; \
	VMOVAPS.Z v, K1, v

#include "drop_amd64.h"

// func dropAVX512(rows, n int, y *float32, yRow int, x *float32, xRow int, base *float32, counters *[8]uint64, jump uint64, threshold uint32, scale float32)
TEXT ·dropAVX512(SB), NOSPLIT, $0-80
	DROPBODY(row, loop, store)
