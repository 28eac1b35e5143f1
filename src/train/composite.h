/* The composite objective: factorization in which a row is the sum of its own embedding and those of its parts, trained by minibatch gradients.
 *
 *   x_ui = mu + b_u + b_i + p_u . q_i,   p_u = own_u + sum_t a_ut E_t,   b_u = own_u' + sum_t a_ut e_t,   the items likewise,
 *
 * where the parts t of a user (or an item) are features or clusters, with shares a_ut. Minimizes the sum over ratings of
 *   w (x - r)^2 / 2 + l2/2 |own|^2 + l2_bias/2 own'^2 + sum_t a_t^2 (l2_part/2 |E_t|^2 + l2_bias/2 e_t^2)   for the user and for the item.
 *
 * A step of a batch: its rows are composed; residuals and gradients g_u of the composites come from the same two kernels as in bilinear_sparse.c; a
 * row's own embedding moves by g_u, part t by sum over rows of a_ut g_u: a sparse-dense product, like the composition. So a part that a rating
 * shares with thousands of others costs an axpy for each row of the batch, not for each rating. Pairs of a part are cut into chunks of fixed size,
 * whose sums are added in order: no order in which threads come matters. */
#ifndef GU_COMPOSITE_H
#define GU_COMPOSITE_H

#include "train/bilinear.h"

/* The parts of the rows of a side, as CSR; parts ascend within a row. */
typedef struct gu_part_rows {
    int32_t     n_rows, n_parts;
    int64_t    *start; /* [n_rows + 1] */
    int32_t    *part;  /* [start[n_rows]] */
    gusto_real *share; /* the same */
} gu_part_rows;

void gu_part_rows_clear(const gusto_allocator *allocator, gu_part_rows *rows);

/* Arrays of one side: users or items. */
typedef struct gu_composite_arrays {
    gusto_real *x, *bias;         /* [n_rows x ld], [n_rows]: what is made: own embedding and parts together */
    gusto_real *part, *part_bias; /* [n_parts x ld], [n_parts]: trained */
    gusto_real *own, *own_bias;   /* [n_rows x ld], [n_rows]: trained */
} gu_composite_arrays;

typedef struct gu_composite_settings {
    double     l2, l2_part, l2_bias;
    double     unit; /* as in bilinear.h */
    gusto_real mu;
} gu_composite_settings;

/* The rows that a batch moves, and the lists of their parts. */
typedef struct gu_composite_side {
    const gu_part_rows *parts; /* borrowed */
    gu_composite_arrays at;
    gu_param           *own, *own_bias, *part, *part_bias; /* part NULL: there are none */
    int32_t            *count;                             /* [n_rows]: ratings */
    gusto_real         *g, *g_bias;                        /* [room x ld], [room]: gradients of composites */
    int64_t            *part_start;                        /* [n_parts + 1]: pairs of the batch by part */
    int32_t            *row;                               /* [pairs]: of the batch */
    gusto_real         *share;                             /* [pairs] */
    int64_t             n_touched, n_chunks;
    int32_t            *touched;        /* [n_parts]: parts that the batch moves */
    int64_t    *chunk_of, *chunk_begin; /* [n_touched + 1]: first chunk of a part; [n_chunks + 1]: first pair of a chunk */
    gusto_real *chunk_g;                /* [chunks x ld] */
} gu_composite_side;

typedef struct gu_composite {
    gu_composite_settings set;
    const gu_training    *training;
    const gu_kernels     *kernels;
    int64_t               ld;
    gu_params             params;
    gu_composite_side     side[2]; /* users, items */
    gu_bilinear           owner;   /* of the batches, for gu_prepare */
    gu_prepared          *window;  /* batches made ready, one a thread */
    int64_t               n_window, window_begin, window_room;
    gusto_real           *rows, *bias_rows; /* composites of the users of the batch */
    double               *tile_loss;
} gu_composite;

/* Prepares the training of what `at` of users and of items hold, of rank k, which have their initial values. All is borrowed, training too.
 * Errors: GUSTO_ENOMEM. */
gusto_status gu_composite_init(gusto_context *context, const gu_composite_settings *set, const gu_training *training,
                               const gusto_ratings *ratings, int64_t k, const gu_part_rows parts[2],
                               const gu_composite_arrays at[2], gu_composite *out);
void         gu_composite_clear(const gusto_allocator *allocator, gu_composite *c);

/* The objective's functions (loop.h). */
gusto_status gu_composite_begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches);
gusto_status gu_composite_step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n);

/* Composes all rows of both sides. */
void gu_composite_finish(const gusto_context *context, const gu_composite *c);

/* Bytes at the peak of training beside the ratings, the parts' indices and the arrays. */
int64_t gu_composite_memory(const gu_training *training, int64_t n_users, int64_t n_items, int64_t nnz, const int64_t n_parts[2],
                            int64_t n_pairs, int64_t k);

#endif
