/* Most popular: an item's score is how many users have had it, for every user the same.
 *
 * On ratings, a prediction is the item's mean shrunk to the global mean mu:  (sum + shrink mu) / (count + shrink).
 *
 * A fit that goes on from a fitted model adds the new ratings to what that has. A pair that is rated anew loses its old rating, of which the
 * model knows the item's mean only. */
#include "core/memory.h"
#include "models/start.h"

#include <string.h>

enum { SHRINK, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [SHRINK] = {"shrink", GUSTO_OPTION_REAL, 5, 0, 1e9, NULL,
                "ratings at the global mean that are added to an item's own, for predictions"},
};

/* Adds the pairs of the model that are not rated anew, each at the mean of the old ratings of its item, from which the shrinkage is taken off. */
static void add_old(const gu_start *start, double *sum, int64_t *n)
{
    const gu_state   *old = &start->from->state;
    const double      shrink = gu_model_option(start->from, options[SHRINK].name);
    const gusto_real *count = gu_state_real(old, "count"), *mean = gu_state_real(old, "mean");
    for (int64_t e = 0; e < start->had.nnz; e++) {
        const int32_t i = start->had.column[e], r = start->items.old[i];
        const double  c = (double)count[r];
        if (c > 0)
            sum[i] += ((double)mean[r] * (c + shrink) - shrink * old->mean) / c;
        n[i]++;
    }
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    (void)fit_options;
    gusto_rows   rows;
    gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status < 0)
        return status;
    gusto_real *count = gu_state_add(context, state, "count", GU_DTYPE_REAL, rows.n_columns, 1, 1);
    gusto_real *mean = count ? gu_state_add(context, state, "mean", GU_DTYPE_REAL, rows.n_columns, 1, 1) : NULL;
    double     *sum = mean ? gu_new_zero(context, rows.n_columns, double) : NULL;
    int64_t    *n = sum ? gu_new_zero(context, rows.n_columns, int64_t) : NULL;
    if (!n) {
        gu_free(&context->allocator, sum);
        return GUSTO_ENOMEM;
    }
    for (int64_t e = 0; e < rows.nnz; e++) {
        sum[rows.column[e]] += (double)rows.value[e];
        n[rows.column[e]]++;
    }
    if (state->start)
        add_old(state->start, sum, n);
    const double shrink = gu_model_option(model, options[SHRINK].name);
    for (int32_t i = 0; i < rows.n_columns; i++) {
        const double weight = (double)n[i] + shrink;
        count[i] = (gusto_real)n[i];
        mean[i] = (gusto_real)(weight > 0 ? (sum[i] + shrink * state->mean) / weight : state->mean);
    }
    if (state->start) {
        gu_start_copy(state->start, &state->start->items, "count", true, state);
        gu_start_copy(state->start, &state->start->items, "mean", true, state);
    }
    gu_free(&context->allocator, sum);
    gu_free(&context->allocator, n);
    return GUSTO_OK;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    (void)model;
    const gusto_status status = gu_state_expect(context, state, "count", state->n_items, 1);
    return status < 0 ? status : gu_state_expect(context, state, "mean", state->n_items, 1);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)model, (void)n_users, (void)nnz, (void)dense;
    return n_items * (int64_t)(2 * sizeof(gusto_real) + sizeof(double) + sizeof(int64_t));
}

static void predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out)
{
    (void)context, (void)users;
    const gusto_real *mean = gu_state_real(&model->state, "mean");
    for (int64_t j = 0; j < n; j++)
        out[j] = items[j] < 0 ? (gusto_real)model->state.mean : mean[items[j]];
}

static void score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows, gusto_real *out)
{
    (void)context, (void)rows;
    const gusto_real *count = gu_state_real(&model->state, "count");
    for (int64_t j = 0; j < n; j++)
        memcpy(out + j * model->state.n_items, count, (size_t)model->state.n_items * sizeof *out);
}

static void score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                  gusto_real *out)
{
    (void)users;
    score_rows(context, model, n, room, out);
}

/* Lists go by counts, predictions are means. */
static gu_scale scale(const gusto_model *model)
{
    (void)model;
    return GU_SCALE_LISTS;
}

/* Of a user nothing counts: his row is how many ratings he has, so that there is one. */
static int64_t row_width(const gusto_model *model)
{
    (void)model;
    return 1;
}

static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    (void)context, (void)model, (void)item, (void)value, (void)weight;
    row[0] = (gusto_real)n;
    return GUSTO_OK;
}

static const char *const tensors[] = {"count", "mean", NULL}, *const start_options[] = {NULL};

const gu_model_type gu_model_popularity = {
    .name = "popularity",
    .summary = "most popular: items by how many users have had them",
    .options = options,
    .n_options = N_OPTIONS,
    .ignores_weights = true,
    .tensors = tensors,
    .fit = fit,
    .start_options = start_options,
    .attach = attach,
    .memory = memory,
    .scale = scale,
    .predict = predict,
    .score = score,
    .row_width = row_width,
    .fold_in = fold_in,
    .score_rows = score_rows,
};
