// bf16, the upper half of a float32, and rows of either type, four entries at a time.

#pragma once

struct bf16 {
  unsigned short bits;
};

__device__ inline float widen(float x) { return x; }
__device__ inline float widen(bf16 x) { return __uint_as_float((unsigned)x.bits << 16); }

__device__ inline void narrow(float *to, float x) { *to = x; }
__device__ inline void narrow(bf16 *to, float x) {
#ifdef __CUDA_ARCH__
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(to->bits) : "f"(x));
#else
  const unsigned bits = __float_as_uint(x);
  to->bits = x != x ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
#endif
}

// A row is worked on by one warp, of LANES threads; a block has ROWS of them.
#define ROWS (BLOCK / LANES)

__device__ inline size_t own_row() { return (size_t)blockIdx.x * ROWS + threadIdx.x / LANES; }
__device__ inline int own_column() { return threadIdx.x % LANES * 4; }

// load4 reads entries j to j+3 of a row, 0 past its end. Rows whose width four divides lie
// so that a thread may read four at once.
__device__ inline float4 load4(const float *row, int j, int width) {
  if (width % 4 == 0) return *(const float4 *)(row + j);
  return make_float4(row[j], j + 1 < width ? row[j + 1] : 0, j + 2 < width ? row[j + 2] : 0,
                     j + 3 < width ? row[j + 3] : 0);
}

__device__ inline float4 load4(const bf16 *row, int j, int width) {
  if (width % 4 == 0) {
    const uint2 two = *(const uint2 *)(row + j);
    return make_float4(__uint_as_float(two.x << 16), __uint_as_float(two.x & 0xffff0000u),
                       __uint_as_float(two.y << 16), __uint_as_float(two.y & 0xffff0000u));
  }
  return make_float4(widen(row[j]), j + 1 < width ? widen(row[j + 1]) : 0, j + 2 < width ? widen(row[j + 2]) : 0,
                     j + 3 < width ? widen(row[j + 3]) : 0);
}

// store4 is load4's counterpart.
__device__ inline void store4(float *row, int j, int width, float4 x) {
  if (width % 4 == 0) {
    *(float4 *)(row + j) = x;
    return;
  }
  row[j] = x.x;
  if (j + 1 < width) row[j + 1] = x.y;
  if (j + 2 < width) row[j + 2] = x.z;
  if (j + 3 < width) row[j + 3] = x.w;
}

__device__ inline void store4(bf16 *row, int j, int width, float4 x) {
  bf16 four[4];
  narrow(four, x.x), narrow(four + 1, x.y), narrow(four + 2, x.z), narrow(four + 3, x.w);
  if (width % 4 == 0) {
    uint2 two;
    two.x = four[0].bits | (unsigned)four[1].bits << 16;
    two.y = four[2].bits | (unsigned)four[3].bits << 16;
    *(uint2 *)(row + j) = two;
    return;
  }
  for (int i = 0; i < 4 && j + i < width; i++) row[j + i] = four[i];
}

// warp_sum is the sum of x over the threads of a warp. Every thread of the block takes part.
__device__ inline float warp_sum(float x) {
  __shared__ float parts[BLOCK];
  parts[threadIdx.x] = x;
  __syncthreads();
  for (int half = LANES / 2; half > 0; half /= 2) {
    if (threadIdx.x % LANES < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    __syncthreads();
  }
  const float sum = parts[threadIdx.x / LANES * LANES];
  __syncthreads();
  return sum;
}
