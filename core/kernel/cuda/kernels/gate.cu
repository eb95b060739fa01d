// Gates: scores by distance, and the choice of the k best experts.

#include "block.cuh"

// square_rows: one block for each row, squares[r] = |x[r]|².
KERNEL square_rows(float *squares, const float *x, int width) {
  const size_t r = blockIdx.x;
  float own = 0;
  for (int j = threadIdx.x; j < width; j += BLOCK) own += x[r * width + j] * x[r * width + j];
  const float sum = block_sum(own);
  if (threadIdx.x == 0) squares[r] = sum;
}

// distances: a thread for each row and expert turns their inner product into -|x-w|², or
// -|x-w| if root is not 0. Near distances are summed from the differences: the quick
// formula would lose more than six of their bits.
KERNEL distances(float *logits, const float *x, const float *w, const float *xx, const float *ww, int rows,
                 int experts, int width, int root) {
  const size_t at = (size_t)blockIdx.x * BLOCK + threadIdx.x, r = at / experts, e = at % experts;
  if (r >= rows) return;
  float square = xx[r] - 2 * logits[at] + ww[e];
  if (square < (xx[r] + ww[e]) / 64) {
    square = 0;
    for (int j = 0; j < width; j++) {
      const float d = x[r * width + j] - w[e * width + j];
      square += d * d;
    }
  }
  logits[at] = root ? -sqrtf(square) : -square;
}

// add_bias: logits[r, e] += bias[e].
KERNEL add_bias(float *logits, const float *bias, int n, int experts) {
  const int at = blockIdx.x * BLOCK + threadIdx.x;
  if (at < n) logits[at] += bias[at % experts];
}

// distance_slopes: c is what the gradients of x and w by distance are sums of: x's is
// Σ_e c·(w_e - x), w_e's Σ_rows c·(x - w_e). At distance 0 the root has none.
KERNEL distance_slopes(float *c, const float *dlogits, const float *logits, int n, int root) {
  const int at = blockIdx.x * BLOCK + threadIdx.x;
  if (at >= n) return;
  if (!root)
    c[at] = 2 * dlogits[at];
  else
    c[at] = logits[at] == 0 ? 0 : -dlogits[at] / logits[at];
}

// pull_rows: one block for each row, dx[r] -= (Σ_e c[r, e])·x[r].
KERNEL pull_rows(float *dx, const float *c, const float *x, int experts, int width) {
  const size_t r = blockIdx.x;
  float sum = 0;
  for (int e = 0; e < experts; e++) sum += c[r * experts + e];
  for (int j = threadIdx.x; j < width; j += BLOCK) dx[r * width + j] -= sum * x[r * width + j];
}

// sum_columns: one block for each column, sums[e] = Σ_r c[r, e].
KERNEL sum_columns(float *sums, const float *c, int rows, int columns) {
  float own = 0;
  for (int r = threadIdx.x; r < rows; r += BLOCK) own += c[(size_t)r * columns + blockIdx.x];
  const float sum = block_sum(own);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

// choose: a thread for each row, a softmax over the row's k largest logits, of equal ones
// those of the lower index; other gates are 0, and so are all of a row that is not active.
// chosen is scratch, [rows, k].
KERNEL choose(float *gates, int *chosen, const float *logits, const int *active, int rows, int experts,
              int k) {
  const int r = blockIdx.x * BLOCK + threadIdx.x;
  if (r >= rows) return;
  gates += (size_t)r * experts, logits += (size_t)r * experts, chosen += (size_t)r * k;
  for (int e = 0; e < experts; e++) gates[e] = 0;
  if (active && !active[r]) return;
  int n = 0;
  for (int e = 0; e < experts; e++) {
    int j = n;
    if (n < k)
      n++;
    else if (j--, !precedes(logits[e], logits[chosen[j]]))
      continue;
    for (; j > 0 && precedes(logits[e], logits[chosen[j - 1]]); j--) chosen[j] = chosen[j - 1];
    chosen[j] = e;
  }
  float sum = 0;
  for (int j = 0; j < k; j++) sum += gates[chosen[j]] = expf(logits[chosen[j]] - logits[chosen[0]]);
  for (int j = 0; j < k; j++) gates[chosen[j]] /= sum;
}

// unchoose: a thread for each row, the gradient of the logits; those not chosen have none.
KERNEL unchoose(float *dlogits, const float *dgates, const float *gates, int rows, int experts) {
  const size_t r = (size_t)blockIdx.x * BLOCK + threadIdx.x;
  if (r >= rows) return;
  float mean = 0;
  for (int e = 0; e < experts; e++)
    if (gates[r * experts + e] != 0) mean += gates[r * experts + e] * dgates[r * experts + e];
  for (int e = 0; e < experts; e++) {
    const float gate = gates[r * experts + e];
    dlogits[r * experts + e] = gate == 0 ? 0 : gate * (dgates[r * experts + e] - mean);
  }
}
