/* See block_sgd.h; the step of a rating is in kernels/runs.c.
 *
 *   p <- p - rate (r q + l2 p),   q <- q - rate (r p + l2 q),   bu <- bu - rate s (r + l2_bias bu),   bi likewise,
 *   r = weight * (residual of the loss at mu + bu + bi + p.q)
 *
 * which descends the objective of bilinear.h: by count the whole ridge goes with every rating, else its share 1 / (ratings of the row).
 *
 * The grid has side x side blocks. An epoch takes its diagonals one after the other: on diagonal j block row b meets block column
 * (b + j + epoch) mod side, so no two blocks at work share a row, and each epoch begins with another diagonal. A block is taken by
 * one thread, in order: users ascending, his items ascending, four at a time. The grid is fixed by the data, so the result is the same at
 * any number of threads; more threads than `side` have nothing to do. What the next epoch depends on is the parameters (and the
 * squares of AdaGrad), so checkpoints hold no more than those (Gemulla et al. 2011; Chin et al. 2015 for the grid and AdaGrad by row). */
#include "train/block_sgd.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "data/deviation.h"
#include "data/rows.h"

#include <math.h>

/* Where the options leave them open, from the deviation s of the ratings and the counts n of their rows:
 *   l2 = L2_OWN s (mean of n_u^-1/4 + mean of n_i^-1/4), both over ratings: what the ridge of a rating's two rows should be falls with their counts,
 *   rate = SGD_OWN / s, and the biases' rate over that of the factors is s times what it is told.
 * The squares that AdaGrad divides by grow with s^3 beyond the 1 that they start from: of ratings that lie farther apart than stars its rate is sqrt(s).
 * With s times the ratings, sqrt(s) times the factors, s times the biases and l2, 1 / s of the rate and s times the biases' share are the same fit.
 * Best l2 / s on validation splits, 30 epochs, and the sum of the means: ml-latest-small .07 and .73, ml-100k .08 and .65, 1.5 M of jester .04
 * to .06 and .45, 0.9 M synthetic .05 and .49, 18 M synthetic .036 to .046 and .43. The mean count, which a long tail of items with one or two
 * ratings governs, does not tell them apart: ratings of such items are few, and the others bear their ridge. */
static const double L2_OWN = 0.115, SGD_OWN = 0.034, ADAGRAD_OWN = 0.1;

/* Sum over the ratings of n rows, count[] each, of count^-1/4. */
static double quarter_roots(int64_t n, const int32_t *count)
{
    double sum = 0;
    for (int64_t j = 0; j < n; j++)
        if (count[j] > 0)
            sum += (double)count[j] / sqrt(sqrt((double)count[j]));
    return sum;
}

gusto_status gu_block_sgd_own(gusto_context *context, const gusto_ratings *ratings, const gusto_optimizer_type *optimizer,
                              gu_block_sgd_options *out)
{
    gusto_rows   rows;
    int32_t     *user_count = NULL, *item_count = NULL;
    double       scale = 1;
    gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status == GUSTO_OK)
        status = gu_ratings_deviation(context, ratings, &scale);
    if (status == GUSTO_OK)
        status = gu_rows_count(context, &rows, &user_count, &item_count);
    if (status == GUSTO_OK) {
        const double roots = quarter_roots(rows.n_rows, user_count) + quarter_roots(rows.n_columns, item_count);
        const double far = fmax(gu_unit_of_deviation(scale), 1);
        out->rate = (optimizer == gusto_optimizer_find("adagrad") ? ADAGRAD_OWN * pow(far, 1.5) : SGD_OWN) / scale;
        out->bias_share = scale;
        out->l2 = rows.nnz ? L2_OWN * scale * roots / (double)rows.nnz : 0;
    }
    gu_free(&context->allocator, user_count);
    gu_free(&context->allocator, item_count);
    return status;
}

/* Whether the optimizer is one that takes a rating at a time. What else minibatches have, models refuse (models/idle.c). */
static gusto_status check(gusto_context *context, const gu_training *training)
{
    if (training->optimizer == gusto_optimizer_find("sgd") || training->optimizer == gusto_optimizer_find("adagrad"))
        return GUSTO_OK;
    return gu_error(context, GUSTO_EOPTION, "optimizer %s takes minibatches: set solver=minibatch; block-sgd has sgd and adagrad",
                    training->optimizer->name);
}

static bool adaptive(const gu_training *training)
{
    return training->optimizer == gusto_optimizer_find("adagrad");
}

static gusto_status add_params(gusto_context *context, const gusto_rows *rows, int64_t k, gu_block_sgd *b)
{
    gu_params      *params = &b->params;
    const int64_t   ld = b->sgd.ld;
    const gu_param *P = gu_params_add(context, params, "P", rows->n_rows, k, ld, b->sgd.P, NULL);
    const gu_param *Q = P ? gu_params_add(context, params, "Q", rows->n_columns, k, ld, b->sgd.Q, NULL) : NULL;
    bool            complete = Q != NULL;
    if (complete && b->sgd.bu)
        complete = gu_params_add(context, params, "bu", rows->n_rows, 1, 1, b->sgd.bu, P) &&
                   gu_params_add(context, params, "bi", rows->n_columns, 1, 1, b->sgd.bi, Q);
    if (complete && b->squares)
        complete = gu_params_add(context, params, "squares_p", rows->n_rows, 1, 1, b->sgd.squares_p, P) &&
                   gu_params_add(context, params, "squares_q", rows->n_columns, 1, 1, b->sgd.squares_q, Q);
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}

/* Numbers by user, then by item on a cache line of their own. */
static int64_t items_from(int64_t n_users)
{
    return gu_padded(n_users);
}

static gusto_status add_row_numbers(gusto_context *context, const gusto_rows *rows, bool adagrad, bool by_count, gu_block_sgd *b)
{
    const int64_t from = items_from(rows->n_rows), n = from + rows->n_columns;
    if (adagrad) {
        b->squares = gu_new_zero(context, n, gusto_real);
        if (!b->squares)
            return GUSTO_ENOMEM;
        b->sgd.squares_p = b->squares;
        b->sgd.squares_q = b->squares + from;
    }
    if (!by_count) {
        b->shares = gu_new_zero(context, n, gusto_real);
        if (!b->shares)
            return GUSTO_ENOMEM;
        for (int32_t u = 0; u < rows->n_rows; u++)
            b->shares[u] = b->grid.user_count[u] ? 1 / (gusto_real)b->grid.user_count[u] : 0;
        for (int32_t i = 0; i < rows->n_columns; i++)
            b->shares[from + i] = b->grid.item_count[i] ? 1 / (gusto_real)b->grid.item_count[i] : 0;
        b->sgd.share_p = b->shares;
        b->sgd.share_q = b->shares + from;
    }
    return GUSTO_OK;
}

/* The logistic loss has its targets in 0..1. */
static void scale_values(gusto_context *context, const gu_bilinear_settings *set, gu_grid *grid)
{
    if (set->loss == GU_LOSS_SQUARED)
        return;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t e = 0; e < grid->nnz; e++)
        grid->value[e] = set->high > set->low ? (gusto_real)(((double)grid->value[e] - set->low) / (set->high - set->low)) : 0;
}

gusto_status gu_block_sgd_init(gusto_context *context, const gu_bilinear_settings *set, const gu_training *training,
                               double bias_share, int side, const gusto_ratings *ratings, int64_t k, gusto_real *P, gusto_real *Q,
                               gusto_real *bu, gusto_real *bi, gu_block_sgd *out)
{
    *out = (gu_block_sgd){.kernels = gu_kernels_of(context)};
    gusto_rows   rows;
    gusto_status status = check(context, training);
    if (status == GUSTO_OK)
        status = gusto_ratings_by_user(context, ratings, &rows);
    if (status < 0)
        return status;
    out->sgd = (gu_sgd){.P = P,
                        .Q = Q,
                        .bu = bu,
                        .bi = bi,
                        .ld = gu_padded(k),
                        .loss = set->loss,
                        .nonnegative = set->nonnegative,
                        .mu = set->mu,
                        .bias_share = (gusto_real)bias_share,
                        .l2 = (gusto_real)set->l2,
                        .l2_bias = (gusto_real)set->l2_bias,
                        .per = 1 / (gusto_real)k};
    status = gu_grid_init(context, &rows, side, &out->grid);
    if (status == GUSTO_OK) {
        scale_values(context, set, &out->grid);
        out->loss = gu_new(context, out->grid.side, double);
        status = out->loss ? add_row_numbers(context, &rows, adaptive(training), set->by_count, out) : GUSTO_ENOMEM;
    }
    if (status == GUSTO_OK)
        status = gu_params_init(context, gusto_optimizer_find("sgd"), NULL, 0, &out->params); /* the steps' state is ours */
    if (status == GUSTO_OK)
        status = add_params(context, &rows, k, out);
    if (status < 0)
        gu_block_sgd_clear(&context->allocator, out);
    return status;
}

void gu_block_sgd_clear(const gusto_allocator *allocator, gu_block_sgd *b)
{
    gu_params_clear(allocator, &b->params);
    gu_grid_clear(allocator, &b->grid);
    gu_free(allocator, b->squares);
    gu_free(allocator, b->shares);
    gu_free(allocator, b->loss);
    *b = (gu_block_sgd){0};
}

gusto_status gu_block_sgd_begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches)
{
    (void)context;
    gu_block_sgd *b = self;
    b->epoch = epoch;
    *n_batches = b->grid.side;
    return GUSTO_OK;
}

gusto_status gu_block_sgd_step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n)
{
    gu_block_sgd *b = self;
    const int     side = b->grid.side, shift = (int)((j + b->epoch) % side);
    int64_t       taken = 0;
    b->sgd.rate = (gusto_real)rate;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context)) reduction(+ : taken)
    for (int row = 0; row < side; row++) {
        const gu_runs runs = gu_grid_block(&b->grid, row, (row + shift) % side);
        b->loss[row] = b->kernels->sgd_runs(&runs, &b->sgd);
        taken += runs.start[runs.n] - runs.start[0];
    }
    *loss = 0;
    for (int row = 0; row < side; row++)
        *loss += b->loss[row];
    *n = taken;
    return GUSTO_OK;
}

int64_t gu_block_sgd_memory(const gu_training *training, int64_t n_users, int64_t n_items, int64_t nnz, bool weighted, int side,
                            int64_t k)
{
    const int64_t rows = n_users + n_items, real = (int64_t)sizeof(gusto_real);
    const int64_t numbers = rows * (gu_padded(k) + 1 + (adaptive(training) ? 2 : 0)); /* the copies, and the squares */
    return gu_grid_memory(n_users, n_items, nnz, weighted, side) + numbers * real + rows * (int64_t)sizeof(int32_t);
}
