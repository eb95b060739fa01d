// What is done to each entry on its own, and what moves entries. Threads go through an array
// in strides of the grid.

#include "block.cuh"
#include "random.cuh"

#define EACH_ENTRY(i, n) \
  for (size_t i = (size_t)blockIdx.x * BLOCK + threadIdx.x; i < (n); i += (size_t)gridDim.x * BLOCK)

// number_in_whole is the number of entry i in a larger array, of which each row is the last of
// every rows.
__device__ inline size_t number_in_whole(size_t i, int width, int every) {
  return every > 1 ? ((i / width + 1) * every - 1) * width + i % width : i;
}

// drop: y = dropout(x), plus what is to be added where there is something.
KERNEL drop(float *y, const float *x, const float *added, int n, int width, int every, unsigned long long key,
            unsigned threshold, float scale) {
  EACH_ENTRY(i, n) y[i] = dropped(x[i], key, number_in_whole(i, width, every), threshold, scale) + (added ? added[i] : 0);
}

// entry_aside is where row r of a group lies where the groups are side by side.
__device__ inline size_t entry_aside(size_t i, int groups, int rows, int width) {
  const size_t row = i / width;
  return (row % rows * groups + row / rows) * width + i % width;
}

// columns: y[r, g] = x[g, r], rows of a width. columns_back is its way back.
KERNEL columns(float *y, const float *x, int groups, int rows, int width) {
  EACH_ENTRY(i, (size_t)groups * rows * width) y[entry_aside(i, groups, rows, width)] = x[i];
}
KERNEL columns_back(float *x, const float *y, int groups, int rows, int width) {
  EACH_ENTRY(i, (size_t)groups * rows * width) x[i] = y[entry_aside(i, groups, rows, width)];
}

// number_of is the random number of entry i: rows begin at even ones, and each is the last of
// every rows.
__device__ inline size_t number_of(size_t i, int width, int every) {
  return ((i / width + 1) * every - 1) * (width + width % 2) + i % width;
}

// add_columns: out[g, r] = x[g, r] + dropout(y[r, g]).
KERNEL add_columns(float *out, const float *x, const float *y, int groups, int rows, int width, int every,
                   unsigned long long key, unsigned threshold, float scale) {
  EACH_ENTRY(i, (size_t)groups * rows * width)
    out[i] = x[i] + dropped(y[entry_aside(i, groups, rows, width)], key, number_of(i, width, every), threshold, scale);
}

// drop_columns: dy[r, g] = dropout(dout[g, r]).
KERNEL drop_columns(float *dy, const float *dout, int groups, int rows, int width, int every, unsigned long long key,
                    unsigned threshold, float scale) {
  EACH_ENTRY(i, (size_t)groups * rows * width)
    dy[entry_aside(i, groups, rows, width)] = dropped(dout[i], key, number_of(i, width, every), threshold, scale);
}

__device__ inline float logistic(float x) { return 1 / (1 + expf(-x)); }

// The activations, in the order of package kernel's. As there, ReLU lets NaN through.
enum { relu, gelu_exact, sigmoid };

KERNEL activate_entries(float *y, const float *x, int n, int kind) {
  EACH_ENTRY(i, n) {
    const float v = x[i];
    y[i] = kind == relu ? (v < 0 ? 0 : v) : kind == sigmoid ? logistic(v) : v * normal_cdf(v);
  }
}

KERNEL activation_slopes(float *dx, const float *dy, const float *x, int n, int kind) {
  EACH_ENTRY(i, n) {
    const float v = x[i], s = logistic(v);
    if (kind == relu)
      dx[i] = v > 0 ? dy[i] : 0;
    else
      dx[i] = dy[i] * (kind == sigmoid ? s * (1 - s) : normal_cdf(v) + v * normal_density(v));
  }
}

// blend: y = σ(z)·a + (1-σ(z))·b, with one z for share entries.
KERNEL blend(float *y, const float *a, const float *b, const float *z, int n, int share) {
  EACH_ENTRY(i, n) {
    const float gate = logistic(z[i / share]);
    y[i] = gate * a[i] + (1 - gate) * b[i];
  }
}

// blend_slopes fills the gradients of a and b that are wanted.
KERNEL blend_slopes(float *da, float *db, const float *dy, const float *z, int n, int share) {
  EACH_ENTRY(i, n) {
    const float gate = logistic(z[i / share]);
    if (da) da[i] = gate * dy[i];
    if (db) db[i] = (1 - gate) * dy[i];
  }
}

// blend_gate_slopes fills the gradient of z: a block for each, or a thread where each entry
// has its own.
KERNEL blend_gate_slopes(float *dz, const float *dy, const float *a, const float *b, const float *z, int n, int share) {
  if (share == 1) {
    EACH_ENTRY(i, n) {
      const float gate = logistic(z[i]);
      dz[i] = dy[i] * (a[i] - b[i]) * gate * (1 - gate);
    }
    return;
  }
  const size_t first = (size_t)blockIdx.x * share;
  float own = 0;
  for (int i = threadIdx.x; i < share; i += BLOCK) own += dy[first + i] * (a[first + i] - b[first + i]);
  const float sum = block_sum(own), gate = logistic(z[blockIdx.x]);
  if (threadIdx.x == 0) dz[blockIdx.x] = sum * gate * (1 - gate);
}
