// Which rows go to which expert: the pairs of row and expert with a gate, sorted by expert
// and then by row. Rows are taken in chunks of BLOCK, a block each.

#include "block.cuh"

#define TILE 64           // experts that a block looks at at a time
#define WORDS (BLOCK / 32) // words of a mask with a bit for each row of a chunk

// mark sets the bits of the chunk's rows that go to each of the experts from e0 on.
__device__ inline void mark(unsigned (*masks)[WORDS], const float *gates, int rows, int experts, int e0, int tile) {
  for (int i = threadIdx.x; i < TILE * WORDS; i += BLOCK) masks[i / WORDS][i % WORDS] = 0;
  __syncthreads();
  const size_t r0 = (size_t)blockIdx.x * BLOCK;
  for (int i = threadIdx.x; i < BLOCK * tile; i += BLOCK) {
    const int r = i / tile, e = i % tile;
    // Bits that are set in any order give the same mask.
    if (r0 + r < rows && gates[(r0 + r) * experts + e0 + e] != 0) atomicOr(&masks[e][r / 32], 1u << r % 32);
  }
  __syncthreads();
}

// count_pairs: counts[e, chunk] is how many rows of the chunk go to expert e.
KERNEL count_pairs(int *counts, const float *gates, int rows, int experts) {
  __shared__ unsigned masks[TILE][WORDS];
  for (int e0 = 0; e0 < experts; e0 += TILE) {
    const int tile = experts - e0 < TILE ? experts - e0 : TILE;
    mark(masks, gates, rows, experts, e0, tile);
    if (threadIdx.x < tile) {
      int count = 0;
      for (int w = 0; w < WORDS; w++) count += __popc(masks[threadIdx.x][w]);
      counts[(size_t)(e0 + threadIdx.x) * gridDim.x + blockIdx.x] = count;
    }
    __syncthreads();
  }
}

// start_pairs makes of the counts the number of the first pair of each expert and chunk;
// first[e] is that of expert e, first[experts] the number of all pairs.
KERNEL start_pairs(int *first, int *counts, int experts, int chunks) {
  const int n = experts * chunks, share = (n + BLOCK - 1) / BLOCK;
  const int lo = threadIdx.x * share, hi = lo + share < n ? lo + share : n;
  int own = 0, all;
  for (int i = lo; i < hi; i++) own += counts[i];
  int next = block_prefix(own, &all);
  for (int i = lo; i < hi; i++) {
    const int count = counts[i];
    counts[i] = next;
    next += count;
  }
  __syncthreads();
  for (int e = threadIdx.x; e < experts; e += BLOCK) first[e] = counts[(size_t)e * chunks];
  if (threadIdx.x == 0) first[experts] = all;
}

// place_pairs writes the row and the expert of every pair, and the pair of every gate.
KERNEL place_pairs(int *row, int *expert, int *pair, const int *starts, const float *gates, int rows, int experts) {
  __shared__ unsigned masks[TILE][WORDS];
  const size_t r0 = (size_t)blockIdx.x * BLOCK;
  for (int e0 = 0; e0 < experts; e0 += TILE) {
    const int tile = experts - e0 < TILE ? experts - e0 : TILE;
    mark(masks, gates, rows, experts, e0, tile);
    for (int i = threadIdx.x; i < BLOCK * tile; i += BLOCK) {
      const int r = i / tile, e = i % tile;
      if (!(masks[e][r / 32] >> r % 32 & 1)) continue;
      int at = starts[(size_t)(e0 + e) * gridDim.x + blockIdx.x] + __popc(masks[e][r / 32] & ((1u << r % 32) - 1));
      for (int w = 0; w < r / 32; w++) at += __popc(masks[e][w]);
      row[at] = r0 + r;
      expert[at] = e0 + e;
      pair[(r0 + r) * experts + e0 + e] = at;
    }
    __syncthreads();
  }
}
