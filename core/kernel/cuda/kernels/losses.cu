// Losses, means over the labels that are known, those that are not NaN; 0 without any.

#include "block.cuh"

// known is how many labels are known. All threads of a block call it.
__device__ inline int known(const float *labels, int n) {
  int own = 0;
  for (int i = threadIdx.x; i < n; i += BLOCK) own += labels[i] == labels[i];
  return block_sum(own);
}

// keep_mean writes the mean of what the threads of the one block have summed up.
__device__ inline void keep_mean(float *loss, double own, const float *labels, int n) {
  const double sum = block_sum(own);
  const int count = known(labels, n);
  if (threadIdx.x == 0) *loss = count > 0 ? sum / count : 0;
}

// label_share is what the gradient of the loss gives to one known label. All threads of a
// block call it.
__device__ inline double label_share(const float *dloss, const float *labels, int n) {
  const int count = known(labels, n);
  return count > 0 ? (double)*dloss / count : 0;
}

// binary_loss: one block, -y·log σ(z)·weight - (1-y)·log(1-σ(z)).
KERNEL binary_loss(float *loss, const float *logits, const float *labels, const float *weight, int n, int outputs) {
  double own = 0;
  for (int i = threadIdx.x; i < n; i += BLOCK) {
    const double y = labels[i], z = logits[i];
    if (y != y) continue;
    const double tail = log1p(exp(-fabs(z))); // which does not overflow
    own += (weight ? weight[i % outputs] : 1) * y * (tail + fmax(-z, 0.0)) + (1 - y) * (tail + fmax(z, 0.0));
  }
  keep_mean(loss, own, labels, n);
}

// slope_binary: a thread for each label.
KERNEL slope_binary(float *dlogits, const float *dloss, const float *logits, const float *labels, const float *weight,
                    int n, int outputs) {
  const double each = label_share(dloss, labels, n);
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= n) return;
  const double y = labels[i], yes = 1 / (1 + exp(-(double)logits[i]));
  const double slope = (1 - y) * yes - (weight ? weight[i % outputs] : 1) * y * (1 - yes);
  dlogits[i] = y != y ? 0 : each * slope;
}

// log_sum_exp is log Σ exp(x), shifted by the maximum so that it cannot overflow.
__device__ inline double log_sum_exp(const float *x, int n) {
  float high = x[0];
  for (int i = 1; i < n; i++) high = fmaxf(high, x[i]);
  double sum = 0;
  for (int i = 0; i < n; i++) sum += exp((double)x[i] - high);
  return high + log(sum);
}

// class_of is a known label as an index. It is 0 for one that is none of the classes, whose
// weight is NaN, so that the loss shows it.
__device__ inline int class_of(float label, const float *weight, int classes, double *own) {
  const bool fits = label >= 0 && label < classes;
  const int c = fits ? (int)label : 0;
  *own = !fits ? 0.0 / 0.0 : weight ? weight[c] : 1;
  return c;
}

// softmax_loss: one block, the sum over the samples of weight·(log Σ exp(z) - z[class]).
KERNEL softmax_loss(float *loss, const float *logits, const float *labels, const float *weight, int samples,
                    int classes) {
  double own = 0;
  for (int s = threadIdx.x; s < samples; s += BLOCK) {
    if (labels[s] != labels[s]) continue;
    const float *z = logits + (size_t)s * classes;
    double factor;
    const int c = class_of(labels[s], weight, classes, &factor);
    own += factor * (log_sum_exp(z, classes) - z[c]);
  }
  keep_mean(loss, own, labels, samples);
}

// slope_softmax: a thread for each sample.
KERNEL slope_softmax(float *dlogits, const float *dloss, const float *logits, const float *labels, const float *weight,
                     int samples, int classes) {
  const double each = label_share(dloss, labels, samples);
  const int s = blockIdx.x * BLOCK + threadIdx.x;
  if (s >= samples) return;
  const bool unknown = labels[s] != labels[s];
  const float *z = logits + (size_t)s * classes;
  double factor = 0;
  const int right = unknown ? -1 : class_of(labels[s], weight, classes, &factor);
  const double all = log_sum_exp(z, classes);
  for (int c = 0; c < classes; c++)
    dlogits[(size_t)s * classes + c] =
        unknown ? 0 : each * factor * (c == right ? expm1(z[c] - all) : exp(z[c] - all));
}

// squared_loss: one block.
KERNEL squared_loss(float *loss, const float *predictions, const float *labels, int n) {
  double own = 0;
  for (int i = threadIdx.x; i < n; i += BLOCK) {
    const double miss = (double)predictions[i] - labels[i];
    if (labels[i] == labels[i]) own += miss * miss;
  }
  keep_mean(loss, own, labels, n);
}

// slope_squared: a thread for each label.
KERNEL slope_squared(float *dpredictions, const float *dloss, const float *predictions, const float *labels, int n) {
  const double each = label_share(dloss, labels, n);
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= n) return;
  dpredictions[i] = labels[i] != labels[i] ? 0 : 2 * each * ((double)predictions[i] - labels[i]);
}
