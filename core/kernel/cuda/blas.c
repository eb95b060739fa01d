//go:build gpu

// cuBLAS without its headers: users have it, of whatever version, or have it not. What is
// called here has been the same since version 11.

#include "blas.h"

#include <dlfcn.h>
#include <stdlib.h>

enum { keep = 0, transpose = 1, default_algorithm = -1, out_of_memory = 3 };

typedef int (*gemm)(void *, int, int, int, int, int, const void *, const void *, int, int, const void *, int, int,
                    const void *, void *, int, int, int, int);

typedef int (*grouped_gemm)(void *, const int *, const int *, const int *, const int *, const int *, const void *,
                            const void *, int, const int *, const void *, int, const int *, const void *, const void *,
                            int, const int *, int, const int *, int);

struct blas {
  void *handle;
  int (*destroy)(void *);
  gemm product;
  grouped_gemm grouped;  // NULL before version 12.5
};

void *fusemoe_blas_open(const char *library, void *stream, int *status) {
  *status = 0;
  void *file = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (file == NULL) return NULL;
  int (*create)(void **) = (int (*)(void **))dlsym(file, "cublasCreate_v2");
  int (*set_stream)(void *, void *) = (int (*)(void *, void *))dlsym(file, "cublasSetStream_v2");
  struct blas *b = malloc(sizeof *b);
  if (b == NULL) return NULL;
  b->destroy = (int (*)(void *))dlsym(file, "cublasDestroy_v2");
  b->product = (gemm)dlsym(file, "cublasGemmEx");
  b->grouped = (grouped_gemm)dlsym(file, "cublasGemmGroupedBatchedEx");
  if (create == NULL || set_stream == NULL || b->destroy == NULL || b->product == NULL) {
    free(b);
    return NULL;
  }
  *status = create(&b->handle);
  if (*status == 0) *status = set_stream(b->handle, stream);
  if (*status != 0) {
    free(b);
    return NULL;
  }
  return b;
}

int fusemoe_blas_close(void *blas) {
  struct blas *b = blas;
  int status = b->destroy(b->handle);
  free(b);
  return status;
}

// cuBLAS stores columns one after the other: the row-major product a·b is the column-major
// product b·a.
int fusemoe_blas_products(void *blas, struct fusemoe_types types, int add, int count,
                          const struct fusemoe_product *products) {
  struct blas *l = blas;
  const float one = 1, beta = add ? 1 : 0;
  for (const struct fusemoe_product *p = products; p < products + count; p++) {
    const int status = l->product(l->handle, p->transpose_b ? transpose : keep, p->transpose_a ? transpose : keep, p->n,
                                  p->m, p->k, &one, (const void *)p->b, types.factors, p->ldb, (const void *)p->a,
                                  types.factors, p->lda, &beta, (void *)p->c, types.result, p->ldc, types.compute,
                                  default_algorithm);
    if (status != 0) return status;
  }
  return 0;
}

int fusemoe_blas_groups(void *blas) { return ((struct blas *)blas)->grouped != NULL; }

int fusemoe_blas_grouped(void *blas, struct fusemoe_types types, int count, const struct fusemoe_product *products,
                         uint64_t a, uint64_t b, uint64_t c) {
  struct blas *l = blas;
  int *numbers = malloc(9 * count * sizeof *numbers);
  float *scales = malloc(2 * count * sizeof *scales);
  if (numbers == NULL || scales == NULL) {
    free(numbers);
    free(scales);
    return out_of_memory;
  }
  int *list[9];
  for (int i = 0; i < 9; i++) list[i] = numbers + i * count;
  for (int i = 0; i < count; i++) {
    const struct fusemoe_product *p = products + i;
    const int own[9] = {p->transpose_b ? transpose : keep, p->transpose_a ? transpose : keep, p->n, p->m, p->k,
                        p->ldb, p->lda, p->ldc, 1};
    for (int j = 0; j < 9; j++) list[j][i] = own[j];
    scales[i] = 1;
    scales[count + i] = 0;
  }
  const int status = l->grouped(l->handle, list[0], list[1], list[2], list[3], list[4], scales, (const void *)b,
                                types.factors, list[5], (const void *)a, types.factors, list[6], scales + count,
                                (const void *)c, types.result, list[7], count, list[8], types.compute);
  free(numbers);
  free(scales);
  return status;
}
