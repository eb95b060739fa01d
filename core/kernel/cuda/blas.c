//go:build gpu

// cuBLAS without its headers: users have it, of whatever version, or have it not. What is
// called here has been the same since version 11.

#include "blas.h"

#include <dlfcn.h>
#include <stdlib.h>

enum { keep = 0, transpose = 1, default_algorithm = -1 };

typedef int (*gemm)(void *, int, int, int, int, int, const void *, const void *, int, int, const void *, int, int,
                    const void *, void *, int, int, int, int);

struct blas {
  void *handle;
  int (*destroy)(void *);
  gemm product;
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
int fusemoe_blas_product(void *blas, int compute, int factors, int result, int transpose_a, int transpose_b, int m, int n,
                         int k, uint64_t a, int lda, uint64_t b, int ldb, uint64_t c, int ldc, int add) {
  struct blas *l = blas;
  const float one = 1, beta = add ? 1 : 0;
  return l->product(l->handle, transpose_b ? transpose : keep, transpose_a ? transpose : keep, n, m, k, &one,
                    (const void *)b, factors, ldb, (const void *)a, factors, lda, &beta, (void *)c, result, ldc, compute,
                    default_algorithm);
}
