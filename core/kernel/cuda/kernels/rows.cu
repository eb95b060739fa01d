// Rows in groups: their bias, their normalisation, and sums of their columns. A warp works on
// a row; columns are summed in chunks of CHUNK_ROWS rows and then over the chunks.

#include "block.cuh"
#include "half.cuh"

#define CHUNK_ROWS 128

// add_rows: y[g, r] += bias[g].
KERNEL add_rows(float *y, const float *bias, int groups, int rows, int width) {
  const size_t r = own_row();
  if (r >= (size_t)groups * rows) return;
  const float *own = bias + r / rows * width;
  for (int j = own_column(); j < width; j += 4 * LANES) {
    const float4 x = load4(y + r * width, j, width), b = load4(own, j, width);
    store4(y + r * width, j, width, make_float4(x.x + b.x, x.y + b.y, x.z + b.z, x.w + b.w));
  }
}

// chunk_parts writes what the threads of a block have of each column of a chunk, added up.
__device__ inline void chunk_parts(float *parts, int j, int width, float4 sum) {
  __shared__ float4 sums[BLOCK];
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x < LANES && j < width) {
    for (int i = threadIdx.x + LANES; i < BLOCK; i += LANES)
      sum.x += sums[i].x, sum.y += sums[i].y, sum.z += sums[i].z, sum.w += sums[i].w;
    store4(parts + (size_t)blockIdx.x * width, j, width, sum);
  }
  __syncthreads();
}

// part_rows: a block for each chunk of each group and 4 · LANES columns; parts [groups,
// chunks, width].
KERNEL part_rows(float *parts, const float *x, int rows, int width) {
  const int chunks = (rows + CHUNK_ROWS - 1) / CHUNK_ROWS, group = blockIdx.x / chunks;
  const int lo = blockIdx.x % chunks * CHUNK_ROWS, hi = lo + CHUNK_ROWS < rows ? lo + CHUNK_ROWS : rows;
  const int j = blockIdx.y * 4 * LANES + own_column();
  float4 sum = make_float4(0, 0, 0, 0);
  for (int r = lo + threadIdx.x / LANES; r < hi && j < width; r += ROWS) {
    const float4 own = load4(x + ((size_t)group * rows + r) * width, j, width);
    sum.x += own.x, sum.y += own.y, sum.z += own.z, sum.w += own.w;
  }
  chunk_parts(parts, j, width, sum);
}

// sum_parts: sums[g] is the sum of the group's parts.
KERNEL sum_parts(float *sums, const float *parts, int chunks, int width) {
  const int g = blockIdx.x, j = blockIdx.y * BLOCK + threadIdx.x;
  if (j >= width) return;
  float sum = 0;
  for (int c = 0; c < chunks; c++) sum += parts[((size_t)g * chunks + c) * width + j];
  sums[(size_t)g * width + j] = sum;
}

// moments are the mean of a row and one over its standard deviation, for every thread of its
// warp. All threads of the block call it, with no row where there are not enough.
__device__ inline float2 moments(const float *row, int width, float epsilon) {
  float sum = 0, squares = 0;
  for (int j = own_column(); row && j < width; j += 4 * LANES) {
    const float4 x = load4(row, j, width);
    sum += x.x + x.y + x.z + x.w;
  }
  const float mean = warp_sum(sum) / width;
  for (int j = own_column(); row && j < width; j += 4 * LANES)
    for (int i = j; i < j + 4 && i < width; i++) squares += (row[i] - mean) * (row[i] - mean);
  return make_float2(mean, 1 / sqrtf(warp_sum(squares) / width + epsilon));
}

// normalise: y = gamma·(x - mean)·scale + beta, with the moments of each row kept.
KERNEL normalise(float *y, float *kept, const float *x, const float *gamma, const float *beta, int groups, int rows,
                 int width, float epsilon) {
  const size_t r = own_row();
  const bool there = r < (size_t)groups * rows;
  const float2 m = moments(there ? x + r * width : 0, width, epsilon);
  if (!there) return;
  if (threadIdx.x % LANES == 0) kept[2 * r] = m.x, kept[2 * r + 1] = m.y;
  const size_t g = r / rows * width;
  for (int j = own_column(); j < width; j += 4 * LANES)
    for (int i = j; i < j + 4 && i < width; i++)
      y[r * width + i] = (x[r * width + i] - m.x) * m.y * gamma[g + i] + beta[g + i];
}

// normal_slopes: dx of normalise.
KERNEL normal_slopes(float *dx, const float *kept, const float *dy, const float *x, const float *gamma, int groups,
                     int rows, int width) {
  const size_t r = own_row();
  const bool there = r < (size_t)groups * rows;
  const float mean = there ? kept[2 * r] : 0, scale = there ? kept[2 * r + 1] : 0;
  const float *own = x + r * width, *d = dy + r * width, *g = gamma + r / rows * width;
  float along = 0, sum = 0;
  for (int j = own_column(); there && j < width; j += 4 * LANES)
    for (int i = j; i < j + 4 && i < width; i++) {
      along += d[i] * g[i] * (own[i] - mean) * scale;
      sum += d[i] * g[i];
    }
  along = warp_sum(along) / width;
  sum = warp_sum(sum) / width;
  for (int j = own_column(); there && j < width; j += 4 * LANES)
    for (int i = j; i < j + 4 && i < width; i++)
      dx[r * width + i] = scale * (d[i] * g[i] - sum - (own[i] - mean) * scale * along);
}

// normal_parts: the parts of dgamma and dbeta, as part_rows.
KERNEL normal_parts(float *gammas, float *betas, const float *kept, const float *dy, const float *x, int rows,
                    int width) {
  const int chunks = (rows + CHUNK_ROWS - 1) / CHUNK_ROWS, group = blockIdx.x / chunks;
  const int lo = blockIdx.x % chunks * CHUNK_ROWS, hi = lo + CHUNK_ROWS < rows ? lo + CHUNK_ROWS : rows;
  const int j = blockIdx.y * 4 * LANES + own_column();
  float4 gamma = make_float4(0, 0, 0, 0), beta = make_float4(0, 0, 0, 0);
  for (int i = lo + threadIdx.x / LANES; i < hi && j < width; i += ROWS) {
    const size_t r = (size_t)group * rows + i;
    const float mean = kept[2 * r], scale = kept[2 * r + 1];
    const float4 d = load4(dy + r * width, j, width), v = load4(x + r * width, j, width);
    gamma.x += d.x * (v.x - mean) * scale, gamma.y += d.y * (v.y - mean) * scale;
    gamma.z += d.z * (v.z - mean) * scale, gamma.w += d.w * (v.w - mean) * scale;
    beta.x += d.x, beta.y += d.y, beta.z += d.z, beta.w += d.w;
  }
  chunk_parts(gammas, j, width, gamma);
  chunk_parts(betas, j, width, beta);
}
