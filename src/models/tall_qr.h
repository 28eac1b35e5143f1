/* Orthonormal bases of the columns of tall matrices, on several threads. */
#ifndef GU_TALL_QR_H
#define GU_TALL_QR_H

#include "core/context.h"

/* The columns of A [n x b], rows of b numbers, become an orthonormal basis that spans at least what they did; 0 < b <= n. As stable as Householder's
 * reflections, whatever the columns' rank. The same bits at any number of threads.
 * room [gu_tall_room(threads of the context, n, b)].   Cost: 6 n b^2 multiply-adds, in tiles.   Returns false if LAPACK refused. */
bool gu_tall_orthonormal(const gusto_context *context, int64_t n, int64_t b, gusto_real *A, gusto_real *room);

int64_t gu_tall_room(int threads, int64_t n, int64_t b);

#endif
