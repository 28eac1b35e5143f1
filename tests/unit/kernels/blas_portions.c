/* The same tests with portions of 3 rows in place of 2^30: blas.c is compiled into this program, the tests of blas.c follow it. */
#define GU_BLAS_ROWS 3
#include "kernels/blas.c"

#include "blas.c"
