// Self-attention: a block for each head of each sequence. qkv is [sequences·steps, 3·width].

#include "block.cuh"

struct head {
  int steps, width, depth;
  size_t in, scores; // where the sequence begins in rows of width, and its scores
  int column;
};

__device__ inline head own_head(int steps, int heads, int width) {
  head h;
  h.steps = steps, h.width = width, h.depth = width / heads;
  h.in = (size_t)(blockIdx.x / heads) * steps;
  h.scores = (size_t)blockIdx.x * steps * steps;
  h.column = blockIdx.x % heads * h.depth;
  return h;
}

// row_of is row t of the queries, keys or values, part 0, 1 or 2.
__device__ inline size_t row_of(const head &h, int t, int part) {
  return (h.in + t) * 3 * h.width + part * h.width + h.column;
}

// operand is a matrix as it lies: entry i, j at i·row + j·column, one of which is 1.
struct operand {
  const float *at;
  int row, column;
};

__device__ inline operand transposed(operand m) {
  const operand t = {m.at, m.column, m.row};
  return t;
}

// SQUARE is how many rows and columns a block computes at a time, 2 x 2 a thread, and how
// deep it reads.
#define SQUARE 32

// load_square fills square with what of a matrix [m, n] begins at i0, j0, with zeros past its
// end. Neighbouring threads read neighbouring entries, whichever way it lies.
__device__ inline void load_square(float square[SQUARE][SQUARE + 1], operand a, int i0, int j0, int m, int n) {
  for (int at = threadIdx.x; at < SQUARE * SQUARE; at += BLOCK) {
    const int i = a.column == 1 ? at / SQUARE : at % SQUARE, j = a.column == 1 ? at % SQUARE : at / SQUARE;
    square[i][j] = i0 + i < m && j0 + j < n ? a.at[(i0 + i) * a.row + (j0 + j) * a.column] : 0;
  }
}

// multiply: to = factor·a·b, a [m, k] and b [k, n], the rows of to row apart. All threads of
// the block call it, and find to written.
__device__ inline void multiply(float *to, int row, operand a, operand b, int m, int n, int k, float factor) {
  __shared__ float as[SQUARE][SQUARE + 1], bs[SQUARE][SQUARE + 1];
  const int ti = threadIdx.x / (SQUARE / 2) * 2, tj = threadIdx.x % (SQUARE / 2) * 2;
  for (int i0 = 0; i0 < m; i0 += SQUARE)
    for (int j0 = 0; j0 < n; j0 += SQUARE) {
      float sums[2][2] = {};
      for (int l0 = 0; l0 < k; l0 += SQUARE) {
        load_square(as, a, i0, l0, m, k);
        load_square(bs, b, l0, j0, k, n);
        __syncthreads();
        const int deep = k - l0 < SQUARE ? k - l0 : SQUARE;
        for (int l = 0; l < deep; l++)
          for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++) sums[i][j] += as[ti + i][l] * bs[l][tj + j];
        __syncthreads();
      }
      for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
          if (i0 + ti + i < m && j0 + tj + j < n) to[(size_t)(i0 + ti + i) * row + j0 + tj + j] = factor * sums[i][j];
    }
  __syncthreads();
}

// part_of is the queries, keys or values, [steps, depth]; square_of is scores, [steps, steps].
__device__ inline operand part_of(const head &h, const float *qkv, int part) {
  const operand m = {qkv + row_of(h, 0, part), 3 * h.width, 1};
  return m;
}
__device__ inline operand square_of(const head &h, const float *scores) {
  const operand m = {scores, h.steps, 1};
  return m;
}

// attend_heads: weights [sequences, heads, steps, steps] and y [sequences·steps, width].
KERNEL attend_heads(float *y, float *weights, const float *qkv, int steps, int heads, int width, float scale) {
  const head h = own_head(steps, heads, width);
  float *w = weights + h.scores;
  multiply(w, steps, part_of(h, qkv, 0), transposed(part_of(h, qkv, 1)), steps, steps, h.depth, scale);
  for (int t = threadIdx.x; t < steps; t += BLOCK) {
    float *row = w + (size_t)t * steps, high = row[0], sum = 0;
    for (int j = 1; j < steps; j++) high = fmaxf(high, row[j]);
    for (int j = 0; j < steps; j++) sum += row[j] = expf(row[j] - high);
    for (int j = 0; j < steps; j++) row[j] /= sum;
  }
  __syncthreads();
  multiply(y + h.in * width + h.column, width, square_of(h, w), part_of(h, qkv, 2), steps, h.depth, steps, 1);
}

// head_slopes fills dqkv; slopes has the gradients of the scores.
KERNEL head_slopes(float *dqkv, float *slopes, const float *dy, const float *weights, const float *qkv, int steps,
                   int heads, int width, float scale) {
  const head h = own_head(steps, heads, width);
  const float *w = weights + h.scores;
  float *ds = slopes + h.scores;
  const operand d = {dy + h.in * width + h.column, width, 1};
  multiply(dqkv + row_of(h, 0, 2), 3 * width, transposed(square_of(h, w)), d, steps, h.depth, steps, 1);
  multiply(ds, steps, d, transposed(part_of(h, qkv, 2)), steps, steps, h.depth, 1);
  for (int t = threadIdx.x; t < steps; t += BLOCK) {
    float mean = 0;
    for (int j = 0; j < steps; j++) mean += w[(size_t)t * steps + j] * ds[(size_t)t * steps + j];
    for (int j = 0; j < steps; j++) {
      const size_t at = (size_t)t * steps + j;
      ds[at] = w[at] * (ds[at] - mean) * scale;
    }
  }
  __syncthreads();
  multiply(dqkv + row_of(h, 0, 0), 3 * width, square_of(h, ds), part_of(h, qkv, 1), steps, h.depth, steps, 1);
  multiply(dqkv + row_of(h, 0, 1), 3 * width, transposed(square_of(h, ds)), part_of(h, qkv, 0), steps, h.depth, steps, 1);
}
