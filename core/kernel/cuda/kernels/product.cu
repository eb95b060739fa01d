// The matrix product where there is no cuBLAS.

#include "block.cuh"

#define TILE 64  // rows and columns of c for each block
#define DEPTH 16 // what the block has of a and b at a time

// product: c[m, n] = a·b, plus what is in c if add is not 0. a[i, l] lies at a + i·a_row +
// l·a_column, so that either operand may be transposed; c's rows are c_row apart. Each
// thread of a block computes 4 x 4 of its 64 x 64 entries.
KERNEL product(float *c, const float *a, const float *b, int m, int n, int k, int a_row, int a_column, int b_row,
               int b_column, int c_row, int add) {
  __shared__ float as[DEPTH][TILE + 1], bs[DEPTH][TILE + 1];
  const int i0 = blockIdx.y * TILE, j0 = blockIdx.x * TILE;
  const int ti = threadIdx.x / 16 * 4, tj = threadIdx.x % 16 * 4;
  float sums[4][4] = {};
  for (int l0 = 0; l0 < k; l0 += DEPTH) {
    for (int at = threadIdx.x; at < TILE * DEPTH; at += BLOCK) {
      // Neighbouring threads read neighbouring entries, whichever way the operand lies.
      const int ai = a_column == 1 ? at / DEPTH : at % TILE, al = a_column == 1 ? at % DEPTH : at / TILE;
      as[al][ai] = i0 + ai < m && l0 + al < k ? a[(size_t)(i0 + ai) * a_row + (size_t)(l0 + al) * a_column] : 0;
      const int bj = b_row == 1 ? at / DEPTH : at % TILE, bl = b_row == 1 ? at % DEPTH : at / TILE;
      bs[bl][bj] = j0 + bj < n && l0 + bl < k ? b[(size_t)(l0 + bl) * b_row + (size_t)(j0 + bj) * b_column] : 0;
    }
    __syncthreads();
    for (int l = 0; l < DEPTH; l++)
      for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) sums[i][j] += as[l][ti + i] * bs[l][tj + j];
    __syncthreads();
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++)
      if (i0 + ti + i < m && j0 + tj + j < n) {
        float *to = c + (size_t)(i0 + ti + i) * c_row + j0 + tj + j;
        *to = add ? *to + sums[i][j] : sums[i][j];
      }
}
