/* The baseline: mu + bu_u + bi_i (Koren 2010, section 2.1), by alternating closed form.
 *
 * Minimizes  sum w (r - mu - bu_u - bi_i)^2 + l2_user |bu|^2 + l2_item |bi|^2  over all ratings, with mu the weighted mean held fixed.
 * For fixed bi each bu is a ridge regression on a constant, and the other way round:
 *   bu_u = sum_i w (r - mu - bi_i) / (l2_user + sum_i w),   bi_i = sum_u w (r - mu - bu_u) / (l2_item + sum_u w).
 * A fit that goes on from a fitted model takes what it remembers of a row for the model's own predictions, and the row's ridge is towards its old
 * bias: for a bias that solved its equation this is what all ratings would give.
 * Each sweep lowers the objective; every user, then every item, is one task, so the result does not depend on threads. */
#include "core/memory.h"
#include "data/ratings.h"
#include "data/rows.h"
#include "models/bias.h"
#include "models/start.h"
#include "models/sweeps.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { L2_USER, L2_ITEM, SWEEPS, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [L2_USER] = {"l2_user", GUSTO_OPTION_REAL, 5, 0, 1e9, NULL, "ridge on user biases, in ratings"},
    [L2_ITEM] = {"l2_item", GUSTO_OPTION_REAL, 3, 0, 1e9, NULL, "ridge on item biases, in ratings"},
    [SWEEPS] = {"sweeps", GUSTO_OPTION_INT, 10, 1, 1e6, NULL, "alternations of users and items"},
};

/* Mean squared error over the training ratings; row sums are added in order. */
static gusto_status training_loss(gusto_context *context, const gusto_rows *rows, double mu, const gusto_real *bu,
                                  const gusto_real *bi, double *loss)
{
    double *sum = gu_new(context, rows->n_rows, double);
    if (!sum)
        return GUSTO_ENOMEM;
#pragma omp parallel for schedule(dynamic, 64) num_threads(gu_threads(context))
    for (int32_t r = 0; r < rows->n_rows; r++) {
        sum[r] = 0;
        for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
            const double error = (double)rows->value[e] - mu - (double)bu[r] - (double)bi[rows->column[e]];
            sum[r] += error * error;
        }
    }
    double total = 0;
    for (int32_t r = 0; r < rows->n_rows; r++)
        total += sum[r];
    *loss = total / (double)rows->nnz;
    gu_free(&context->allocator, sum);
    return GUSTO_OK;
}

static gu_bias_start bias_start(const gu_start_side *side, const gusto_model *from, const char *name)
{
    return (gu_bias_start){side->touched, side->recalled, side->old, gu_state_real(&from->state, name)};
}

static gusto_status sweep(gusto_context *context, gu_sweeps *sweeps, const gusto_rows *by_user, const gusto_rows *by_item,
                          gu_state *state)
{
    const double    l2_user = gu_model_option(sweeps->model, options[L2_USER].name);
    const double    l2_item = gu_model_option(sweeps->model, options[L2_ITEM].name);
    const double    mu = (double)gu_state_real(state, "mu")[0];
    gusto_real     *bu = gu_state_real(state, "bu"), *bi = gu_state_real(state, "bi");
    const gu_start *start = state->start;
    gu_bias_start   users = {0}, items = {0};
    if (start) {
        users = bias_start(&start->users, start->from, "bu");
        items = bias_start(&start->items, start->from, "bi");
    }
    gusto_status status = GUSTO_OK;
    for (int64_t s = 0; s < sweeps->n && status == GUSTO_OK; s++) {
        const double begin = omp_get_wtime();
        gu_bias_go_on(context, by_user, mu, l2_user, bi, start ? &users : NULL, bu);
        gu_bias_go_on(context, by_item, mu, l2_item, bu, start ? &items : NULL, bi);
        const double seconds = omp_get_wtime() - begin;
        double       loss;
        status = training_loss(context, by_user, mu, bu, bi, &loss);
        if (status == GUSTO_OK)
            status = gu_sweeps_end(context, sweeps, s, loss, NAN, seconds);
    }
    return status;
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

    gusto_real *mu = gu_state_add(context, state, "mu", GU_DTYPE_REAL, 1, 1, 1);
    gusto_real *bu = mu ? gu_state_add(context, state, "bu", GU_DTYPE_REAL, by_user.n_rows, 1, 1) : NULL;
    gusto_real *bi = bu ? gu_state_add(context, state, "bi", GU_DTYPE_REAL, by_item.n_rows, 1, 1) : NULL;
    if (!bi)
        return GUSTO_ENOMEM;
    mu[0] = (gusto_real)gu_bias_mean(&by_user, state->mean, NULL);
    for (int32_t i = 0; i < by_item.n_rows; i++)
        bi[i] = 0;
    if (start) {
        memset(bu, 0, (size_t)by_user.n_rows * sizeof *bu);
        mu[0] = gu_state_real(&start->from->state, "mu")[0];
        gu_start_copy(start, &start->users, "bu", false, state);
        gu_start_copy(start, &start->items, "bi", false, state);
    }

    const int64_t n = (int64_t)gu_model_option(model, options[SWEEPS].name);
    gu_sweeps     sweeps;
    status = gu_sweeps_init(context, model, fit_options, n, by_user.nnz, state, &sweeps);
    if (status == GUSTO_OK)
        status = sweep(context, &sweeps, &by_user, &by_item, state);
    gu_sweeps_clear(&context->allocator, &sweeps);
    return status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    (void)model;
    gusto_status status = gu_state_expect(context, state, "mu", 1, 1);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "bu", state->n_users, 1);
    return status < 0 ? status : gu_state_expect(context, state, "bi", state->n_items, 1);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)model, (void)dense;
    const int64_t index = nnz * (int64_t)(sizeof(int32_t) + sizeof(gusto_real)) + n_items * (int64_t)sizeof(int64_t);
    return index + (n_users + n_items) * (int64_t)sizeof(gusto_real) + n_users * (int64_t)sizeof(double);
}

static void predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out)
{
    (void)context;
    const gusto_real  mu = gu_state_real(&model->state, "mu")[0];
    const gusto_real *bu = gu_state_real(&model->state, "bu"), *bi = gu_state_real(&model->state, "bi");
    for (int64_t j = 0; j < n; j++)
        out[j] = mu + (users[j] < 0 ? 0 : bu[users[j]]) + (items[j] < 0 ? 0 : bi[items[j]]);
}

static void score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows, gusto_real *out)
{
    (void)context;
    const int64_t     n_items = model->state.n_items;
    const gusto_real  mu = gu_state_real(&model->state, "mu")[0];
    const gusto_real *bi = gu_state_real(&model->state, "bi");
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < n_items; i++)
            out[j * n_items + i] = mu + rows[j] + bi[i];
}

static void score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                  gusto_real *out)
{
    const gusto_real *bu = gu_state_real(&model->state, "bu");
    for (int64_t j = 0; j < n; j++)
        room[j] = bu[users[j]];
    score_rows(context, model, n, room, out);
}

static int64_t row_width(const gusto_model *model)
{
    (void)model;
    return 1;
}

/* The bias of a new user: the closed form of one row. */
static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    int64_t          start[2];
    const gusto_rows one = gu_single_row(model->state.n_items, n, item, value, weight, start);
    gu_bias_solve(context, &one, (double)gu_state_real(&model->state, "mu")[0], gu_model_option(model, options[L2_USER].name),
                  gu_state_real(&model->state, "bi"), row);
    return GUSTO_OK;
}

static const char *const tensors[] = {"mu", "bu", "bi", NULL}, *const start_options[] = {NULL};

const gu_model_type gu_model_baseline = {
    .name = "baseline",
    .summary = "mu + bu + bi by alternating closed form (Koren 2010)",
    .options = options,
    .n_options = N_OPTIONS,
    .tensors = tensors,
    .fit = fit,
    .start_options = start_options,
    .attach = attach,
    .memory = memory,
    .predict = predict,
    .score = score,
    .row_width = row_width,
    .fold_in = fold_in,
    .score_rows = score_rows,
};
