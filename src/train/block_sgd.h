/* Biased matrix factorization by stochastic gradient descent, one rating after the other, in blocks of a grid. */
#ifndef GU_BLOCK_SGD_H
#define GU_BLOCK_SGD_H

#include "train/bilinear.h"
#include "train/grid.h"

typedef struct gu_block_sgd {
    const gu_kernels *kernels;
    gu_params         params;
    gu_grid           grid;
    gu_sgd            sgd;
    gusto_real       *squares, *shares; /* [n_users, padded to a line, + n_items], or NULL; sgd points into them */
    double           *loss;             /* [side]: of each block of the diagonal */
    int64_t           epoch;
} gu_block_sgd;

/* What suits the ratings. */
typedef struct gu_block_sgd_options {
    double rate, l2;
    double bias_share; /* goes with this rate: what the share of the biases is multiplied by */
} gu_block_sgd_options;

/* The options for where the caller has none (block_sgd.c says how).   Cost: two passes over the ratings.   Errors: GUSTO_ENOMEM. */
gusto_status gu_block_sgd_own(gusto_context *context, const gusto_ratings *ratings, const gusto_optimizer_type *optimizer,
                              gu_block_sgd_options *out);

/* Prepares the training of P, Q, bu, bi, as gu_bilinear_init does.
 * bias_share: rate of the biases over that of the factors.   side: of the grid, 0: by the number of ratings.
 * Errors: GUSTO_ENOMEM; GUSTO_EOPTION if training asks for what only minibatches can do, naming the option. */
gusto_status gu_block_sgd_init(gusto_context *context, const gu_bilinear_settings *set, const gu_training *training,
                               double bias_share, int side, const gusto_ratings *ratings, int64_t k, gusto_real *P, gusto_real *Q,
                               gusto_real *bu, gusto_real *bi, gu_block_sgd *out);
void         gu_block_sgd_clear(const gusto_allocator *allocator, gu_block_sgd *b);

/* The objective's functions (loop.h): a batch is a diagonal of the grid. */
gusto_status gu_block_sgd_begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches);
gusto_status gu_block_sgd_step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n);

/* Bytes at the peak of training beside the ratings and the parameters themselves. */
int64_t gu_block_sgd_memory(const gu_training *training, int64_t n_users, int64_t n_items, int64_t nnz, bool weighted, int side,
                            int64_t k);

#endif
