/* Symmetric positive definite systems that are worth more than one thread: a factorization, a solve and an inverse in tiles. Each tile is
 * computed by one thread with BLAS calls of its own, so that the result does not depend on the number of threads.
 *
 * Each call is a stage of a watch (core/watch.h), and leaves nothing of worth if that stops it: GUSTO_CANCELLED.
 *
 * Matrices are row-major, leading dimensions at most INT_MAX. Only the upper triangle is meaningful; the strict lower triangle within the
 * tiles on the diagonal is overwritten. */
#ifndef GU_SPD_H
#define GU_SPD_H

#include "core/context.h"

/* A [n x lda] <- U with A = U' U.   *row: n, or the first row whose pivot is not positive.   Cost: n^3 / 3 flops.
 * Errors: GUSTO_ESINGULAR, naming no row: the caller knows what the row is. */
gusto_status gu_spd_factor(gusto_context *context, int64_t n, gusto_real *A, int64_t lda, int64_t *row);

/* B [n x n_rhs] <- (U' U)^-1 B, in panels of columns.   Cost: 2 n^2 n_rhs flops. */
void gu_spd_solve(const gusto_context *context, int64_t n, int64_t n_rhs, const gusto_real *U, int64_t ldu, gusto_real *B,
                  int64_t ldb);

/* Upper triangle of (U' U)^-1 in the place of U.   Cost: 2 n^3 / 3 flops; scratch of gu_spd_inverse_scratch(threads, n) numbers.
 * Errors: GUSTO_ENOMEM. */
gusto_status gu_spd_inverse(gusto_context *context, int64_t n, gusto_real *U, int64_t ldu);

int64_t gu_spd_inverse_scratch(int threads, int64_t n);

#endif
