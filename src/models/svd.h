/* Truncated singular value decomposition of a sparse matrix, to the accuracy that reals allow. */
#ifndef GU_SVD_H
#define GU_SVD_H

#include "core/context.h"

#include <gusto/ratings.h>

enum { GU_SVD_BLOCKS = 5, GU_SVD_MORE = 8 }; /* blocks of a basis; columns of a block beside the k, at least */

/* A matrix X [n_rows x n_columns], both ways round. */
typedef struct gu_svd_of {
    const gusto_rows *rows, *columns;
    const gusto_real *row_value, *column_value; /* [nnz], in the order of each */
} gu_svd_of;

/* The k greatest singular values of X and its left singular vectors: U'U = I, X X' U = U diag(sigma^2). */
typedef struct gu_svd {
    gu_svd_of   of;
    int64_t     k; /* at most n_rows */
    int64_t     ld;
    gusto_real *U;     /* [n_rows x ld]: columns 0..k-1 hold the vectors, the rest is more of the basis; owned */
    gusto_real *sigma; /* [k], descending; owned */
    double      left;  /* the greatest |X X' u - sigma^2 u| of the k, over sigma_1^2; NaN if a vector is not finite */
    void       *work;  /* owned */
} gu_svd;

/* Starts from normal numbers of the seed.   Errors: GUSTO_ENOMEM, GUSTO_ESINGULAR (LAPACK).   Clear it in any case. */
gusto_status gu_svd_init(gusto_context *context, const gu_svd_of *of, int64_t k, gu_svd *svd);

/* One cycle: sets U, sigma and left.   Cost: 2 x GU_SVD_BLOCKS products of X with ld columns; the eigenvalues of a matrix of side ld x GU_SVD_BLOCKS.
 * The same bits at any number of threads.   A stage of a watch (core/watch.h): GUSTO_CANCELLED if that stops it, the basis half made.   Errors: GUSTO_EARG (a vector is not finite), GUSTO_ESINGULAR (LAPACK: no basis, or no eigenvalues). */
gusto_status gu_svd_cycle(gusto_context *context, gu_svd *svd);

void gu_svd_clear(const gusto_allocator *allocator, gu_svd *svd);

/* out [n_rows x ld], row r <- sum_e a[e] X[column[e]] over the entries of row r: a sparse matrix times rows of ld numbers, ld whole vectors. */
void gu_svd_product(const gusto_context *context, const gusto_rows *rows, const gusto_real *a, int64_t ld, const gusto_real *X,
                    gusto_real *out);

/* Peak bytes, for a matrix whose rows are the fewer. */
int64_t gu_svd_memory(int64_t n_rows, int64_t n_columns, int64_t k);

#endif
