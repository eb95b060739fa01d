#include <stdint.h>

// fusemoe_blas_open opens cuBLAS from the library of that name for a stream. It returns
// NULL where the library is not there, and its status where it does not start.
void *fusemoe_blas_open(const char *library, void *stream, int *status);
int fusemoe_blas_close(void *blas);

// fusemoe_product is c = a·b of row-major matrices on the device, either operand transposed.
struct fusemoe_product {
  int transpose_a, transpose_b, m, n, k, lda, ldb, ldc;
  uint64_t a, b, c;
};

// fusemoe_types are cuBLAS's numbers for the type of the computation, of a and b, and of c.
struct fusemoe_types {
  int compute, factors, result;
};

// fusemoe_blas_products computes products one after the other, or adds them to what is in c.
int fusemoe_blas_products(void *blas, struct fusemoe_types types, int add, int count,
                          const struct fusemoe_product *products);

// fusemoe_blas_grouped computes products side by side, where fusemoe_blas_groups says that
// cuBLAS can. a, b and c are arrays on the device with the addresses of the operands.
int fusemoe_blas_groups(void *blas);
int fusemoe_blas_grouped(void *blas, struct fusemoe_types types, int count, const struct fusemoe_product *products,
                         uint64_t a, uint64_t b, uint64_t c);
