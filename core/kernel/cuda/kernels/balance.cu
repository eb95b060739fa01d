// The losses that keep a mixture of experts in balance, in float64 as far as sums go.

#include "block.cuh"
#include "noise.cuh"

// part_rows are the rows of this block's part: grain of them, or what is left.
struct part_rows {
  int begin, end;
  __device__ part_rows(int part, int rows, int grain) : begin(part * grain), end(begin + grain < rows ? begin + grain : rows) {}
};

// keep_part writes what the groups of a block have summed up for one column.
__device__ inline void keep_part(double *parts, double sum, int column, int columns) {
  sum = lane_sum(sum);
  if (threadIdx.x < LANES && column < columns) parts[(size_t)blockIdx.x * columns + column] = sum;
}

// sum_gates: a block for each part of grain rows and LANES experts.
KERNEL sum_gates(double *parts, const float *gates, int rows, int grain, int experts) {
  const int e = blockIdx.y * LANES + threadIdx.x % LANES;
  const part_rows own(blockIdx.x, rows, grain);
  double sum = 0;
  for (int r = own.begin + threadIdx.x / LANES; r < own.end && e < experts; r += GROUPS)
    sum += gates[(size_t)r * experts + e];
  keep_part(parts, sum, e, experts);
}

// spread is the mean of x and the sum of the squared differences from it. All threads of a
// block call it.
__device__ inline double spread(const double *x, int n, double *mean) {
  double own = 0;
  for (int i = threadIdx.x; i < n; i += BLOCK) own += x[i];
  *mean = block_sum(own) / n;
  own = 0;
  for (int i = threadIdx.x; i < n; i += BLOCK) own += (x[i] - *mean) * (x[i] - *mean);
  return block_sum(own);
}

// FLOOR keeps the squared coefficient of variation finite.
#define FLOOR 1e-10

// variation: one block adds the parts up to own, with prior, and gives the squared
// coefficient of variation of the sums, 0 for fewer than two.
KERNEL variation(float *loss, double *own, const double *prior, const double *parts, int n, int experts) {
  for (int e = threadIdx.x; e < experts; e += BLOCK) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += parts[(size_t)i * experts + e];
    own[e] = sum + prior[e];
  }
  __syncthreads();
  double mean;
  const double square = spread(own, experts, &mean);
  if (threadIdx.x == 0) *loss = experts < 2 ? 0 : square / (experts - 1) / (mean * mean + FLOOR);
}

// variation_slopes: one block, the gradient of variation at own, times that of the loss and
// the growth: how many times the mass of the last run the sums hold.
KERNEL variation_slopes(float *slopes, const float *dloss, const double *own, const double *prior, int experts) {
  double mean, all = 0, last = 0;
  const double square = spread(own, experts, &mean);
  for (int e = threadIdx.x; e < experts; e += BLOCK) {
    all += own[e];
    last += own[e] - prior[e];
  }
  all = block_sum(all);
  last = block_sum(last);
  const double growth = last > 0 ? all / last : 1, floored = mean * mean + FLOOR;
  for (int e = threadIdx.x; e < experts; e += BLOCK)
    slopes[e] = experts < 2 ? 0
                            : *dloss * growth * 2 / ((experts - 1) * floored) *
                                  (own[e] - mean - square * mean / (experts * floored));
}

// repeat_row: every row of x is row.
KERNEL repeat_row(float *x, const float *row, int rows, int width) {
  const size_t at = (size_t)blockIdx.x * BLOCK + threadIdx.x;
  if (at / width < rows) x[at] = row[at % width];
}

// load_thresholds: a thread for each row, what a noisy logit has to exceed to be chosen: the
// (k+1)-th largest for one that is, and the k-th largest for one that is not. They are the
// lowest float where all are chosen.
KERNEL load_thresholds(float *thresholds, const float *noisy, int rows, int experts, int k) {
  const int r = blockIdx.x * BLOCK + threadIdx.x;
  if (r >= rows) return;
  const float *x = noisy + (size_t)r * experts;
  float within = -3.402823466e38f, beyond = within;
  int last = -1; // the one found before, after which come equal ones of a higher index
  for (int n = 0; n <= k && k < experts; n++) {
    int next = -1;
    for (int e = 0; e < experts; e++) {
      if (last >= 0 && !(precedes(x[last], x[e]) || (e > last && !precedes(x[e], x[last])))) continue;
      if (next < 0 || precedes(x[e], x[next])) next = e;
    }
    last = next;
    beyond = within;
    within = x[last];
  }
  thresholds[2 * (size_t)r] = within;
  thresholds[2 * (size_t)r + 1] = beyond;
}

// margin is by how many standard deviations of its noise a logit exceeds its threshold.
__device__ inline float margin(const float *thresholds, float logit, float noisy, float deviation) {
  return (logit - thresholds[noisy > thresholds[0] ? 0 : 1]) / deviation;
}

// sum_loads: a block for each part of grain rows and LANES experts, the chance of each row
// to choose the expert; a row that is not active chooses none.
KERNEL sum_loads(double *parts, const float *thresholds, const float *logits, const float *noisy, const float *raw,
                 const int *active, int rows, int grain, int experts) {
  const int e = blockIdx.y * LANES + threadIdx.x % LANES;
  const part_rows own(blockIdx.x, rows, grain);
  double sum = 0;
  for (int r = own.begin + threadIdx.x / LANES; r < own.end && e < experts; r += GROUPS) {
    if (active && !active[r]) continue;
    const size_t at = (size_t)r * experts + e;
    sum += normal_cdf(margin(thresholds + 2 * (size_t)r, logits[at], noisy[at], noise_deviation(raw[at])));
  }
  keep_part(parts, sum, e, experts);
}

// slope_loads: a thread for each entry, the gradients of the logits and of the raw
// deviations. A margin without density has none.
KERNEL slope_loads(float *dlogits, float *draw, const float *slopes, const float *thresholds, const float *logits,
                   const float *noisy, const float *raw, const int *active, int rows, int experts) {
  const size_t at = (size_t)blockIdx.x * BLOCK + threadIdx.x, r = at / experts;
  if (r >= rows) return;
  float dz = 0, z = 0;
  if (!active || active[r]) {
    const float deviation = noise_deviation(raw[at]);
    z = margin(thresholds + 2 * r, logits[at], noisy[at], deviation);
    const float density = normal_density(z);
    dz = density == 0 ? 0 : slopes[at % experts] * density / deviation;
  }
  if (dlogits) dlogits[at] = dz;
  if (draw) draw[at] = dz == 0 ? 0 : -dz * z * noise_slope(raw[at]);
}

// route_softly: a thread for each row, the softmax of its logits; 0 if it is not active.
KERNEL route_softly(float *probs, const float *logits, const int *active, int rows, int experts) {
  const size_t r = (size_t)blockIdx.x * BLOCK + threadIdx.x;
  if (r >= rows) return;
  const float *x = logits + r * experts;
  float *p = probs + r * experts, high = x[0], sum = 0;
  const bool on = !active || active[r];
  for (int e = 1; e < experts; e++) high = fmaxf(high, x[e]);
  for (int e = 0; e < experts; e++) sum += p[e] = on ? expf(x[e] - high) : 0;
  for (int e = 0; e < experts && on; e++) p[e] /= sum;
}

// sum_routes: a block for each part of grain rows of a group, which has each of them, and
// LANES experts. Column experts counts the active rows.
KERNEL sum_routes(double *parts, const float *probs, const int *active, int rows, int grain, int each, int experts) {
  const int column = blockIdx.y * LANES + threadIdx.x % LANES;
  const part_rows own(blockIdx.x % each, rows, grain);
  const size_t first = (size_t)(blockIdx.x / each) * rows;
  double sum = 0;
  for (int r = own.begin + threadIdx.x / LANES; r < own.end && column <= experts; r += GROUPS)
    sum += column < experts ? probs[(first + r) * experts + column] : !active || active[first + r];
  keep_part(parts, sum, column, experts + 1);
}

// entropy: one block. sums [groups, experts+1] is scratch, and slopes [groups, experts]
// become those of the loss in the probabilities of a row of each group.
KERNEL entropy(float *loss, double *slopes, double *sums, const double *parts, int groups, int each, int experts) {
  const int columns = experts + 1;
  for (int i = threadIdx.x; i < groups * columns; i += BLOCK) {
    double sum = 0;
    for (int p = 0; p < each; p++) sum += parts[((size_t)(i / columns) * each + p) * columns + i % columns];
    sums[i] = sum;
  }
  __syncthreads();
  int busy = 0;
  for (int g = 0; g < groups; g++) busy += sums[g * columns + experts] > 0;
  double own = 0;
  for (int i = threadIdx.x; i < groups * experts; i += BLOCK) {
    const double *group = sums + i / experts * columns;
    const double average = group[experts] > 0 ? group[i % experts] / group[experts] : 0;
    slopes[i] = 0;
    if (!(average > 1e-300)) continue; // it adds nothing
    double mean = 0;
    for (int g = 0; g < groups; g++)
      if (sums[g * columns + experts] > 0) mean += sums[g * columns + i % experts] / sums[g * columns + experts];
    const double less = log(mean / busy / average);
    own += average * less;
    slopes[i] = less / (busy * group[experts]);
  }
  own = block_sum(own);
  if (threadIdx.x == 0) *loss = busy > 0 ? own / busy : 0;
}

// slope_entropy: a thread for each of the rows, of which a group has each.
KERNEL slope_entropy(float *dlogits, const float *dloss, const double *slopes, const float *probs, int rows, int each,
                     int experts) {
  const size_t r = (size_t)blockIdx.x * BLOCK + threadIdx.x;
  if (r >= rows) return;
  const float *p = probs + r * experts;
  slopes += r / each * experts;
  double mean = 0;
  for (int e = 0; e < experts; e++) mean += p[e] * slopes[e];
  for (int e = 0; e < experts; e++) dlogits[r * experts + e] = p[e] * (float)(*dloss * (slopes[e] - mean));
}
