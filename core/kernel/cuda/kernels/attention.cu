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

// attend_heads: weights [sequences, heads, steps, steps] and y [sequences·steps, width].
KERNEL attend_heads(float *y, float *weights, const float *qkv, int steps, int heads, int width, float scale) {
  const head h = own_head(steps, heads, width);
  float *w = weights + h.scores;
  for (int at = threadIdx.x; at < steps * steps; at += BLOCK) {
    const float *q = qkv + row_of(h, at / steps, 0), *k = qkv + row_of(h, at % steps, 1);
    float sum = 0;
    for (int c = 0; c < h.depth; c++) sum += q[c] * k[c];
    w[at] = sum * scale;
  }
  __syncthreads();
  for (int t = threadIdx.x; t < steps; t += BLOCK) {
    float *row = w + (size_t)t * steps, high = row[0], sum = 0;
    for (int j = 1; j < steps; j++) high = fmaxf(high, row[j]);
    for (int j = 0; j < steps; j++) sum += row[j] = expf(row[j] - high);
    for (int j = 0; j < steps; j++) row[j] /= sum;
  }
  __syncthreads();
  for (int at = threadIdx.x; at < steps * h.depth; at += BLOCK) {
    const int t = at / h.depth, c = at % h.depth;
    float sum = 0;
    for (int j = 0; j < steps; j++) sum += w[(size_t)t * steps + j] * qkv[row_of(h, j, 2) + c];
    y[(h.in + t) * width + h.column + c] = sum;
  }
}

// head_slopes fills dqkv; slopes has the gradients of the scores.
KERNEL head_slopes(float *dqkv, float *slopes, const float *dy, const float *weights, const float *qkv, int steps,
                   int heads, int width, float scale) {
  const head h = own_head(steps, heads, width);
  const float *w = weights + h.scores;
  float *ds = slopes + h.scores;
  for (int at = threadIdx.x; at < steps * steps; at += BLOCK) {
    const float *d = dy + (h.in + at / steps) * width + h.column, *v = qkv + row_of(h, at % steps, 2);
    float sum = 0;
    for (int c = 0; c < h.depth; c++) sum += d[c] * v[c];
    ds[at] = sum;
  }
  __syncthreads();
  for (int t = threadIdx.x; t < steps; t += BLOCK) {
    float mean = 0;
    for (int j = 0; j < steps; j++) mean += w[(size_t)t * steps + j] * ds[(size_t)t * steps + j];
    for (int j = 0; j < steps; j++) {
      const size_t at = (size_t)t * steps + j;
      ds[at] = w[at] * (ds[at] - mean) * scale;
    }
  }
  __syncthreads();
  for (int at = threadIdx.x; at < steps * h.depth; at += BLOCK) {
    const int t = at / h.depth, c = at % h.depth;
    float dq = 0, dk = 0, dv = 0;
    for (int j = 0; j < steps; j++) {
      dq += ds[(size_t)t * steps + j] * qkv[row_of(h, j, 1) + c];
      dk += ds[(size_t)j * steps + t] * qkv[row_of(h, j, 0) + c];
      dv += w[(size_t)j * steps + t] * dy[(h.in + j) * width + h.column + c];
    }
    dqkv[row_of(h, t, 0) + c] = dq;
    dqkv[row_of(h, t, 1) + c] = dk;
    dqkv[row_of(h, t, 2) + c] = dv;
  }
}
