/* Biased matrix factorization of ratings by alternating least squares (Zhou et al. 2008; Koren, Bell & Volinsky 2009).
 *
 *   minimizes  sum w (r - mu - bu_u - bi_i - P_u.Q_i)^2  +  sum of  l2 n |x|^2 + l2_bias n b^2  over the rows of both sides
 *
 * with n the row's ratings, or 1 without `l2_by_count`; mu is the weighted mean. For fixed items each user's (P_u, bu_u) is a ridge regression on
 * (Q_i, 1), solved as one system, and the other way round; so every half lowers the objective. The loss comes with the systems
 * (half_sweep.h), without another pass over the ratings.
 *
 * nonnegative: factors stay at or above zero, biases are free; each row's quadratic program is solved by coordinate descent from where it
 * was. A fit that goes on from a fitted model solves for the rows that have ratings; what it remembers of them is held by the model's own
 * predictions and a ridge towards where they were (half_sweep.h), which is recursive least squares as long as the other side stands still. Dense ratings are taken row by row as sparse ones: each row has a system of its own, for each misses other cells. */
#include "core/memory.h"
#include "data/ratings.h"
#include "data/rows.h"
#include "models/alternate.h"
#include "models/bias.h"
#include "models/factors.h"
#include "models/start_factors.h"

#include <math.h>
#include <string.h>

enum { RANK, SWEEPS, SOLVER, CG_STEPS, L2, L2_BIAS, L2_BY_COUNT, BIASES, NONNEGATIVE, INIT, EXTRAPOLATION, N_OPTIONS };

/* Subspaces know of no biases. */
static const char *solver_choice(int t)
{
    return t <= GU_HALF_CG ? gu_half_solver_choice(t) : NULL;
}

static const gusto_option options[N_OPTIONS] = {
    [RANK] = {"rank", GUSTO_OPTION_INT, 16, 1, 1024, NULL, "factors of a user and of an item"},
    [SWEEPS] = {"sweeps", GUSTO_OPTION_INT, 20, 1, 1e6, NULL, "alternations of users and items"},
    [SOLVER] = {"solver", GUSTO_OPTION_NAME, GU_HALF_EXACT, 0, 0, solver_choice,
                "exact: Cholesky; cg: a few steps of conjugate gradients from the last sweep's row"},
    [CG_STEPS] = {"cg_steps", GUSTO_OPTION_INT, 3, 1, 1000, NULL, "steps of conjugate gradients a row and sweep"},
    [L2] = {"l2", GUSTO_OPTION_REAL, 0.1, 0, 1e9, NULL, "regularization of factors"},
    [L2_BIAS] = {"l2_bias", GUSTO_OPTION_REAL, 0.02, 0, 1e9, NULL, "regularization of biases"},
    [L2_BY_COUNT] = {"l2_by_count", GUSTO_OPTION_BOOL, 1, 0, 1, NULL,
                     "regularization grows with the ratings of a row, else it is the same for every row"},
    [BIASES] = {"biases", GUSTO_OPTION_BOOL, 1, 0, 1, NULL, "learn a bias for every user and item"},
    [NONNEGATIVE] = {"nonnegative", GUSTO_OPTION_BOOL, 0, 0, 1, NULL, "keep the factors at or above zero"},
    [INIT] = {"init", GUSTO_OPTION_REAL, 0.1, 0, 100, NULL, "scale of the initial factors: deviation init / sqrt(rank)"},
    [EXTRAPOLATION] = {"extrapolation", GUSTO_OPTION_REAL, 0, 0, 1, NULL,
                       "step beyond each sweep's items, undone where the objective would rise; 0: none"},
};

/* What a rating is compared with. */
typedef struct target {
    double            mu;
    const gusto_real *bias; /* of the side held fixed, or NULL */
} target;

static void weigh(const void *self, const gusto_rows *rows, int64_t begin, int64_t n, gu_row_weights *out)
{
    const target     *t = self;
    const int32_t    *column = rows->column + begin;
    const gusto_real *value = rows->value + begin, mu = (gusto_real)t->mu;
    gusto_real       *c = out->c;
    for (int64_t e = 0; e < n; e++)
        c[e] = value[e] - mu - (t->bias ? t->bias[column[e]] : 0);
    out->sum_w = out->sum_c = out->constant = 0;
    for (int64_t e = 0; e < n; e++) {
        const double w = rows->weight ? (double)rows->weight[begin + e] : 1, residual = (double)c[e];
        if (rows->weight) {
            out->w[e] = rows->weight[begin + e];
            c[e] *= rows->weight[begin + e];
        }
        out->sum_w += w;
        out->sum_c += w * residual;
        out->constant += w * residual * residual;
    }
}

static gu_half half_of(const gusto_model *model, const target *t, const gusto_rows *rows, int64_t ld, const gusto_real *Y,
                       gusto_real *X, gusto_real *bias)
{
    return (gu_half){.solver = (gu_half_solver)gu_model_option(model, options[SOLVER].name),
                     .steps = (int)gu_model_option(model, options[CG_STEPS].name),
                     .nonnegative = gu_model_option(model, options[NONNEGATIVE].name) != 0,
                     .unweighted = !rows->weight,
                     .k = (int64_t)gu_model_option(model, options[RANK].name),
                     .ld = ld,
                     .rows = rows,
                     .Y = Y,
                     .X = X,
                     .bias = bias,
                     .ridge = gu_model_option(model, options[L2].name),
                     .ridge_bias = gu_model_option(model, options[L2_BIAS].name),
                     .power = gu_model_option(model, options[L2_BY_COUNT].name) != 0 ? 1 : 0,
                     .weigh = weigh,
                     .self = t};
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    gusto_rows   by_user, by_item;
    gu_start    *start = state->start;
    gusto_status status = start ? gu_start_recall(context, start, true, &ratings) : GUSTO_OK;
    if (status == GUSTO_OK)
        status = gu_ratings_both_ways(context, ratings, &by_user, &by_item);
    if (status < 0)
        return status;

    const int64_t k = (int64_t)gu_model_option(model, options[RANK].name), ld = gu_padded(k);
    const bool    biases = gu_model_option(model, options[BIASES].name) != 0;
    const bool    nonnegative = gu_model_option(model, options[NONNEGATIVE].name) != 0;
    const double  scale = gu_model_option(model, options[INIT].name) / sqrt((double)k);
    double        total;
    status = gu_factors_add(context, state, k, gu_bias_mean(&by_user, state->mean, &total), biases, biases);
    if (status < 0)
        return status;
    gu_factors_draw(context, state, scale, nonnegative);
    if (start) {
        gu_start_factors(state);
        total = gu_start_weight(start, &by_item);
    }

    gusto_real     *P = gu_state_real(state, "P"), *Q = gu_state_real(state, "Q");
    gusto_real     *bu = gu_state_optional(state, "bu"), *bi = gu_state_optional(state, "bi");
    const double    mu = (double)gu_state_real(state, "mu")[0];
    const target    of_users = {mu, bi}, of_items = {mu, bu};
    gu_start_halves halves;
    gu_alternation  alternation = {.users = half_of(model, &of_users, &by_user, ld, Q, P, bu),
                                   .items = half_of(model, &of_items, &by_item, ld, P, Q, bi),
                                   .scale = 1 / total,
                                   .without_ridge = true,
                                   .extrapolation = gu_model_option(model, options[EXTRAPOLATION].name)};
    if (start)
        gu_start_alternation(start, true, &halves, &alternation);
    const int64_t n = (int64_t)gu_model_option(model, options[SWEEPS].name);
    gu_sweeps     sweeps;
    status = gu_sweeps_init(context, model, fit_options, n, by_user.nnz, state, &sweeps);
    if (status == GUSTO_OK && start)
        status = gu_start_new_rows(context, start, &alternation);
    if (status == GUSTO_OK)
        status = gu_alternate(context, &alternation, &sweeps);
    gu_sweeps_clear(&context->allocator, &sweeps);
    return status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const bool biases = gu_model_option(model, options[BIASES].name) != 0;
    return gu_factors_expect(context, state, (int64_t)gu_model_option(model, options[RANK].name), biases, biases);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const int64_t k = (int64_t)gu_model_option(model, options[RANK].name);
    return gu_alternate_memory(k, gu_padded(k) + 1, gu_model_option(model, options[EXTRAPOLATION].name) > 0, n_users, n_items,
                               nnz);
}

/* One row, solved as in training: exactly, whatever the solver. Y and bias are of the side held fixed, which has n_columns rows. */
static gusto_status solve_row(gusto_context *context, const gusto_model *model, const char *what, const gusto_tensor *Y,
                              const gusto_real *bias, const gusto_rows *one, gusto_real *row)
{
    const int64_t k = Y->columns;
    gusto_real   *x = gu_new_zero(context, Y->ld, gusto_real), own = 0;
    if (!x)
        return GUSTO_ENOMEM;
    const target t = {(double)gu_state_real(&model->state, "mu")[0], bias};
    gu_half      half = half_of(model, &t, one, Y->ld, Y->data, x, bias ? &own : NULL);
    half.solver = GU_HALF_EXACT;
    const gusto_status status = gu_half_solve(context, &half, what, NULL);
    memcpy(row, x, (size_t)k * sizeof *row);
    row[k] = own;
    gu_free(&context->allocator, x);
    return status;
}

static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_state  *state = &model->state;
    int64_t          start[2];
    const gusto_rows one = gu_single_row(state->n_items, n, item, value, weight, start);
    return solve_row(context, model, "new user", gu_state_tensor(state, "Q"), gu_state_optional(state, "bi"), &one, row);
}

static gusto_status fold_in_item(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *user,
                                 const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_state  *state = &model->state;
    int64_t          start[2];
    const gusto_rows one = gu_single_row(state->n_users, n, user, value, weight, start);
    return solve_row(context, model, "new item", gu_state_tensor(state, "P"), gu_state_optional(state, "bu"), &one, row);
}

static const char *const tensors[] = {"mu", "P", "Q", "bu", "bi", NULL}, *const start_options[] = {"rank", "biases",
                                                                                                   "nonnegative", NULL};

static const gu_condition conditions[] = {
    {"cg_steps", "solver", "cg"},
    {"cg_steps", "nonnegative", "false"},
    {"solver", "nonnegative", "false"},
    {"l2_bias", "biases", "true"},
    {NULL, NULL, NULL},
};

const gu_model_type gu_model_als = {
    .name = "als",
    .summary = "biased matrix factorization by alternating least squares (Zhou et al. 2008)",
    .options = options,
    .n_options = N_OPTIONS,
    .conditions = conditions,
    .tensors = tensors,
    .fit = fit,
    .start_options = start_options,
    .attach = attach,
    .memory = memory,
    .predict = gu_factors_predict,
    .score = gu_factors_score,
    .row_width = gu_factors_width,
    .fold_in = fold_in,
    .score_rows = gu_factors_score_rows,
    .fold_in_item = fold_in_item,
    .item_vectors = "Q",
};
