/* The bilinear objective: biased matrix factorization, trained by minibatch gradients in three ways.
 *
 *   x_ui = mu + bu_u + bi_i + P_u . Q_i
 *
 * For a batch R with mask M, residual E = M o residual(X, R) (half the derivative of the loss; kernels.h):
 *   grad P = E Q + reg,   grad Q = E' P + reg,   grad bu = E 1 + reg,   grad bi = E' 1 + reg,
 * all taken before any of them moves. Regularization of a row x with n ratings in the batch and N in all:
 *   by count:  n l2 x         (the objective has l2/2 |x|^2 for every rating)
 *   plain:     (n / N) l2 x   (the objective has l2/2 |x|^2 for every row; its share in the batch)
 * With the mean gradient the whole of it is divided by n. */
#ifndef GU_BILINEAR_H
#define GU_BILINEAR_H

#include "kernels/kernels.h"
#include "train/batches.h"
#include "train/loop.h"

typedef enum gu_way { GU_WAY_AUTO, GU_WAY_SPARSE, GU_WAY_DENSE, GU_WAY_GATHERED } gu_way;

/* A batch made ready for the gradient: by user, and the same entries by item. */
typedef struct gu_prepared {
    int64_t           n;
    int32_t           n_users, n_items;
    int32_t          *user, *item;             /* the rows that the batch touches, ascending */
    int64_t          *user_start, *item_start; /* [+ 1]: into the lists below */
    int32_t          *column;                  /* [n], by user: item */
    gusto_real       *value;                   /* [n], by user */
    const gusto_real *weight;                  /* [n], by user, or NULL */
    int32_t          *local;                   /* [n], by item: which of the batch's users */
    int32_t          *position;                /* [n], by item: which entry by user */
    gusto_real       *residual;                /* [n], by user */
    int64_t           n_user_tiles, n_item_tiles;
    int64_t          *user_tile, *item_tile; /* bounds: rows of the batch */
    uint64_t         *scratch;               /* [2 n] */
    int64_t          *count;                 /* digits of the sort */
} gu_prepared;

/* What it is told. */
typedef struct gu_bilinear_settings {
    gu_loss    loss;
    bool       nonnegative, by_count;
    double     l2, l2_bias;
    double     unit; /* of the ratings, see params.h: factors step in roots of it, biases in it; 1: as they are */
    gusto_real mu;
    double     low, high; /* LOGISTIC: the ends of the scale, which values are mapped to 0..1 by */
} gu_bilinear_settings;

typedef struct gu_bilinear {
    gu_bilinear_settings set;
    const gu_training   *training;
    const gu_kernels    *kernels;
    gu_params            params;
    gu_param            *P, *Q, *bu, *bi; /* bu, bi NULL without biases */
    int32_t             *user_count, *item_count;
    gu_batches           batches;

    /* sparse and gathered */
    gu_prepared *window;                              /* [n_window]: batches are made ready several at a time, one a thread */
    int64_t      n_window, window_begin, window_room; /* ready: [window_begin, window_begin + n_window); room: entries */
    gusto_real  *old_rows;                            /* P as it was, of the users of the batch */
    double      *tile_loss;                           /* of each tile of users of the batch */

    /* dense */
    const gusto_real *dense; /* [n_users x dense_ld], NaN = missing; NULL: not this way */
    gusto_real       *dense_owned;
    int64_t           dense_ld;
    struct gu_chunks *chunks;     /* buffers of bilinear_dense.c */
    int32_t          *part_users; /* the users of the epoch's parts, part after part */
    int64_t          *part_start;
} gu_bilinear;

/* Prepares the training of P, Q, bu, bi (ld padded; bu and bi may be NULL) on ratings; the arrays are borrowed and already have their initial values.
 * training must outlive it.   Errors: GUSTO_ENOMEM, GUSTO_EOPTION (a way that does not go with the schedule or with weights). */
gusto_status gu_bilinear_init(gusto_context *context, const gu_bilinear_settings *set, const gu_training *training,
                              const gusto_ratings *ratings, int64_t k, gusto_real *P, gusto_real *Q, gusto_real *bu,
                              gusto_real *bi, gu_bilinear *out);
void         gu_bilinear_clear(const gusto_allocator *allocator, gu_bilinear *b);

/* The objective's functions (loop.h). */
gusto_status gu_bilinear_begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches);
gusto_status gu_bilinear_step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n);

/* Bytes at the peak of training beside the ratings and the parameters themselves. */
int64_t gu_bilinear_memory(const gu_training *training, int64_t n_users, int64_t n_items, int64_t nnz, bool dense, bool weighted,
                           int64_t k);

/* ---- inside ---- */

/* What regularization adds of a row to its own gradient. n: its ratings in the batch; total: in all; l2: of this array. */
static inline gusto_real gu_bilinear_ridge(const gu_bilinear *b, int64_t n, int64_t total, double l2)
{
    return (gusto_real)(b->set.by_count ? l2 * (double)n : l2 * (double)n / (double)total);
}

enum { GU_ROWS_AHEAD = 8 }; /* rows are asked for so many before they are needed */

/* Asks for a row and its state: each is a cache miss, and there are up to ten of them. It must be inlined early: to gcc a function that only
 * prefetches has no effect, and a call of it is dropped. */
__attribute__((always_inline)) static inline void gu_bilinear_prefetch(const gu_bilinear *b, const gu_param *param,
                                                                       const gu_param *bias, const int32_t *count, int64_t row)
{
    const int     n_slots = b->params.optimizer->n_slots;
    const int64_t offset = row * param->ld;
    for (int64_t j = 0; j < param->ld; j += GU_LANES) {
        __builtin_prefetch(param->data + offset + j, 1);
        for (int s = 0; s < n_slots; s++)
            __builtin_prefetch(param->slot[s] + offset + j, 1);
    }
    __builtin_prefetch(param->steps + row, 1);
    __builtin_prefetch(count + row);
    if (!bias)
        return;
    __builtin_prefetch(bias->data + row, 1);
    for (int s = 0; s < n_slots; s++)
        __builtin_prefetch(bias->slot[s] + row, 1);
}

/* One row takes its step by gradient g, regularization included: divides, clips, and calls the optimizer. n: as above. */
void gu_bilinear_move(const gu_bilinear *b, const gu_param *param, int64_t row, int64_t step, double rate, gusto_real *g,
                      int64_t n);

/* The same for a bias: sum is the sum of its residuals. */
void gu_bilinear_move_bias(const gu_bilinear *b, const gu_param *param, int64_t row, int64_t step, double rate, double sum,
                           int64_t n, int64_t total);

/* The most tiles that n entries are cut into. */
int64_t gu_prepared_most_tiles(int64_t n);

/* prepare.c: room for batches of n entries; a batch made ready from the epoch's entries. */
gusto_status gu_prepared_room(gusto_context *context, int64_t n, int64_t n_items, gu_prepared *p);
void         gu_prepared_clear(const gusto_allocator *allocator, gu_prepared *p);
void         gu_prepare(const gu_bilinear *b, int64_t batch, gu_prepared *p);

/* The ways. Each computes the gradients of one batch and moves its rows. */
gusto_status gu_step_sparse(gusto_context *context, gu_bilinear *b, gu_prepared *p, double rate, double *loss);
gusto_status gu_step_gathered(gusto_context *context, gu_bilinear *b, gu_prepared *p, double rate, double *loss);
gusto_status gu_step_dense(gusto_context *context, gu_bilinear *b, int64_t n_users, const int32_t *users, double rate,
                           double *loss, int64_t *n);
void         gu_chunks_clear(const gusto_allocator *allocator, struct gu_chunks *chunks);

#endif
