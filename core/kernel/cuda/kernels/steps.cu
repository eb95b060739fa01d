// What goes along the steps of a sequence: x is [sequences·steps, width].

#include "block.cuh"

// unfold: the last taps steps of each step side by side, zeros before the first. A thread
// for each entry of y [sequences·steps, taps·width].
KERNEL unfold(float *y, const float *x, int rows, int steps, int width, int taps) {
  const size_t at = (size_t)blockIdx.x * BLOCK + threadIdx.x;
  if (at >= (size_t)rows * taps * width) return;
  const int back = taps - 1 - at / width % taps;
  const size_t row = at / ((size_t)width * taps);
  y[at] = row % steps < back ? 0 : x[(row - back) * width + at % width];
}

// unfold_slopes: a thread for each entry of dx.
KERNEL unfold_slopes(float *dx, const float *dy, int rows, int steps, int width, int taps) {
  const size_t at = (size_t)blockIdx.x * BLOCK + threadIdx.x, row = at / width;
  if (row >= rows) return;
  float sum = 0;
  for (int ahead = 0; ahead < taps && row % steps + ahead < steps; ahead++)
    sum += dy[((row + ahead) * taps + taps - 1 - ahead) * width + at % width];
  dx[at] = sum;
}

// highest_step is the first step at which column c of a sequence is highest.
__device__ inline int highest_step(const float *x, int steps, int width, int c) {
  int best = 0;
  for (int t = 1; t < steps; t++)
    if (x[(size_t)t * width + c] > x[(size_t)best * width + c]) best = t;
  return best;
}

// max_steps: a thread for each entry of y [sequences, width].
KERNEL max_steps(float *y, const float *x, int sequences, int steps, int width) {
  const size_t at = (size_t)blockIdx.x * BLOCK + threadIdx.x, s = at / width;
  if (s >= sequences) return;
  const float *own = x + s * steps * width;
  const int c = at % width;
  y[at] = own[(size_t)highest_step(own, steps, width, c) * width + c];
}

KERNEL max_steps_slopes(float *dx, const float *dy, const float *x, int sequences, int steps, int width) {
  const size_t at = (size_t)blockIdx.x * BLOCK + threadIdx.x, s = at / width, first = s * steps * width;
  if (s >= sequences) return;
  const int c = at % width, best = highest_step(x + first, steps, width, c);
  for (int t = 0; t < steps; t++) dx[first + (size_t)t * width + c] = t == best ? dy[at] : 0;
}

// The poolings, in the order of package kernel's.
enum { last_step, mean_steps, attention_steps };

// pooled is where sequence i, of modality i / samples, has its vector in h.
__device__ inline size_t pooled(size_t i, int modalities, int samples, int width) {
  return (i % samples * modalities + i / samples) * width;
}

// weigh_steps gives each step of a sequence its weight in attention pooling: a block for
// each sequence.
KERNEL weigh_steps(float *weights, const float *x, const float *query, int samples, int steps, int width, float root) {
  const size_t i = blockIdx.x;
  const float *own = x + i * steps * width, *q = query + i / samples * width;
  float *to = weights + i * steps;
  for (int t = 0; t < steps; t++) {
    float part = 0;
    for (int c = threadIdx.x; c < width; c += BLOCK) part += own[(size_t)t * width + c] * q[c];
    const float score = block_sum(part) * root;
    if (threadIdx.x == 0) to[t] = score;
  }
  __syncthreads();
  float high = to[0], sum = 0;
  for (int t = 1; t < steps; t++) high = fmaxf(high, to[t]);
  for (int t = 0; t < steps; t++) sum += expf(to[t] - high);
  __syncthreads();
  for (int t = threadIdx.x; t < steps; t += BLOCK) to[t] = expf(to[t] - high) / sum;
}

// pool_steps: a block for each sequence; weights are there for attention pooling alone.
KERNEL pool_steps(float *h, const float *x, const float *weights, int kind, int modalities, int samples, int steps,
                  int width) {
  const size_t i = blockIdx.x;
  const float *own = x + i * steps * width;
  float *to = h + pooled(i, modalities, samples, width);
  for (int c = threadIdx.x; c < width; c += BLOCK) {
    float sum = 0;
    for (int t = kind == last_step ? steps - 1 : 0; t < steps; t++)
      sum += own[(size_t)t * width + c] * (kind == attention_steps ? weights[i * steps + t] : 1);
    to[c] = kind == mean_steps ? sum / steps : sum;
  }
}

// spread_steps is the way back of the last step and of the mean.
KERNEL spread_steps(float *dx, const float *dh, int kind, int modalities, int samples, int steps, int width) {
  const size_t i = blockIdx.x;
  const float *own = dh + pooled(i, modalities, samples, width);
  for (int at = threadIdx.x; at < steps * width; at += BLOCK)
    dx[i * steps * width + at] =
        kind == mean_steps ? own[at % width] / steps : at / width == steps - 1 ? own[at % width] : 0;
}

// attend_slopes is that of attention pooling; dqueries has each sequence's share of dq, and
// slopes room for a number a step.
KERNEL attend_slopes(float *dx, float *dqueries, float *slopes, const float *dh, const float *x, const float *query,
                     const float *weights, int modalities, int samples, int steps, int width, float root) {
  const size_t i = blockIdx.x;
  const float *own = x + i * steps * width, *q = query + i / samples * width, *w = weights + i * steps;
  const float *d = dh + pooled(i, modalities, samples, width);
  float *ds = slopes + i * steps, mean = 0;
  for (int t = 0; t < steps; t++) {
    float part = 0;
    for (int c = threadIdx.x; c < width; c += BLOCK) part += own[(size_t)t * width + c] * d[c];
    const float along = block_sum(part);
    mean += w[t] * along;
    if (threadIdx.x == 0) ds[t] = along;
  }
  __syncthreads();
  for (int c = threadIdx.x; c < width; c += BLOCK) {
    float sum = 0;
    for (int t = 0; t < steps; t++) {
      const float slope = w[t] * (ds[t] - mean) * root;
      sum += slope * own[(size_t)t * width + c];
      if (dx) dx[(i * steps + t) * width + c] = w[t] * d[c] + slope * q[c];
    }
    dqueries[i * width + c] = sum;
  }
}
