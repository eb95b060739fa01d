// What the experts do beside matrix products, over pairs of row and expert that lie sorted
// by expert. Values of pairs are float32 or bf16; a warp works on the row of one pair.

#include "block.cuh"
#include "half.cuh"

// gather: to[p] = from[row[p] mod modulus]; the rows of several modalities share one of y.
template <typename T>
__device__ void gather(T *to, const float *from, const int *row, int pairs, int width, int modulus) {
  const size_t p = own_row();
  if (p >= pairs) return;
  const float *own = from + (size_t)(row[p] % modulus) * width;
  for (int j = own_column(); j < width; j += 4 * LANES) store4(to + p * width, j, width, load4(own, j, width));
}

KERNEL gather_float(float *to, const float *from, const int *row, int pairs, int width, int modulus) {
  gather(to, from, row, pairs, width, modulus);
}
KERNEL gather_half(bf16 *to, const float *from, const int *row, int pairs, int width, int modulus) {
  gather(to, from, row, pairs, width, modulus);
}

__device__ inline float gelu(float x) { return x * normal_cdf(x); }
__device__ inline float gelu_slope(float x) { return normal_cdf(x) + x * normal_density(x); }

// activate: after[p] = GELU(before[p] + bias[expert of p]).
template <typename T>
__device__ void activate(T *after, const T *before, const float *bias, const int *expert, int pairs, int width) {
  const size_t p = own_row();
  if (p >= pairs) return;
  const float *own = bias + (size_t)expert[p] * width;
  for (int j = own_column(); j < width; j += 4 * LANES) {
    const float4 x = load4(before + p * width, j, width), b = load4(own, j, width);
    store4(after + p * width, j, width,
           make_float4(gelu(x.x + b.x), gelu(x.y + b.y), gelu(x.z + b.z), gelu(x.w + b.w)));
  }
}

KERNEL activate_float(float *after, const float *before, const float *bias, const int *expert, int pairs, int width) {
  activate(after, before, bias, expert, pairs, width);
}
KERNEL activate_half(bf16 *after, const bf16 *before, const float *bias, const int *expert, int pairs, int width) {
  activate(after, before, bias, expert, pairs, width);
}

// combine: y[o] is the sum over the rows r ≡ o (mod out_rows) and their experts of
// gate · (out[pair] + bias[expert]).
template <typename T>
__device__ void combine(float *y, const T *out, const float *gates, const float *bias, const int *pair, int rows,
                        int out_rows, int experts, int width) {
  const size_t o = own_row();
  if (o >= out_rows) return;
  for (int j = own_column(); j < width; j += 4 * LANES) {
    float4 sum = make_float4(0, 0, 0, 0);
    for (size_t r = o; r < rows; r += out_rows)
      for (int e = 0; e < experts; e++) {
        const size_t at = r * experts + e;
        const float gate = gates[at];
        if (gate == 0) continue;
        const float4 x = load4(out + (size_t)pair[at] * width, j, width), b = load4(bias + (size_t)e * width, j, width);
        sum.x += gate * (x.x + b.x), sum.y += gate * (x.y + b.y);
        sum.z += gate * (x.z + b.z), sum.w += gate * (x.w + b.w);
      }
    store4(y + o * width, j, width, sum);
  }
}

KERNEL combine_float(float *y, const float *out, const float *gates, const float *bias, const int *pair, int rows,
                     int out_rows, int experts, int width) {
  combine(y, out, gates, bias, pair, rows, out_rows, experts, width);
}
KERNEL combine_half(float *y, const bf16 *out, const float *gates, const float *bias, const int *pair, int rows,
                    int out_rows, int experts, int width) {
  combine(y, out, gates, bias, pair, rows, out_rows, experts, width);
}

// weigh puts into out[p], in place of an output, its gradient: gate · dy. The gradient of the
// gate is that of y along the output.
template <typename T>
__device__ void weigh(T *out, float *dgates, const float *dy, const float *gates, const float *bias, const int *row,
                      const int *expert, int pairs, int experts, int width, int modulus) {
  const size_t p = own_row();
  float along = 0;
  size_t at = 0;
  if (p < pairs) {
    const size_t e = expert[p];
    at = (size_t)row[p] * experts + e;
    const float gate = gates[at];
    const float *own = dy + (size_t)(row[p] % modulus) * width;
    for (int j = own_column(); j < width; j += 4 * LANES) {
      const float4 x = load4(out + p * width, j, width), b = load4(bias + e * width, j, width),
                   g = load4(own, j, width);
      along += g.x * (x.x + b.x) + g.y * (x.y + b.y) + g.z * (x.z + b.z) + g.w * (x.w + b.w);
      store4(out + p * width, j, width, make_float4(gate * g.x, gate * g.y, gate * g.z, gate * g.w));
    }
  }
  along = warp_sum(along);
  if (p < pairs && threadIdx.x % LANES == 0 && dgates) dgates[at] = along;
}

KERNEL weigh_float(float *out, float *dgates, const float *dy, const float *gates, const float *bias, const int *row,
                   const int *expert, int pairs, int experts, int width, int modulus) {
  weigh(out, dgates, dy, gates, bias, row, expert, pairs, experts, width, modulus);
}
KERNEL weigh_half(bf16 *out, float *dgates, const float *dy, const float *gates, const float *bias, const int *row,
                  const int *expert, int pairs, int experts, int width, int modulus) {
  weigh(out, dgates, dy, gates, bias, row, expert, pairs, experts, width, modulus);
}

// scatter: x[r] is the sum of what the pairs of row r have.
template <typename T>
__device__ void scatter(float *x, const T *of_pair, const float *gates, const int *pair, int rows, int experts,
                        int width) {
  const size_t r = own_row();
  if (r >= rows) return;
  for (int j = own_column(); j < width; j += 4 * LANES) {
    float4 sum = make_float4(0, 0, 0, 0);
    for (int e = 0; e < experts; e++) {
      const size_t at = r * experts + e;
      if (gates[at] == 0) continue;
      const float4 own = load4(of_pair + (size_t)pair[at] * width, j, width);
      sum.x += own.x, sum.y += own.y, sum.z += own.z, sum.w += own.w;
    }
    store4(x + r * width, j, width, sum);
  }
}

KERNEL scatter_float(float *x, const float *of_pair, const float *gates, const int *pair, int rows, int experts,
                     int width) {
  scatter(x, of_pair, gates, pair, rows, experts, width);
}
KERNEL scatter_half(float *x, const bf16 *of_pair, const float *gates, const int *pair, int rows, int experts,
                    int width) {
  scatter(x, of_pair, gates, pair, rows, experts, width);
}

// CHUNK bounds the pairs that one block adds up, all of one expert; chunks are counted
// expert by expert. The columns of a block are 4 · LANES.
#define CHUNK 256

// chunk_of finds the pairs of a chunk, from lo to before hi, and their expert.
__device__ inline int chunk_of(int left, const int *first, int experts, int *lo, int *hi) {
  for (int e = 0; e < experts; e++) {
    const int chunks = (first[e + 1] - first[e] + CHUNK - 1) / CHUNK;
    if (left < chunks) {
      *lo = first[e] + left * CHUNK;
      *hi = *lo + CHUNK < first[e + 1] ? *lo + CHUNK : first[e + 1];
      return e;
    }
    left -= chunks;
  }
  return *lo = *hi = 0;
}

// store_sums writes what the threads of a block have of each column, added up.
__device__ inline void store_sums(float *sums, int j, int width, float4 sum) {
  __shared__ float4 parts[BLOCK];
  parts[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x >= LANES || j >= width) return;
  for (int i = threadIdx.x + LANES; i < BLOCK; i += LANES)
    sum.x += parts[i].x, sum.y += parts[i].y, sum.z += parts[i].z, sum.w += parts[i].w;
  store4(sums + (size_t)blockIdx.x * width, j, width, sum);
}

// sum_chunks: sums[chunk] is the sum of a chunk's rows.
template <typename T>
__device__ void sum_chunks(float *sums, const T *x, const int *first, int experts, int width) {
  int lo, hi;
  chunk_of(blockIdx.x, first, experts, &lo, &hi);
  const int j = blockIdx.y * 4 * LANES + own_column();
  float4 sum = make_float4(0, 0, 0, 0);
  for (size_t p = lo + threadIdx.x / LANES; p < hi && j < width; p += ROWS) {
    const float4 own = load4(x + p * width, j, width);
    sum.x += own.x, sum.y += own.y, sum.z += own.z, sum.w += own.w;
  }
  store_sums(sums, j, width, sum);
}

KERNEL sum_chunks_float(float *sums, const float *x, const int *first, int experts, int width) {
  sum_chunks(sums, x, first, experts, width);
}
KERNEL sum_chunks_half(float *sums, const bf16 *x, const int *first, int experts, int width) {
  sum_chunks(sums, x, first, experts, width);
}

// slope_chunks: grad[p] *= GELU'(before[p] + bias[expert of p]), and sums[chunk] is the sum
// of a chunk's rows of that.
template <typename T>
__device__ void slope_chunks(float *sums, T *grad, const T *before, const float *bias, const int *first, int experts,
                             int width) {
  int lo, hi;
  const int e = chunk_of(blockIdx.x, first, experts, &lo, &hi);
  const int j = blockIdx.y * 4 * LANES + own_column();
  float4 sum = make_float4(0, 0, 0, 0);
  if (j < width) {
    const float4 b = load4(bias + (size_t)e * width, j, width);
    for (size_t p = lo + threadIdx.x / LANES; p < hi; p += ROWS) {
      const float4 g = load4(grad + p * width, j, width), x = load4(before + p * width, j, width);
      const float4 own = make_float4(g.x * gelu_slope(x.x + b.x), g.y * gelu_slope(x.y + b.y),
                                     g.z * gelu_slope(x.z + b.z), g.w * gelu_slope(x.w + b.w));
      store4(grad + p * width, j, width, own);
      sum.x += own.x, sum.y += own.y, sum.z += own.z, sum.w += own.w;
    }
  }
  store_sums(sums, j, width, sum);
}

KERNEL slope_chunks_float(float *sums, float *grad, const float *before, const float *bias, const int *first,
                          int experts, int width) {
  slope_chunks(sums, grad, before, bias, first, experts, width);
}
KERNEL slope_chunks_half(float *sums, bf16 *grad, const bf16 *before, const float *bias, const int *first, int experts,
                         int width) {
  slope_chunks(sums, grad, before, bias, first, experts, width);
}

// sum_experts: sums[e] is the sum of the expert's chunks.
KERNEL sum_experts(float *sums, const float *of_chunk, const int *first, int width) {
  const int e = blockIdx.x, j = blockIdx.y * BLOCK + threadIdx.x;
  if (j >= width) return;
  size_t chunk = 0;
  for (int other = 0; other < e; other++) chunk += (first[other + 1] - first[other] + CHUNK - 1) / CHUNK;
  float sum = 0;
  for (int p = first[e]; p < first[e + 1]; p += CHUNK) sum += of_chunk[chunk++ * width + j];
  sums[(size_t)e * width + j] = sum;
}

// narrow_weights makes bf16 of float32.
KERNEL narrow_weights(bf16 *to, const float *from, int n) {
  for (size_t i = ((size_t)blockIdx.x * BLOCK + threadIdx.x) * 4; i < n; i += (size_t)gridDim.x * BLOCK * 4) {
    const int left = n - i < 4 ? n - i : 4;
    store4(to + i, 0, left, load4(from + i, 0, left));
  }
}
