// Irregular-time attention. A column is a step of one head, column = head·steps + step; the
// weights of a row lie side by side, weights[row, column], and what a sample has for each of
// its features too, out[sample, feature, column]. So neighbouring threads are neighbouring
// columns, all of them skip what was not observed together, and a column is summed in the
// order of the rows.

#include "block.cuh"

#define EACH 4  // columns of one thread, LANES apart, where it sums over rows
#define AHEAD 4 // rows, or features, that are read at a time: one alone would wait for the memory

// TINY is the sum of weights, next to the sample's largest of 1, below which digits are lost.
#define TINY 1e-30f

// time_of is the time of row r: the first rows are the grid's.
__device__ inline float time_of(const float *times, int steps, int r) {
  return r >= steps ? times[r - steps] : steps > 1 ? (float)r / (float)(steps - 1) : 0;
}

// embed_times: a thread for each row and feature of the embedding, sines but for feature 0.
// projected becomes the bias that the projection of the row is added to.
KERNEL embed_times(float *phi, float *projected, const float *times, const float *weight, const float *bias,
                   const float *query_bias, const float *key_bias, int steps, int rows, int embed) {
  const unsigned at = blockIdx.x * BLOCK + threadIdx.x;
  const int r = at / embed, e = at % embed;
  if (r >= rows) return;
  const float x = weight[e] * time_of(times, steps, r) + bias[e];
  phi[at] = e == 0 ? x : sinf(x);
  projected[at] = r < steps ? query_bias[e] : key_bias[e];
}

// turn_queries: turned[e, step] = scale·query[step, e].
KERNEL turn_queries(float *turned, const float *query, int steps, int embed, float scale) {
  const int at = blockIdx.x * BLOCK + threadIdx.x;
  if (at < steps * embed) turned[at] = scale * query[at % steps * embed + at / steps];
}

// time_score is the product of a column's query and a row's key, both in the column's head.
__device__ inline float time_score(const float *query, int steps, const float *key, int depth) {
  float sum = 0;
  for (int j = 0; j < depth; j++) sum += query[(size_t)j * steps] * key[j];
  return sum;
}

// attend: a block for each sample and LANES columns, weights = exp(score - the column's
// highest).
KERNEL attend(float *weights, const float *turned, const float *key, const int *start, int steps, int heads,
              int embed) {
  __shared__ float highs[GROUPS][LANES];
  const int columns = heads * steps, tiles = (columns + LANES - 1) / LANES, depth = embed / heads;
  const int sample = blockIdx.x / tiles, lane = threadIdx.x % LANES, group = threadIdx.x / LANES;
  const int column = blockIdx.x % tiles * LANES + lane;
  const int begin = start[sample] + group, end = column < columns ? start[sample + 1] : 0;
  const int from = column / steps * depth;
  float high = -3.402823466e38f;
  for (int r = begin; r < end; r += GROUPS) {
    const float s = time_score(turned + (size_t)from * steps + column % steps, steps, key + (size_t)r * embed + from, depth);
    weights[(size_t)r * columns + column] = s;
    high = fmaxf(high, s);
  }
  highs[group][lane] = high;
  __syncthreads();
  for (int g = 0; g < GROUPS; g++) high = fmaxf(high, highs[g][lane]);
  for (int r = begin; r < end; r += GROUPS) {
    float *w = weights + (size_t)r * columns + column;
    *w = expf(*w - high);
  }
}

// observed_feature is one feature of one sample: its values lie width apart, from the sample's first
// row to its last.
struct observed_feature {
  const float *values, *observed; // observed is null where every value was
  int first, last, width;
  __device__ bool seen(int r) const { return !observed || observed[(size_t)r * width] != 0; }
  __device__ float value(int r) const { return values[(size_t)r * width]; }
};

// alone attends a feature with its own highest score, which does not underflow: it gives the
// result, and what the weight of a row is made of, exp(score - high)/sum.
__device__ inline float alone(const observed_feature &f, const float *query, int steps, const float *key, int embed, int depth,
                              float *high, float *sum) {
  *high = -3.402823466e38f;
  for (int r = f.first; r < f.last; r++)
    if (f.seen(r)) *high = fmaxf(*high, time_score(query, steps, key + (size_t)r * embed, depth));
  float out = 0;
  *sum = 0;
  for (int r = f.first; r < f.last; r++)
    if (f.seen(r)) {
      const float w = expf(time_score(query, steps, key + (size_t)r * embed, depth) - *high);
      *sum += w;
      out += w * f.value(r);
    }
  return out / *sum;
}

// attend_values: a warp for each sample, feature and EACH·LANES columns sums over the rows
// where the feature was observed. totals are the sums of the weights, 1 without any.
KERNEL attend_values(float *y, float *out, float *totals, const float *weights, const float *values,
                     const float *observed, const float *turned, const float *key, const int *start, int steps,
                     int heads, int embed, int width, int flags) {
  const int columns = heads * steps, depth = embed / heads, tiles = (width + GROUPS - 1) / GROUPS;
  const int sample = blockIdx.x / tiles, c = blockIdx.x % tiles * GROUPS + threadIdx.x / LANES;
  const int first = blockIdx.y * LANES * EACH + threadIdx.x % LANES;
  if (c >= width) return;
  const observed_feature f = {values + c, observed ? observed + c : 0, start[sample], start[sample + 1], width};
  float sums[EACH] = {}, all[EACH] = {};
  bool any = false;
  for (int r = f.first; r < f.last; r += AHEAD) {
    bool seen[AHEAD], some = false;
    float v[AHEAD], w[AHEAD];
    for (int a = 0; a < AHEAD; a++) some |= seen[a] = r + a < f.last && f.seen(r + a);
    if (!some) continue;
    any = true;
    for (int a = 0; a < AHEAD; a++) v[a] = seen[a] ? f.value(r + a) : 0;
    for (int i = 0; i < EACH; i++) {
      const int column = first + i * LANES;
      for (int a = 0; a < AHEAD; a++)
        w[a] = seen[a] && column < columns ? weights[(size_t)(r + a) * columns + column] : 0;
      for (int a = 0; a < AHEAD; a++) sums[i] += w[a] * v[a], all[i] += w[a];
    }
  }
  for (int i = 0; i < EACH; i++) {
    const int column = first + i * LANES, head = column / steps, step = column % steps;
    if (column >= columns) return;
    const float total = any ? all[i] : 1;
    float mean = sums[i] / total, high, sum;
    if (total < TINY)
      mean = alone(f, turned + (size_t)head * depth * steps + step, steps, key + head * depth, embed, depth, &high, &sum);
    const size_t at = ((size_t)sample * width + c) * columns + column;
    out[at] = mean;
    totals[at] = total;
    float *row = y + ((size_t)sample * steps + step) * (heads + flags) * width + c;
    row[head * width] = mean;
    if (flags && head == 0) row[heads * width] = any;
  }
}

// divide_gradients: slopes[sample, feature, column] = dy/total, 0 where total is TINY.
KERNEL divide_gradients(float *slopes, const float *dy, const float *totals, int samples, int steps, int heads,
                        int width, int flags) {
  const unsigned at = blockIdx.x * BLOCK + threadIdx.x;
  const int c = at % width, column = at / width % (heads * steps), sample = at / width / (heads * steps);
  if (sample >= samples) return;
  const size_t to = ((size_t)sample * width + c) * heads * steps + column;
  const size_t row = (size_t)sample * steps + column % steps;
  const float total = totals[to];
  slopes[to] = total < TINY ? 0 : dy[row * (heads + flags) * width + column / steps * width + c] / total;
}

// sample_of is the sample that owns row r of the series.
__device__ inline int sample_of(const int *start, int samples, int r) {
  int lo = 0, hi = samples; // start[lo] <= r < start[hi]
  while (hi - lo > 1) {
    const int middle = (lo + hi) / 2;
    if (start[middle] <= r)
      lo = middle;
    else
      hi = middle;
  }
  return lo;
}

// slope_scores: a warp for each row and LANES columns turns its weights into the gradients
// of the scores, weight·Σ slope·(value - out) over the features observed in the row.
KERNEL slope_scores(float *weights, const float *slopes, const float *out, const float *values, const float *observed,
                    const int *start, int samples, int rows, int columns, int width) {
  const int r = blockIdx.x * GROUPS + threadIdx.x / LANES, column = blockIdx.y * LANES + threadIdx.x % LANES;
  if (r >= rows || column >= columns) return;
  const size_t first = (size_t)sample_of(start, samples, r) * width * columns + column;
  values += (size_t)r * width;
  if (observed) observed += (size_t)r * width;
  float sum = 0;
  for (int c = 0; c < width; c += AHEAD) {
    float slope[AHEAD], miss[AHEAD];
    for (int a = 0; a < AHEAD; a++) {
      const bool seen = c + a < width && (!observed || observed[c + a] != 0);
      const size_t at = first + (size_t)(c + a) * columns;
      slope[a] = seen ? slopes[at] : 0;
      miss[a] = seen ? values[c + a] - out[at] : 0;
    }
    for (int a = 0; a < AHEAD; a++) sum += slope[a] * miss[a];
  }
  weights[(size_t)r * columns + column] *= sum;
}

// slope_alone: a thread for each sample and column adds what slope_scores left out, the
// features whose weights are TINY.
KERNEL slope_alone(float *dscores, const float *dy, const float *totals, const float *values, const float *observed,
                   const float *turned, const float *key, const int *start, int samples, int steps, int heads,
                   int embed, int width, int flags) {
  const int columns = heads * steps, depth = embed / heads;
  const int at = blockIdx.x * BLOCK + threadIdx.x, sample = at / columns, column = at % columns;
  if (sample >= samples) return;
  const int head = column / steps, step = column % steps;
  const float *query = turned + (size_t)head * depth * steps + step;
  key += head * depth;
  for (int c = 0; c < width; c++) {
    if (!(totals[((size_t)sample * width + c) * columns + column] < TINY)) continue;
    const observed_feature f = {values + c, observed + c, start[sample], start[sample + 1], width};
    const float slope = dy[((size_t)sample * steps + step) * (heads + flags) * width + head * width + c];
    float high, sum;
    const float out = alone(f, query, steps, key, embed, depth, &high, &sum);
    for (int r = f.first; r < f.last; r++)
      if (f.seen(r))
        dscores[(size_t)r * columns + column] +=
            expf(time_score(query, steps, key + (size_t)r * embed, depth) - high) / sum * (f.value(r) - out) * slope;
  }
}

// slope_keys: a thread for each entry of dkey [rows, embed].
KERNEL slope_keys(float *dkey, const float *dscores, const float *query, int rows, int steps, int heads, int embed,
                  float scale) {
  const unsigned at = blockIdx.x * BLOCK + threadIdx.x, r = at / embed;
  if (r >= rows) return;
  const int e = at % embed, head = e / (embed / heads);
  const float *slopes = dscores + ((size_t)r * heads + head) * steps;
  float sum = 0;
  for (int t = 0; t < steps; t++) sum += slopes[t] * query[t * embed + e];
  dkey[at] = scale * sum;
}

// slope_queries: a thread for each part of grain rows and each entry of the turned queries,
// parts[part, e, step].
KERNEL slope_queries(float *parts, const float *dscores, const float *key, int rows, int grain, int steps, int heads,
                     int embed) {
  const int at = blockIdx.y * BLOCK + threadIdx.x, e = at / steps, head = e / (embed / heads);
  if (e >= embed) return;
  const int begin = blockIdx.x * grain, end = rows - begin < grain ? rows : begin + grain;
  float sum = 0;
  for (int r = begin; r < end; r++)
    sum += dscores[((size_t)r * heads + head) * steps + at % steps] * key[(size_t)r * embed + e];
  parts[(size_t)blockIdx.x * embed * steps + at] = sum;
}

// add_queries: dquery[step, e] = scale·Σ parts.
KERNEL add_queries(float *dquery, const float *parts, int n, int steps, int embed, float scale) {
  const int at = blockIdx.x * BLOCK + threadIdx.x, e = at / steps, t = at % steps;
  if (e >= embed) return;
  float sum = 0;
  for (int i = 0; i < n; i++) sum += parts[(size_t)i * embed * steps + at];
  dquery[t * embed + e] = scale * sum;
}

// slope_times: parts[part, 3, embed] are sums over rows: of the gradient of the sine's
// argument, of that times the time, and of the gradient of the projection. Part 0 has the
// grid's rows, the others grain of the series' each.
KERNEL slope_times(float *parts, const float *dphi, const float *dprojected, const float *times, const float *weight,
                   const float *bias, int steps, int rows, int grain, int embed) {
  const int e = blockIdx.y * LANES + threadIdx.x % LANES, part = blockIdx.x;
  const int begin = part == 0 ? 0 : steps + (part - 1) * grain;
  const int most = part == 0 ? steps : begin + grain, end = most < rows ? most : rows;
  float sums[3] = {};
  for (int r = begin + threadIdx.x / LANES; r < end && e < embed; r += GROUPS) {
    const float t = time_of(times, steps, r);
    const float slope = dphi[(size_t)r * embed + e] * (e == 0 ? 1 : cosf(weight[e] * t + bias[e]));
    sums[0] += slope;
    sums[1] += slope * t;
    sums[2] += dprojected[(size_t)r * embed + e];
  }
  for (int i = 0; i < 3; i++) {
    const float sum = lane_sum(sums[i]);
    if (threadIdx.x < LANES && e < embed) parts[((size_t)part * 3 + i) * embed + e] = sum;
  }
}

// add_times: a thread for each feature of the embedding adds the parts up.
KERNEL add_times(float *dweight, float *dbias, float *dquery_bias, float *dkey_bias, const float *parts, int n,
                 int embed) {
  const int e = blockIdx.x * BLOCK + threadIdx.x;
  if (e >= embed) return;
  float argument = 0, timed = 0, projected = 0;
  for (int i = 0; i < n; i++) {
    argument += parts[(size_t)i * 3 * embed + e];
    timed += parts[((size_t)i * 3 + 1) * embed + e];
    if (i > 0) projected += parts[((size_t)i * 3 + 2) * embed + e];
  }
  if (dweight) dweight[e] = timed;
  if (dbias) dbias[e] = argument;
  if (dquery_bias) dquery_bias[e] = parts[2 * embed + e];
  if (dkey_bias) dkey_bias[e] = projected;
}
