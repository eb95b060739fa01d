// Losses, each one number, side by side in one array.

#include "block.cuh"

// weigh_scalars: *y = Σ weights[i]·x[i], where a weight of 0 leaves out what may be anything.
KERNEL weigh_scalars(float *y, const float *x, const double *weights, int n) {
  double own = 0;
  for (int i = threadIdx.x; i < n; i += BLOCK)
    if (weights[i] != 0) own += weights[i] * x[i];
  const double sum = block_sum(own);
  if (threadIdx.x == 0) *y = sum;
}

// spread_scalars: dx[i] = weights[i]·dy, and nothing else is touched.
KERNEL spread_scalars(float *dx, const float *dy, const double *weights, int n) {
  for (int i = threadIdx.x; i < n; i += BLOCK)
    if (weights[i] != 0) dx[i] = weights[i] * *dy;
}
