/* Dense linear algebra. blas.c is the only file that calls CBLAS and LAPACKE.
 *
 * Matrices are row-major. Each call runs on the calling thread alone: work is spread by calling from several threads, each with a tile of
 * its own, so that the result does not depend on their number. The caller's BLAS and OpenMP settings are left as they were.
 *
 * Sizes: counts of rows may be of any size. What lies within a row (a leading dimension, and so a number of columns) must be at most INT_MAX,
 * as must the order of a square matrix. */
#ifndef GU_BLAS_H
#define GU_BLAS_H

#include "core/context.h"

/* C [m x n] <- alpha op(A) op(B) + beta C, op(A) [m x k]; transposed where asked. Empty sizes are allowed. */
void gu_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, gusto_real alpha, const gusto_real *A,
             int64_t lda, const gusto_real *B, int64_t ldb, gusto_real beta, gusto_real *C, int64_t ldc);

/* Upper triangle of C [n x n] <- alpha A' A + beta C, A [k x n]. */
void gu_syrk(int64_t n, int64_t k, gusto_real alpha, const gusto_real *A, int64_t lda, gusto_real beta, gusto_real *C,
             int64_t ldc);

/* Solves A X = B for symmetric positive definite A [n x n] (upper triangle read, overwritten by its factor), B [n x n_rhs] row-major,
 * overwritten by X. Returns false if A is not positive definite. */
bool gu_posv(int64_t n, int64_t n_rhs, gusto_real *A, int64_t lda, gusto_real *B, int64_t ldb);

/* Factors symmetric positive definite A [n x n] in place: upper triangle U with A = U' U; the strict lower triangle is left alone.
 * Returns n, or the first row whose pivot is not positive. */
int64_t gu_cholesky(int64_t n, gusto_real *A, int64_t lda);

/* B [n x n_rhs] <- U^-1 B, or U'^-1 B, for upper triangular U [n x n]. */
void gu_solve_upper(bool transpose, int64_t n, int64_t n_rhs, const gusto_real *U, int64_t ldu, gusto_real *B, int64_t ldb);

/* U [n x n] <- U^-1 for upper triangular U without a zero on its diagonal; the strict lower triangle is left alone. */
void gu_invert_upper(int64_t n, gusto_real *U, int64_t ldu);

/* The same for one right-hand side in double, whatever the library's precision. */
bool gu_posv_double(int64_t n, double *A, int64_t lda, double *b);

/* The columns of A [n x b], b <= n, become an orthonormal basis Q that spans at least what they did (Householder).
 * R [b x b]: upper triangular, zero below, A = Q R; or NULL.   room [gu_orthonormal_room(b)].   Returns false if LAPACK refused. */
bool    gu_orthonormal(int64_t n, int64_t b, gusto_real *A, int64_t lda, gusto_real *R, gusto_real *room);
int64_t gu_orthonormal_room(int64_t b);

/* Eigenvalues of symmetric A [n x n] (upper triangle read), ascending, and its orthonormal eigenvectors, row j the one of value[j], in place of A; in
 * double, whatever the library's precision.   room [gu_eigen_room(n)], room_int [gu_eigen_int_room(n)].
 * Returns false if LAPACK refused, or did not converge. */
bool    gu_eigen_double(int64_t n, double *A, int64_t lda, double *value, double *room, int32_t *room_int);
int64_t gu_eigen_room(int64_t n);
int64_t gu_eigen_int_room(int64_t n);

/* y [m] <- alpha A x + beta y, A [m x n]. */
void gu_gemv(int64_t m, int64_t n, gusto_real alpha, const gusto_real *A, int64_t lda, const gusto_real *x, gusto_real beta,
             gusto_real *y);

#endif
