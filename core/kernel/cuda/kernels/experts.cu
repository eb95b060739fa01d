// The mixture of experts. A pair is a row and an expert whose gate for it is not 0; pairs
// are sorted by expert and, within one, by row. No sum depends on the order in which
// threads finish, so that a device gives the same bits each time.

#include "block.cuh"

// count_pairs: one block for each expert, counts[e] = its pairs.
KERNEL count_pairs(int *counts, const float *gates, int rows, int experts) {
  const int e = blockIdx.x;
  int own = 0;
  for (int r = threadIdx.x; r < rows; r += BLOCK)
    own += gates[(size_t)r * experts + e] != 0;
  const int all = block_sum(own);
  if (threadIdx.x == 0) counts[e] = all;
}

// start_pairs: the first thread of one block, first[e] = the pairs of the experts before e; first[experts] = all.
KERNEL start_pairs(int *first, const int *counts, int experts) {
  if (threadIdx.x != 0) return;
  int sum = 0;
  for (int e = 0; e < experts; e++) {
    first[e] = sum;
    sum += counts[e];
  }
  first[experts] = sum;
}

// place_pairs: one block for each expert writes its pairs: their row and expert, and for
// each row and expert its pair.
KERNEL place_pairs(int *row, int *expert, int *pair, const int *first, const float *gates, int rows, int experts) {
  const int e = blockIdx.x;
  int next = first[e];
  for (int r0 = 0; r0 < rows; r0 += BLOCK) {
    const int r = r0 + threadIdx.x;
    const int chosen = r < rows && gates[(size_t)r * experts + e] != 0;
    int all;
    const int before = block_prefix(chosen, &all);
    if (chosen) {
      row[next + before] = r;
      expert[next + before] = e;
      pair[(size_t)r * experts + e] = next + before;
    }
    next += all;
  }
}

// gather: one block for each pair, to[p] = from[row[p] mod modulus].
KERNEL gather(float *to, const float *from, const int *row, int width, int modulus) {
  const size_t p = blockIdx.x, r = row[p] % modulus;
  for (int j = threadIdx.x; j < width; j += BLOCK) to[p * width + j] = from[r * width + j];
}

// activate: one block for each pair, before += bias of its expert, after = GELU(before).
KERNEL activate(float *after, float *before, const float *bias, const int *expert, int width) {
  const size_t p = blockIdx.x, e = expert[p];
  for (int j = threadIdx.x; j < width; j += BLOCK) {
    const float x = before[p * width + j] + bias[e * width + j];
    before[p * width + j] = x;
    after[p * width + j] = x * normal_cdf(x);
  }
}

// combine: one block for each row o of y, the weighted outputs of the rows o, o +
// out_rows, ... with their experts' biases, by row and within one by expert.
KERNEL combine(float *y, const float *out, const float *gates, const float *bias, const int *pair, int rows,
               int out_rows, int experts, int width) {
  const int o = blockIdx.x;
  for (int j = threadIdx.x; j < width; j += BLOCK) {
    float sum = 0;
    for (int r = o; r < rows; r += out_rows)
      for (int e = 0; e < experts; e++) {
        const size_t at = (size_t)r * experts + e;
        const float gate = gates[at];
        if (gate != 0) sum += gate * (out[(size_t)pair[at] * width + j] + bias[(size_t)e * width + j]);
      }
    y[(size_t)o * width + j] = sum;
  }
}

// weigh: one block for each pair, after = gate * GELU(before).
KERNEL weigh(float *after, const float *before, const float *gates, const int *row, const int *expert, int experts,
             int width) {
  const size_t p = blockIdx.x;
  const float gate = gates[(size_t)row[p] * experts + expert[p]];
  for (int j = threadIdx.x; j < width; j += BLOCK) {
    const float x = before[p * width + j];
    after[p * width + j] = gate * x * normal_cdf(x);
  }
}

// sum_pairs: a block for each expert and BLOCK columns, sums[e] = the sum over its pairs of
// x, each times its gate unless gates is null.
KERNEL sum_pairs(float *sums, const float *x, const float *gates, const int *row, const int *first, int experts,
                 int width) {
  const int e = blockIdx.x, j = blockIdx.y * BLOCK + threadIdx.x;
  if (j >= width) return;
  float sum = 0;
  for (int p = first[e]; p < first[e + 1]; p++)
    sum += (gates ? gates[(size_t)row[p] * experts + e] : 1) * x[(size_t)p * width + j];
  sums[(size_t)e * width + j] = sum;
}

// slope_hidden: one block for each pair. grad, the gradient of GELU(before) for a gate of
// 1, becomes that of before for the pair's gate, whose own gradient is written.
KERNEL slope_hidden(float *dgates, float *grad, const float *before, const float *dout, const float *gates,
                    const float *bias, const int *row, const int *expert, int experts, int hidden, int out) {
  const size_t p = blockIdx.x, e = expert[p], at = (size_t)row[p] * experts + e;
  const float gate = gates[at];
  float along = 0;
  for (int j = threadIdx.x; j < hidden; j += BLOCK) {
    const float x = before[p * hidden + j], g = grad[p * hidden + j], cdf = normal_cdf(x);
    along += g * x * cdf;
    grad[p * hidden + j] = gate * g * (cdf + x * normal_density(x));
  }
  for (int j = threadIdx.x; j < out; j += BLOCK) along += dout[p * out + j] * bias[e * out + j];
  along = block_sum(along);
  if (threadIdx.x == 0 && dgates) dgates[at] = along;
}

// scatter: one block for each row, x[r] = the sum of its pairs' rows, by expert.
KERNEL scatter(float *x, const float *of_pair, const float *gates, const int *pair, int experts, int width) {
  const size_t r = blockIdx.x;
  for (int j = threadIdx.x; j < width; j += BLOCK) {
    float sum = 0;
    for (int e = 0; e < experts; e++) {
      const size_t at = r * experts + e;
      if (gates[at] != 0) sum += of_pair[(size_t)pair[at] * width + j];
    }
    x[r * width + j] = sum;
  }
}
