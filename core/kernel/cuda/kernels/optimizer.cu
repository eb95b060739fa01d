// The optimizer, on weights that never leave the device.

#include "block.cuh"

// adamw updates w with the gradient g, and the running means m and v of the gradient and
// of its square. keep is 1 - rate·decay; rate and root hold the corrections of the bias.
KERNEL adamw(float *w, const float *g, float *m, float *v, int n, float rate, float keep, float beta1, float beta2,
             float root, float epsilon) {
  for (size_t i = (size_t)blockIdx.x * BLOCK + threadIdx.x; i < n; i += (size_t)gridDim.x * BLOCK) {
    const float d = g[i];
    m[i] = beta1 * m[i] + (1 - beta1) * d;
    v[i] = beta2 * v[i] + (1 - beta2) * d * d;
    w[i] = keep * w[i] - rate * m[i] / (sqrtf(v[i]) * root + epsilon);
  }
}

// add: x += y.
KERNEL add(float *x, const float *y, int n) {
  for (size_t i = (size_t)blockIdx.x * BLOCK + threadIdx.x; i < n; i += (size_t)gridDim.x * BLOCK) x[i] += y[i];
}
