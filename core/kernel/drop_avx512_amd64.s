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
#define INCREMENT factors<>+40(SB)

#define XOR VPXORQ
#define MULTIPLY(f, h) VPMULLQ f, V1, V1
#define KEEP(w, t, v) \
	VPCMPUD   $5, t, w, K1; \
	VMOVAPS.Z v, K1, v

#include "drop_amd64.h"

// func dropAVX512(rows, n int, y *float32, yRow int, x *float32, xRow int, base *float32, counters *[8]uint64, jump uint64, threshold uint32, scale float32)
TEXT ·dropAVX512(SB), NOSPLIT, $0-80
	DROPBODY(row, loop, store)
