/* Weighted Slope One: what an item is rated above another, on average over those who rated both (Lemire & Maclachlan 2005).
 *
 *   dev_ij = sum over u with both of (e_ui - e_uj) / (n_ij + shrink),   x_ui = b_ui + sum_j w_ij (e_uj + dev_ij) / sum_j w_ij,   w = n^power,
 *
 * over the items j != i that the user has rated; n_ij counts the users with both. Only the ratios of weights count: where the heaviest, by the most users that an
 * item has, would be beyond HEAVIEST, all are divided by what takes it there, and none is let below LIGHTEST. With `biases`, e is what the baseline b = mu + bu + bi leaves of a rating:
 * `shrink` then pulls a deviation that few users speak for towards the difference of the items' biases. Without, b = 0 and e the rating: the paper's
 * scheme at shrink = 0. Where nobody has both, the baseline predicts.
 *
 * Tensors: mu, bu, bi; D, W [n_items x n_items]: row j has w_ij dev_ij and w_ij for every i, diagonals 0; so that the scores of a user are three sums of
 * rows. A row is made by one thread from the ratings of those who rated j; the sums go in the order of users. Cost of a fit: the sum over users of the
 * square of their items; of all scores of a user: 6 flops for each of his items and each item. */
#include "core/memory.h"
#include "core/watch.h"
#include "data/ratings.h"
#include "data/rows.h"
#include "models/bias.h"
#include "models/user_rows.h"

#include <math.h>
#include <string.h>

enum { SHRINK, POWER, BIASES, L2_USER, L2_ITEM, N_OPTIONS };
enum { BIAS_SWEEPS = 10 };

static const double HEAVIEST = 1e25,
                    LIGHTEST = 1e-25; /* sums of weights times ratings, and their products, stay far within a float */

static const gusto_option options[N_OPTIONS] = {
    [SHRINK] = {"shrink", GUSTO_OPTION_REAL, 10, 0, 1e9, NULL, "users that a deviation is shrunk by"},
    [POWER] = {"power", GUSTO_OPTION_REAL, 1, 0, 10, NULL, "a deviation weighs its users to this power"},
    [BIASES] = {"biases", GUSTO_OPTION_BOOL, 1, 0, 1, NULL, "deviations of what biases leave of a rating, not of the rating"},
    [L2_USER] = {"l2_user", GUSTO_OPTION_REAL, 5, 0, 1e9, NULL, "ridge on user biases, in ratings"},
    [L2_ITEM] = {"l2_item", GUSTO_OPTION_REAL, 3, 0, 1e9, NULL, "ridge on item biases, in ratings"},
};

/* What predictions are made of. */
typedef struct parts {
    gu_user_rows      rows;
    const gusto_real *D, *W, *bu, *bi;
    int64_t           ld;
    gusto_real        mu;
    bool              biases;
} parts;

static parts parts_of(const gusto_model *model, const gu_state *state)
{
    return (parts){.rows = gu_user_rows_of(state),
                   .D = gu_state_real(state, "D"),
                   .W = gu_state_real(state, "W"),
                   .bu = gu_state_real(state, "bu"),
                   .bi = gu_state_real(state, "bi"),
                   .ld = gu_state_tensor(state, "D")->ld,
                   .mu = gu_state_real(state, "mu")[0],
                   .biases = gu_model_option(model, options[BIASES].name) != 0};
}

/* e of a rating. bias: the user's */
static gusto_real residual(const parts *p, gusto_real value, gusto_real bias, int64_t i)
{
    return p->biases ? value - (p->mu + bias + p->bi[i]) : value;
}

static gusto_real combined(const parts *p, gusto_real bias, int64_t i, gusto_real sum, gusto_real weight)
{
    const gusto_real base = p->mu + bias + p->bi[i];
    return weight > 0 ? sum / weight + (p->biases ? base : 0) : base;
}

/* ---- fitting ---- */

/* How many users a weight counts, to which power, over what. */
typedef struct weighing {
    double shrink, power, over;
} weighing;

static weighing weighing_of(const gusto_model *model, const gusto_rows *by_item)
{
    weighing by = {gu_model_option(model, options[SHRINK].name), gu_model_option(model, options[POWER].name), 1};
    int64_t  most = 1;
    for (int64_t i = 0; i < by_item->n_rows; i++) {
        const int64_t n = by_item->start[i + 1] - by_item->start[i];
        most = n > most ? n : most;
    }
    const double heaviest = pow((double)most, by.power); /* in double: at most (2^31)^10 */
    if (heaviest > HEAVIEST)
        by.over = heaviest / HEAVIEST;
    return by;
}

static void fill_row(const weighing *by, const parts *p, const gusto_rows *by_user, const gusto_rows *by_item, int64_t j,
                     gusto_real *restrict D, gusto_real *restrict W)
{
    memset(D, 0, (size_t)p->ld * sizeof *D);
    memset(W, 0, (size_t)p->ld * sizeof *W);
    for (int64_t e = by_item->start[j]; e < by_item->start[j + 1]; e++) {
        const int32_t    u = by_item->column[e];
        const gusto_real own = residual(p, by_item->value[e], p->bu[u], j);
        for (int64_t f = by_user->start[u]; f < by_user->start[u + 1]; f++) {
            const int32_t i = by_user->column[f];
            D[i] += residual(p, by_user->value[f], p->bu[u], i) - own;
            W[i] += 1;
        }
    }
    D[j] = W[j] = 0;
    for (int64_t i = 0; i < by_item->n_rows; i++) {
        if (!(W[i] > 0))
            continue;
        const double n = (double)W[i], w = fmax((by->power == 1 ? n : pow(n, by->power)) / by->over, LIGHTEST);
        W[i] = (gusto_real)w;
        D[i] = (gusto_real)(w * (double)D[i] / (n + by->shrink));
    }
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const int64_t index = nnz * (int64_t)(sizeof(int32_t) + sizeof(gusto_real)) + n_items * (int64_t)sizeof(int64_t);
    return index + (2 * n_items * gu_padded(n_items) + n_users + n_items) * (int64_t)sizeof(gusto_real) +
           gu_user_rows_memory(model, n_users, nnz, true);
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    (void)fit_options;
    gusto_rows   by_user, by_item;
    gusto_status status = gu_need(context, memory(model, state->n_users, state->n_items, gusto_ratings_nnz(ratings), false),
                                  "slopeone, for the deviations of all pairs of items");
    if (status == GUSTO_OK)
        status = gu_ratings_both_ways(context, ratings, &by_user, &by_item);
    if (status == GUSTO_OK)
        status = gu_user_rows_keep(context, ratings, true, state);
    if (status < 0)
        return status;
    const int64_t n = by_item.n_rows, ld = gu_padded(n);
    gusto_real   *mu = gu_state_add(context, state, "mu", GU_DTYPE_REAL, 1, 1, 1);
    gusto_real   *bu = mu ? gu_state_add(context, state, "bu", GU_DTYPE_REAL, by_user.n_rows, 1, 1) : NULL;
    gusto_real   *bi = bu ? gu_state_add(context, state, "bi", GU_DTYPE_REAL, n, 1, 1) : NULL;
    gusto_real   *D = bi ? gu_state_add(context, state, "D", GU_DTYPE_REAL, n, n, ld) : NULL;
    gusto_real   *W = D ? gu_state_add(context, state, "W", GU_DTYPE_REAL, n, n, ld) : NULL;
    if (!W)
        return GUSTO_ENOMEM;
    mu[0] = (gusto_real)gu_bias_mean(&by_user, state->mean, NULL);
    gu_bias_fit(context, &by_user, &by_item, (double)mu[0], gu_model_option(model, options[L2_USER].name),
                gu_model_option(model, options[L2_ITEM].name), BIAS_SWEEPS, bu, bi);
    const parts    p = parts_of(model, state);
    const weighing by = weighing_of(model, &by_item);
    gu_watch_units(context, n);
#pragma omp parallel for schedule(dynamic, 8) num_threads(gu_threads(context))
    for (int64_t j = 0; j < n; j++)
        if (!gu_watch_done(context, 1))
            fill_row(&by, &p, &by_user, &by_item, j, D + j * ld, W + j * ld);
    if (gu_watch_stopped(context))
        return GUSTO_CANCELLED;
    const int64_t bad = gu_kernels_of(context)->not_finite(n * ld, D);
    return bad < 0 ? GUSTO_OK
                   : gu_error(context, GUSTO_EARG, "slopeone: the deviation from item %lld to item %lld is not finite",
                              (long long)(bad / ld), (long long)(bad % ld));
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    (void)model;
    const struct {
        const char *name;
        int64_t     rows, columns;
    } expected[] = {{"mu", 1, 1},
                    {"bu", state->n_users, 1},
                    {"bi", state->n_items, 1},
                    {"D", state->n_items, state->n_items},
                    {"W", state->n_items, state->n_items}};
    gusto_status status = gu_user_rows_check(context, state, true);
    for (size_t t = 0; t < sizeof expected / sizeof expected[0] && status == GUSTO_OK; t++)
        status = gu_state_expect(context, state, expected[t].name, expected[t].rows, expected[t].columns);
    return status;
}

/* ---- scoring ---- */

static gusto_real predict_one(const parts *p, int32_t u, int32_t i)
{
    gusto_real sum = 0, weight = 0;
    for (int64_t e = p->rows.start[u]; e < p->rows.start[u + 1]; e++) {
        const int32_t    j = p->rows.item[e];
        const gusto_real w = p->W[j * p->ld + i];
        sum += w * residual(p, gu_user_rows_at(&p->rows, e), p->bu[u], j) + p->D[j * p->ld + i];
        weight += w;
    }
    return combined(p, p->bu[u], i, sum, weight);
}

static void predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out)
{
    (void)context;
    const parts p = parts_of(model, &model->state);
    for (int64_t j = 0; j < n; j++) {
        const int32_t u = users[j], i = items[j];
        out[j] = u >= 0 && i >= 0 ? predict_one(&p, u, i) : p.mu + (u >= 0 ? p.bu[u] : 0) + (i >= 0 ? p.bi[i] : 0);
    }
}

/* out <- sums and weight <- weights of all items, for one rated item more. */
static void add_item(const gu_kernels *kernels, const parts *p, int64_t n_items, int64_t j, gusto_real own, gusto_real *out,
                     gusto_real *weight)
{
    kernels->axpy(n_items, own, p->W + j * p->ld, out);
    kernels->axpy(n_items, 1, p->D + j * p->ld, out);
    kernels->axpy(n_items, 1, p->W + j * p->ld, weight);
}

/* All scores of a user who rated n items. weight [n_items]: scratch. */
static void score_user(const gu_kernels *kernels, const parts *p, int64_t n_items, int64_t n, const int32_t *item,
                       const gusto_real *value, gusto_real bias, gusto_real *weight, gusto_real *out)
{
    memset(out, 0, (size_t)n_items * sizeof *out);
    memset(weight, 0, (size_t)n_items * sizeof *weight);
    for (int64_t e = 0; e < n; e++)
        add_item(kernels, p, n_items, item[e], residual(p, value[e], bias, item[e]), out, weight);
    for (int64_t i = 0; i < n_items; i++)
        out[i] = combined(p, bias, i, out[i], weight[i]);
}

static void score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                  gusto_real *out)
{
    const parts   p = parts_of(model, &model->state);
    const int64_t n_items = model->state.n_items;
    for (int64_t j = 0; j < n; j++) {
        const int64_t begin = p.rows.start[users[j]];
        score_user(gu_kernels_of(context), &p, n_items, p.rows.start[users[j] + 1] - begin, p.rows.item + begin,
                   p.rows.value + begin, p.bu[users[j]], room, out + j * n_items);
    }
}

/* A new user is what is predicted for him: n_items numbers. */
static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const parts      p = parts_of(model, &model->state);
    int64_t          start[2];
    const gusto_rows one = gu_single_row(model->state.n_items, n, item, value, weight, start);
    gusto_real      *weights = gu_new(context, model->state.n_items, gusto_real), bias;
    if (!weights)
        return GUSTO_ENOMEM;
    gu_bias_solve(context, &one, (double)p.mu, gu_model_option(model, options[L2_USER].name), p.bi, &bias);
    score_user(gu_kernels_of(context), &p, model->state.n_items, n, item, value, bias, weights, row);
    gu_free(&context->allocator, weights);
    return GUSTO_OK;
}

static void score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows, gusto_real *out)
{
    (void)context;
    memcpy(out, rows, (size_t)(n * model->state.n_items) * sizeof *out);
}

static const char *const tensors[] = {"X.start", "X.item", "X.value", "mu", "bu", "bi", "D", "W", NULL};

const gu_model_type gu_model_slopeone = {
    .name = "slopeone",
    .summary = "weighted Slope One: average differences between items (Lemire & Maclachlan 2005)",
    .options = options,
    .n_options = N_OPTIONS,
    .tensors = tensors,
    .fit = fit,
    .attach = attach,
    .memory = memory,
    .predict = predict,
    .score = score,
    .row_width = gu_user_rows_width,
    .fold_in = fold_in,
    .score_rows = score_rows,
};
