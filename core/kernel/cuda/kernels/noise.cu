// The noise of a router's logits, the same numbers as on the processor.

#include "block.cuh"
#include "noise.cuh"
#include "random.cuh"

// add_noise: a thread for each logit.
KERNEL add_noise(float *noisy, const float *logits, const float *raw, unsigned long long key, int n) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i < n) noisy[i] = logits[i] + (float)random_normal(key, i) * noise_deviation(raw[i]);
}

// slope_noise: a thread for each logit; a null gradient is one that nobody wants.
KERNEL slope_noise(float *dlogits, float *draw, const float *dnoisy, const float *raw, unsigned long long key, int n) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= n) return;
  if (dlogits) dlogits[i] = dnoisy[i];
  if (draw) draw[i] = dnoisy[i] * (float)random_normal(key, i) * noise_slope(raw[i]);
}
