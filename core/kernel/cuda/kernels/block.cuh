// What the kernels share: the size of a block, and sums over one.

#pragma once

// BLOCK is the number of threads of a block, in every kernel: eight warps, enough to hide
// the memory's latency with several blocks on a multiprocessor.
#define BLOCK 256

#define KERNEL extern "C" __global__ void

// normal_cdf is the distribution function of the standard normal distribution.
__device__ inline float normal_cdf(float x) { return 0.5f * (1 + erff(x * 0.70710678118654752f)); }

// normal_density is its density.
__device__ inline float normal_density(float x) { return 0.39894228040143268f * expf(-0.5f * x * x); }

// precedes says whether v comes before u in descending order, which NaN heads.
__device__ inline bool precedes(float v, float u) { return v > u || (v != v && u == u); }

// block_sum is the sum of x over the block, for every thread, always added in the same
// order. All threads call it.
template <typename T>
__device__ T block_sum(T x) {
  __shared__ T parts[BLOCK];
  parts[threadIdx.x] = x;
  __syncthreads();
  for (int half = BLOCK / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    __syncthreads();
  }
  const T sum = parts[0];
  __syncthreads();
  return sum;
}

// block_prefix is the sum of x over the threads before this one; all is that of all.
__device__ inline int block_prefix(int x, int *all) {
  __shared__ int sums[BLOCK];
  sums[threadIdx.x] = x;
  __syncthreads();
  for (int step = 1; step < BLOCK; step *= 2) {
    const int left = threadIdx.x >= step ? sums[threadIdx.x - step] : 0;
    __syncthreads();
    sums[threadIdx.x] += left;
    __syncthreads();
  }
  const int before = sums[threadIdx.x] - x;
  *all = sums[BLOCK - 1];
  __syncthreads();
  return before;
}

// LANES is the number of threads of a warp, which read a whole line of memory at once. A
// block that sums columns over rows has LANES of them and takes GROUPS rows at a time.
#define LANES 32
#define GROUPS (BLOCK / LANES)

// lane_sum is the sum of x over the groups, for every thread of the lane, always added in
// the same order. All threads call it.
template <typename T>
__device__ T lane_sum(T x) {
  __shared__ T parts[BLOCK];
  parts[threadIdx.x] = x;
  __syncthreads();
  T sum = parts[threadIdx.x % LANES];
  for (int g = 1; g < GROUPS; g++) sum += parts[g * LANES + threadIdx.x % LANES];
  __syncthreads();
  return sum;
}
