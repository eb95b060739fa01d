// The fusion encoder's input, from the grids of all modalities. A slab is what one
// modality has of one sample, [steps, width].

#include "block.cuh"

// assemble: a thread for each entry of one modality's samples, x = scale·(u + modality) +
// position, u being the grid's where the sample has the modality and missing elsewhere.
KERNEL assemble(float *x, const float *grid, const float *missing, const float *modality, const float *position,
                const int *present, int samples, int slab, int width, float scale) {
  const unsigned at = blockIdx.x * BLOCK + threadIdx.x, s = at / slab;
  if (s >= samples) return;
  const int i = at % slab;
  const float u = present[s] ? grid[at] : missing[i];
  x[at] = scale * (u + modality[i % width]) + position[i];
}

// slope_grid: a thread for each entry of one modality's samples.
KERNEL slope_grid(float *dgrid, const float *dx, const int *present, int samples, int slab, float scale) {
  const unsigned at = blockIdx.x * BLOCK + threadIdx.x, s = at / slab;
  if (s < samples) dgrid[at] = present[s] ? scale * dx[at] : 0;
}

// sum_samples: blocks for each entry of each modality's slab, side by side, and each part of
// grain samples: parts[part, 2, entry] are the sums over all samples and over those that
// miss the modality.
KERNEL sum_samples(float *parts, const float *dx, const int *present, int modalities, int samples, int grain,
                   int slab) {
  const unsigned entries = modalities * slab, at = blockIdx.x * BLOCK + threadIdx.x;
  if (at >= entries) return;
  const size_t first = (size_t)(at / slab) * samples;
  const int begin = blockIdx.y * grain, end = samples - begin < grain ? samples : begin + grain;
  float all = 0, without = 0;
  for (int s = begin; s < end; s++) {
    const float d = dx[(first + s) * slab + at % slab];
    all += d;
    if (!present[first + s]) without += d;
  }
  parts[(size_t)2 * blockIdx.y * entries + at] = all;
  parts[((size_t)2 * blockIdx.y + 1) * entries + at] = without;
}

// add_samples: a thread for each entry adds the n parts up, into the first one; what is
// missing goes, scaled, to dmissing.
KERNEL add_samples(float *dmissing, float *parts, int n, int modalities, int slab, float scale) {
  const unsigned entries = modalities * slab, at = blockIdx.x * BLOCK + threadIdx.x;
  if (at >= entries) return;
  float all = 0, without = 0;
  for (int i = 0; i < n; i++) {
    all += parts[(size_t)2 * i * entries + at];
    without += parts[((size_t)2 * i + 1) * entries + at];
  }
  parts[at] = all;
  if (dmissing) dmissing[at] = scale * without;
}

// slope_position: a thread for each entry of a slab, the sum over the modalities.
KERNEL slope_position(float *dposition, const float *sums, int modalities, int slab) {
  const int at = blockIdx.x * BLOCK + threadIdx.x;
  if (at >= slab) return;
  float sum = 0;
  for (int m = 0; m < modalities; m++) sum += sums[(size_t)m * slab + at];
  dposition[at] = sum;
}

// slope_modality: a thread for each modality and column, the sum over the steps.
KERNEL slope_modality(float *dmodality, const float *sums, int modalities, int steps, int width, float scale) {
  const int at = blockIdx.x * BLOCK + threadIdx.x, m = at / width;
  if (m >= modalities) return;
  float sum = 0;
  for (int t = 0; t < steps; t++) sum += sums[((size_t)m * steps + t) * width + at % width];
  dmodality[at] = scale * sum;
}
