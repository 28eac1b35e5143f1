/* One half of a sweep of alternating least squares: with the factors Y of one side held fixed, every row x of the other side minimizes
 *
 *   sum over the row's entries of w (x.y - t)^2  +  x' G x  +  ridge |x|^2        (with a bias: x.y + b - t, and ridge_bias b^2)
 *
 * on its own: x = A^-1 b with A = G + ridge I + sum w y y', b = sum c y, c = w t. Rows are cut into tiles of about the same number of entries, each
 * solved by one thread; so the result does not depend on the threads. als.c and ials.c say what w, t and G are. */
#ifndef GU_HALF_SWEEP_H
#define GU_HALF_SWEEP_H

#include "kernels/kernels.h"

#include <gusto/ratings.h>

typedef enum gu_half_solver {
    GU_HALF_EXACT,   /* Cholesky; with nonnegative, coordinate descent until it stands still */
    GU_HALF_CG,      /* a few steps of conjugate gradients from where x is */
    GU_HALF_SUBSPACE /* one block of factors after the other to its minimum, from where x is; neither biases nor nonnegative */
} gu_half_solver;

/* Their names, as an option's choices. */
const char *gu_half_solver_choice(int t);

/* What the entries of a row weigh. */
typedef struct gu_row_weights {
    gusto_real *w, *c;                  /* [n], to be filled; w is NULL where all weigh 1 */
    double      constant, sum_w, sum_c; /* sum w t^2, sum w, sum c; the last two are needed with biases only */
} gu_row_weights;

/* A half of a fit that goes on from a fitted model. A row of n entries of which m are remembered, whose values are what x0 predicts, has the share
 * (m / n)^power of its ridge pull towards x0 and not towards 0: where nothing is new, x0 is the solution. Such rows are solved exactly. */
typedef struct gu_half_start {
    const uint8_t    *only;     /* [n_rows]: the rows that are solved for; the others stay */
    const int32_t    *recalled; /* [n_rows]: m; NULL: 0 */
    const int32_t    *old;      /* [n_rows]: which row of X0 is the row's x0; there is one where m > 0 */
    const gusto_real *X0;       /* [.. x ld] */
    const gusto_real *bias0;    /* or NULL */
} gu_half_start;

typedef struct gu_half {
    gu_half_solver    solver;
    int               steps; /* of conjugate gradients */
    int64_t           block; /* factors solved for at a time by subspaces; rounded up to whole vectors */
    bool              nonnegative;
    bool              unweighted; /* every w is 1 */
    int64_t           k, ld;
    const gusto_rows *rows;                            /* of the side that is solved for; its columns are rows of Y */
    const gusto_real *Y;                               /* [n_columns x ld] */
    const gusto_real *G;                               /* [ld x ld], whole, symmetric; NULL: 0 */
    gusto_real       *X;                               /* [n_rows x ld], where conjugate gradients and coordinate descent start */
    gusto_real       *bias;                            /* [n_rows], or NULL: the model has none */
    double            ridge, ridge_bias, extra, power; /* a row of n entries: ridge (n + extra)^power, and ridge_bias likewise */
    const gu_half_start *start;                        /* NULL: all rows, afresh */

    /* Fills in what entries begin .. begin + n - 1 of `rows` weigh. */
    void (*weigh)(const void *self, const gusto_rows *rows, int64_t begin, int64_t n, gu_row_weights *out);
    const void *self;
} gu_half;

/* What a half has left behind, summed over rows in the order of tiles. */
typedef struct gu_half_sums {
    double value;   /* of the objective's part that the rows appear in, ridge included; G's part too */
    double penalty; /* the ridge's share of it */
} gu_half_sums;

/* Solves for all rows.   sums: NULL where nobody asks.   Errors: GUSTO_ENOMEM; GUSTO_ESINGULAR, naming the first row whose system has no
 * solution, or a solution that is not finite. `what`: "user" or "item", for the message. */
gusto_status gu_half_solve(gusto_context *context, const gu_half *half, const char *what, gu_half_sums *sums);

/* Bytes that one thread's work takes. most: entries of the longest row. */
int64_t gu_half_memory(int64_t k, int64_t most);

/* G [ld x ld] <- scale Y' Y, whole, over n rows; sums of fixed portions of rows, in order.   Errors: GUSTO_ENOMEM. */
gusto_status gu_half_gram(gusto_context *context, int64_t n, int64_t ld, const gusto_real *Y, double scale, gusto_real *G);

#endif
