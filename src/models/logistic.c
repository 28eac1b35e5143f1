/* Logistic matrix factorization for implicit feedback (Johnson 2014).
 *
 *   minimizes  sum over all pairs (1 + c_ui) log(1 + exp(x_ui)) - c_ui x_ui + l2/2 (|P_u|^2 + |Q_i|^2) + l2_bias/2 (bu^2 + bi^2) summed over rows,   x_ui = bu + bi + P_u . Q_i,
 *
 * c_ui = alpha w r of a pair that was observed (r = 1, or the rating with use_values; w its weight), 0 of any other: each of these counts once as a no. exp(x) / (1 +
 * exp(x)) is the chance that the user takes the item, alpha how much surer a yes is than a no.
 *
 * A sweep takes `steps` steps of AdaGrad on all users, the items held fixed, then on all items. The gradient of a row is S Q + l2 P with S_ui = (1 + c) s(x) - c over
 * all items: two GEMM of a tile of rows against the other side with the logistic function between them (kernel residual_dense), and a correction at
 * what was observed. Rows are independent of each other, so tiles need no order. Biases take the same steps. Loss: that of the
 * item half, before its last step, over the ratings.
 *
 * Limit: 4 k multiply-adds of GEMM and one exponential a cell of users x items and step. Folding in goes to the minimum, by Newton. */
#include "core/memory.h"
#include "core/tiles.h"
#include "data/ratings.h"
#include "kernels/blas.h"
#include "models/factors.h"
#include "models/mf_fold_in.h"
#include "models/sweeps.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { RANK, ALPHA, L2, L2_BIAS, RATE, STEPS, SWEEPS, INIT, USE_VALUES, N_OPTIONS };
enum { TILE = 16 };

static const gusto_real LEAST = (gusto_real)1e-6; /* beside the root of AdaGrad */

static const gusto_option options[N_OPTIONS] = {
    [RANK] = {"rank", GUSTO_OPTION_INT, 32, 1, 1024, NULL, "factors of a user and of an item"},
    [ALPHA] = {"alpha", GUSTO_OPTION_REAL, 2, 0, 1e6, NULL, "weight of an observed pair's yes, against 1 of any pair's no"},
    [L2] = {"l2", GUSTO_OPTION_REAL, 10, 0, 1e9, NULL, "ridge on each row of factors"},
    [L2_BIAS] = {"l2_bias", GUSTO_OPTION_REAL, 0.1, 0, 1e9, NULL, "ridge on each bias"},
    [RATE] = {"learning_rate", GUSTO_OPTION_REAL, 0.3, 1e-6, 100, NULL, "of AdaGrad: the first step of every number"},
    [STEPS] = {"steps", GUSTO_OPTION_INT, 1, 1, 1000, NULL, "steps of one side before it is the other's turn"},
    [SWEEPS] = {"sweeps", GUSTO_OPTION_INT, 60, 1, 1e6, NULL, "alternations of users and items"},
    [INIT] = {"init", GUSTO_OPTION_REAL, 0.1, 0, 100, NULL, "scale of the initial factors: deviation init / sqrt(rank)"},
    [USE_VALUES] = {"use_values", GUSTO_OPTION_BOOL, 0, 0, 1, NULL, "take the values of ratings, not 1 for every pair"},
};

/* One side: rows that move. */
typedef struct side {
    gusto_rows  rows;
    gusto_real *c;               /* [nnz] */
    gusto_real *X, *sum;         /* [n_rows x ld]: factors, and AdaGrad's sums of squares */
    gusto_real *bias, *bias_sum; /* [n_rows] */
    double     *loss;            /* [n_rows] */
} side;

typedef struct work {
    int64_t     k, ld;
    gusto_real  l2, l2_bias, rate;
    side        side[2];
    gusto_real *no;     /* [the longer side]: 0, what is held against every cell */
    gusto_real *scores; /* [threads x TILE x the longer side] */
    int64_t     longest;
} work;

static void work_clear(const gusto_allocator *allocator, work *w)
{
    for (int s = 0; s < 2; s++) {
        gu_free(allocator, w->side[s].c);
        gu_free(allocator, w->side[s].sum);
        gu_free(allocator, w->side[s].bias_sum);
        gu_free(allocator, w->side[s].loss);
    }
    gu_free(allocator, w->no);
    gu_free(allocator, w->scores);
}

static gusto_status side_init(gusto_context *context, const gusto_model *model, gu_state *state, bool items, side *s)
{
    const double alpha = gu_model_option(model, options[ALPHA].name);
    const bool   values = gu_model_option(model, options[USE_VALUES].name) != 0;
    s->c = gu_new(context, s->rows.nnz, gusto_real);
    s->X = gu_state_real(state, items ? "Q" : "P");
    s->sum = s->c ? gu_new_zero(context, s->rows.n_rows * gu_state_tensor(state, "Q")->ld, gusto_real) : NULL;
    s->bias = gu_state_real(state, items ? "bi" : "bu");
    s->bias_sum = s->sum ? gu_new_zero(context, s->rows.n_rows, gusto_real) : NULL;
    s->loss = s->bias_sum ? gu_new(context, s->rows.n_rows, double) : NULL;
    if (!s->loss)
        return GUSTO_ENOMEM;
    for (int64_t e = 0; e < s->rows.nnz; e++) {
        const double r = values ? (double)s->rows.value[e] : 1, weight = s->rows.weight ? (double)s->rows.weight[e] : 1;
        s->c[e] = (gusto_real)(alpha * weight * r);
    }
    return GUSTO_OK;
}

/* Row r of x, its scores without biases, becomes S. Returns the sum of S. */
static double residuals(const gu_kernels *kernels, const work *w, const side *self, const side *other, int64_t r, gusto_real *x)
{
    double sums[2];
    kernels->residual_dense(other->rows.n_rows, GU_LOSS_LOGISTIC, self->bias[r], other->bias, w->no, x, NULL, sums);
    for (int64_t e = self->rows.start[r]; e < self->rows.start[r + 1]; e++) {
        const gusto_real s = x[self->rows.column[e]], c = self->c[e];
        x[self->rows.column[e]] = (1 + c) * s - c;
        sums[0] += (double)c * ((double)s - 1);
        sums[1] -= (double)c * log(fmax((double)s, 1e-30)); /* c log(1 + exp(x)) - c x */
    }
    self->loss[r] = sums[1];
    return sums[0];
}

/* A step of AdaGrad on rows begin .. end - 1. x [TILE x n of the other side]: scratch. */
static void step_tile(const gu_kernels *kernels, const work *w, const side *self, const side *other, int64_t begin, int64_t end,
                      gusto_real *x, gusto_real *g)
{
    const int64_t m = other->rows.n_rows;
    gusto_real    bias_gradient[TILE];
    gu_gemm(false, true, end - begin, m, w->k, 1, self->X + begin * w->ld, w->ld, other->X, w->ld, 0, x, m);
    for (int64_t r = begin; r < end; r++)
        bias_gradient[r - begin] =
            (gusto_real)residuals(kernels, w, self, other, r, x + (r - begin) * m) + w->l2_bias * self->bias[r];
    memcpy(g, self->X + begin * w->ld, (size_t)((end - begin) * w->ld) * sizeof *g);
    gu_gemm(false, false, end - begin, w->k, m, 1, x, m, other->X, w->ld, w->l2, g, w->ld);
    for (int64_t r = begin; r < end; r++) {
        kernels->adagrad(w->ld, w->rate, LEAST, self->X + r * w->ld, g + (r - begin) * w->ld, self->sum + r * w->ld);
        kernels->adagrad(1, w->rate, LEAST, &self->bias[r], &bias_gradient[r - begin], &self->bias_sum[r]);
    }
}

/* Returns the loss before the step, without the ridge. */
static double step(const gusto_context *context, const work *w, int which)
{
    const side   *self = &w->side[which], *other = &w->side[1 - which];
    const int64_t n = self->rows.n_rows, n_tiles = gu_n_tiles(n, TILE), one = TILE * (w->longest + w->ld);
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < n_tiles; t++) {
        gusto_real *room = w->scores + omp_get_thread_num() * one;
        step_tile(gu_kernels_of(context), w, self, other, t * TILE, gu_tile_end(n, TILE, t), room, room + TILE * w->longest);
    }
    double loss = 0;
    for (int64_t r = 0; r < n; r++)
        loss += self->loss[r];
    return loss;
}

static gusto_status sweep(gusto_context *context, const work *w, int64_t steps, gu_sweeps *sweeps)
{
    gusto_status status = GUSTO_OK;
    for (int64_t s = 0; s < sweeps->n && status == GUSTO_OK; s++) {
        const double begin = omp_get_wtime();
        double       loss = 0;
        for (int64_t j = 0; j < 2 * steps; j++)
            loss = step(context, w, j >= steps);
        loss /= (double)sweeps->nnz;
        if (!isfinite(loss))
            return gu_error(context, GUSTO_EDIVERGED, "logistic: sweep %lld: the loss became NaN or infinite", (long long)s + 1);
        status = gu_sweeps_end(context, sweeps, s, loss, (double)w->rate, omp_get_wtime() - begin);
    }
    return status;
}

static gusto_status work_init(gusto_context *context, const gusto_model *model, gu_state *state, work *w)
{
    w->k = (int64_t)gu_model_option(model, options[RANK].name);
    w->ld = gu_padded(w->k);
    w->l2 = (gusto_real)gu_model_option(model, options[L2].name);
    w->l2_bias = (gusto_real)gu_model_option(model, options[L2_BIAS].name);
    w->rate = (gusto_real)gu_model_option(model, options[RATE].name);
    w->longest = state->n_users > state->n_items ? state->n_users : state->n_items;
    w->no = gu_new_zero(context, w->longest, gusto_real);
    w->scores = w->no ? gu_new(context, gu_threads(context) * TILE * (w->longest + w->ld), gusto_real) : NULL;
    gusto_status status = w->scores ? side_init(context, model, state, false, &w->side[0]) : GUSTO_ENOMEM;
    return status < 0 ? status : side_init(context, model, state, true, &w->side[1]);
}

/* Errors: GUSTO_EARG, naming the first. */
static gusto_status check_values(gusto_context *context, const gusto_rows *rows)
{
    for (int32_t u = 0; u < rows->n_rows; u++)
        for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++)
            if (rows->value[e] < 0)
                return gu_error(context, GUSTO_EARG, "user row %d, item row %d: logistic needs values of 0 or more, this is %g",
                                u, rows->column[e], (double)rows->value[e]);
    return GUSTO_OK;
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    work          w = {0};
    const int64_t k = (int64_t)gu_model_option(model, options[RANK].name);
    gusto_status  status = gu_ratings_both_ways(context, ratings, &w.side[0].rows, &w.side[1].rows);
    if (status == GUSTO_OK && gu_model_option(model, options[USE_VALUES].name) != 0)
        status = check_values(context, &w.side[0].rows);
    if (status == GUSTO_OK)
        status = gu_factors_add(context, state, k, 0, true, true);
    gu_sweeps sweeps = {0};
    if (status == GUSTO_OK) {
        gu_factors_draw(context, state, gu_model_option(model, options[INIT].name) / sqrt((double)k), false);
        status = work_init(context, model, state, &w);
    }
    if (status == GUSTO_OK)
        status = gu_sweeps_init(context, model, fit_options, (int64_t)gu_model_option(model, options[SWEEPS].name),
                                w.side[0].rows.nnz, state, &sweeps);
    sweeps.rows = w.side[0].rows;
    if (status == GUSTO_OK)
        status = sweep(context, &w, (int64_t)gu_model_option(model, options[STEPS].name), &sweeps);
    gu_sweeps_clear(&context->allocator, &sweeps);
    work_clear(&context->allocator, &w);
    return status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    return gu_factors_expect(context, state, (int64_t)gu_model_option(model, options[RANK].name), true, true);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const int64_t ld = gu_padded((int64_t)gu_model_option(model, options[RANK].name));
    const int64_t longest = n_users > n_items ? n_users : n_items, rows = n_users + n_items;
    const int64_t index = nnz * (int64_t)(sizeof(int32_t) + sizeof(gusto_real)) + n_items * (int64_t)sizeof(int64_t);
    const int64_t numbers = rows * (2 * ld + 2) + 2 * nnz + longest + omp_get_max_threads() * TILE * (longest + ld);
    return index + numbers * (int64_t)sizeof(gusto_real) + rows * (int64_t)sizeof(double);
}

/* With t = c / (1 + c) and weight 1 + c, a pair's part of the objective is its logistic loss against t: all items are the new user's. */
static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_state          *state = &model->state;
    const int64_t            n_items = state->n_items;
    const double             alpha = gu_model_option(model, options[ALPHA].name);
    const bool               values = gu_model_option(model, options[USE_VALUES].name) != 0;
    const gu_fold_in_problem problem = {.loss = GU_LOSS_LOGISTIC,
                                        .biases = true,
                                        .l2 = gu_model_option(model, options[L2].name),
                                        .l2_bias = gu_model_option(model, options[L2_BIAS].name),
                                        .high = 1,
                                        .Q = gu_state_tensor(state, "Q"),
                                        .bi = gu_state_real(state, "bi")};
    if (n == 0) { /* nothing is known of him, not even that he takes less than others */
        memset(row, 0, (size_t)gu_factors_width(model) * sizeof *row);
        return GUSTO_OK;
    }
    for (int64_t e = 0; e < n && values; e++)
        if (value[e] < 0)
            return gu_error(context, GUSTO_EARG, "value[%lld] is %g: logistic needs 0 or more", (long long)e, (double)value[e]);
    int32_t     *all = gu_new(context, n_items, int32_t);
    gusto_real  *target = all ? gu_new_zero(context, n_items, gusto_real) : NULL;
    gusto_real  *counts = target ? gu_new(context, n_items, gusto_real) : NULL;
    gusto_status status = counts ? GUSTO_OK : GUSTO_ENOMEM;
    for (int64_t i = 0; i < n_items && status == GUSTO_OK; i++) {
        all[i] = (int32_t)i;
        counts[i] = 1;
    }
    for (int64_t e = 0; e < n && status == GUSTO_OK; e++) {
        const double c = alpha * (values ? (double)value[e] : 1) * (weight ? (double)weight[e] : 1);
        target[item[e]] = (gusto_real)(c / (1 + c));
        counts[item[e]] = (gusto_real)(1 + c);
    }
    if (status == GUSTO_OK)
        status = gu_fold_in(context, &problem, n_items, all, target, counts, row);
    gu_free(&context->allocator, all);
    gu_free(&context->allocator, target);
    gu_free(&context->allocator, counts);
    return status;
}

static const char *const tensors[] = {"mu", "P", "Q", "bu", "bi", NULL};

const gu_model_type gu_model_logistic = {
    .name = "logistic",
    .summary = "logistic factorization of implicit feedback (Johnson 2014)",
    .options = options,
    .n_options = N_OPTIONS,
    .tensors = tensors,
    .fit = fit,
    .attach = attach,
    .memory = memory,
    .scale = gu_scale_scores,
    .predict = gu_factors_predict_seen,
    .score = gu_factors_score,
    .row_width = gu_factors_width,
    .fold_in = fold_in,
    .score_rows = gu_factors_score_rows,
    .item_vectors = "Q",
};
