#include <stdint.h>

// fusemoe_blas_open opens cuBLAS from the library of that name for a stream. It returns
// NULL where the library is not there, and its status where it does not start.
void *fusemoe_blas_open(const char *library, void *stream, int *status);
int fusemoe_blas_close(void *blas);

// fusemoe_blas_product computes c = a·b (+ c) of row-major matrices, either operand
// transposed. compute, factors and result are cuBLAS's numbers for the type of the
// computation, of a and b, and of c.
int fusemoe_blas_product(void *blas, int compute, int factors, int result, int transpose_a, int transpose_b, int m, int n,
                         int k, uint64_t a, int lda, uint64_t b, int ldb, uint64_t c, int ldc, int add);
