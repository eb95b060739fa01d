// The optimizer, on weights that never leave the device. All arrays of a model are worked
// on together, in pieces, one for each block. A table has a line for each piece: where it
// begins in each of several lists of arrays, how many entries it has, and a mark of its
// array.

#include "block.cuh"

// piece is this block's line of a table with the given number of lists.
struct piece {
  const unsigned long long *line;
  int lists;
  __device__ piece(const unsigned long long *table, int lists)
      : line(table + (size_t)blockIdx.x * (lists + 2)), lists(lists) {}
  __device__ float *of(int list) const { return (float *)line[list]; }
  __device__ int size() const { return (int)line[lists]; }
  __device__ bool marked() const { return line[lists + 1] != 0; }
};

// sum_squares: one block for each piece, parts[piece] = Σ x² over the first list.
KERNEL sum_squares(double *parts, const unsigned long long *table, int lists) {
  const piece p(table, lists);
  const float *x = p.of(0);
  double own = 0;
  for (int i = threadIdx.x; i < p.size(); i += BLOCK) own += (double)x[i] * x[i];
  const double sum = block_sum(own);
  if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

// clip_norm: one block, norm is the root of the sum of all n parts, and norm[1] the factor
// that brings it down to limit, 1 where it is lower or limit is 0.
KERNEL clip_norm(float *norm, const double *parts, int n, float limit) {
  double own = 0;
  for (int i = threadIdx.x; i < n; i += BLOCK) own += parts[i];
  const double root = sqrt(block_sum(own));
  if (threadIdx.x != 0) return;
  norm[0] = root;
  norm[1] = limit > 0 && root > limit ? limit / root : 1;
}

// adamw: one block for each piece of the lists of gradients, weights and the running means
// of the gradient and of its square. The gradient is scaled by norm[1] and cleared. keep is
// what is left of the weights that decay, those of marked arrays; rate and root hold the
// corrections of the bias, and rest is 1 - beta.
KERNEL adamw(const unsigned long long *table, const float *norm, float rate, float keep, float beta1, float rest1,
             float beta2, float rest2, float root, float epsilon) {
  const piece p(table, 4);
  float *g = p.of(0), *w = p.of(1), *m = p.of(2), *v = p.of(3);
  const float factor = norm[1], left = p.marked() ? keep : 1;
  for (int i = threadIdx.x; i < p.size(); i += BLOCK) {
    const float d = factor * g[i];
    const float mean = beta1 * m[i] + rest1 * d, square = beta2 * v[i] + rest2 * d * d;
    m[i] = mean;
    v[i] = square;
    w[i] = left * w[i] - rate * mean / (sqrtf(square) * root + epsilon);
    g[i] = 0;
  }
}

// mix: one block for each piece, the first list becomes keep·first + (1-keep)·second.
KERNEL mix(const unsigned long long *table, float keep) {
  const piece p(table, 2);
  float *mean = p.of(0);
  const float *x = p.of(1);
  for (int i = threadIdx.x; i < p.size(); i += BLOCK) mean[i] = keep * mean[i] + (1 - keep) * x[i];
}

// swap: one block for each piece, the two lists change places.
KERNEL swap(const unsigned long long *table) {
  const piece p(table, 2);
  float *a = p.of(0), *b = p.of(1);
  for (int i = threadIdx.x; i < p.size(); i += BLOCK) {
    const float x = a[i];
    a[i] = b[i];
    b[i] = x;
  }
}

// add: x += y.
KERNEL add(float *x, const float *y, int n) {
  for (size_t i = (size_t)blockIdx.x * BLOCK + threadIdx.x; i < n; i += (size_t)gridDim.x * BLOCK) x[i] += y[i];
}

// scale: x *= factor.
KERNEL scale(float *x, float factor, int n) {
  for (size_t i = (size_t)blockIdx.x * BLOCK + threadIdx.x; i < n; i += (size_t)gridDim.x * BLOCK) x[i] *= factor;
}
