// The noise of a router's logits.

#pragma once

// noise_deviation is the standard deviation of the noise for what the router gives, at
// least 0.01, and noise_slope its derivative.
__device__ inline float noise_deviation(float raw) { return fmaxf(raw, 0) + log1pf(expf(-fabsf(raw))) + 0.01f; }
__device__ inline float noise_slope(float raw) { return 1 / (1 + expf(-raw)); }
