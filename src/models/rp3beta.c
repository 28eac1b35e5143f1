/* RP3beta: a random walk of three steps over the graph of users and items, less popularity (Paudel et al. 2017).
 *
 * From an item to one of its users, to one of that user's items: S_ij = sum_u (x_ui / c_i)^alpha (x_uj / n_u)^alpha / c_j^beta for i != j, with
 * c_i and n_u the sums of a column and of a row of X; scores x S. alpha sharpens the steps, beta takes popular targets back. Of each item the
 * greatest `neighbours` are kept. Cost: as a Gram matrix, the sum over users of the square of their items. */
#include "core/memory.h"
#include "data/ratings.h"
#include "models/sparse.h"
#include "models/user_rows.h"

#include <math.h>

enum { ALPHA, BETA, NEIGHBOURS, USE_VALUES, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [ALPHA] = {"alpha", GUSTO_OPTION_REAL, 1, 0, 10, NULL, "power of the probabilities of a step"},
    [BETA] = {"beta", GUSTO_OPTION_REAL, 0.6, 0, 10, NULL, "power of an item's count that its score is divided by"},
    [NEIGHBOURS] = {"neighbours", GUSTO_OPTION_INT, 200, 0, 1e6, NULL, "targets kept of each item; 0: all"},
    [USE_VALUES] = {"use_values", GUSTO_OPTION_BOOL, 0, 0, 1, NULL, "take the values of ratings, not 1 for every pair"},
};

typedef struct walk {
    gusto_rows by_user, by_item;
    bool       values;
    double     alpha;
    double    *item_sum, *user_sum;
    double    *item_factor; /* c^-beta */
} walk;

static void step(const void *self, int64_t i, gusto_real *out, gusto_real *scratch)
{
    (void)scratch;
    const walk       *w = self;
    const gusto_rows *item = &w->by_item, *user = &w->by_user;
    for (int64_t e = item->start[i]; e < item->start[i + 1]; e++) {
        const int32_t u = item->column[e];
        const double  there = pow((w->values ? (double)item->value[e] : 1) / w->item_sum[i], w->alpha);
        if (!w->values) {
            const gusto_real both = (gusto_real)(there * pow(1 / w->user_sum[u], w->alpha));
            for (int64_t f = user->start[u]; f < user->start[u + 1]; f++)
                out[user->column[f]] += both;
        } else {
            for (int64_t f = user->start[u]; f < user->start[u + 1]; f++)
                out[user->column[f]] += (gusto_real)(there * pow((double)user->value[f] / w->user_sum[u], w->alpha));
        }
    }
    for (int32_t j = 0; j < item->n_rows; j++)
        out[j] *= (gusto_real)w->item_factor[j];
    out[i] = 0;
}

/* Sums of the rows; 1 where a row is empty. */
static void sums(const gusto_rows *rows, bool values, double *out)
{
    for (int32_t r = 0; r < rows->n_rows; r++) {
        out[r] = 0;
        for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++)
            out[r] += values ? (double)rows->value[e] : 1;
        if (!(out[r] > 0))
            out[r] = 1;
    }
}

static gusto_status solve(gusto_context *context, const gusto_model *model, walk *w, gu_state *state)
{
    w->item_sum = gu_new(context, state->n_items, double);
    w->item_factor = gu_new(context, state->n_items, double);
    w->user_sum = gu_new(context, state->n_users, double);
    if (!w->item_sum || !w->item_factor || !w->user_sum)
        return GUSTO_ENOMEM;
    sums(&w->by_item, w->values, w->item_sum);
    sums(&w->by_user, w->values, w->user_sum);
    const double beta = gu_model_option(model, options[BETA].name);
    for (int32_t i = 0; i < state->n_items; i++)
        w->item_factor[i] = pow(w->item_sum[i], -beta);
    gu_sparse    S = {0};
    gusto_status status = gu_sparse_build(context, state->n_items, state->n_items,
                                          (int)gu_model_option(model, options[NEIGHBOURS].name), step, w, 0, &S);
    if (status == GUSTO_OK)
        status = gu_sparse_keep(context, &S, state);
    gu_sparse_clear(&context->allocator, &S);
    return status;
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    (void)fit_options;
    walk w = {.values = gu_model_option(model, options[USE_VALUES].name) != 0,
              .alpha = gu_model_option(model, options[ALPHA].name)};
    if (w.values && state->low < 0)
        return gu_error(context, GUSTO_EARG, "rp3beta: ratings are probabilities with use_values, but the lowest is %g",
                        (double)state->low);
    gusto_status status = gu_ratings_both_ways(context, ratings, &w.by_user, &w.by_item);
    if (status == GUSTO_OK)
        status = gu_user_rows_keep(context, ratings, w.values, state);
    if (status == GUSTO_OK)
        status = solve(context, model, &w, state);
    gu_free(&context->allocator, w.item_sum);
    gu_free(&context->allocator, w.item_factor);
    gu_free(&context->allocator, w.user_sum);
    return status;
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    const int keep = (int)gu_model_option(model, options[NEIGHBOURS].name);
    return gu_sparse_memory(n_items, n_items, keep, 0) + (2 * n_items + n_users) * (int64_t)sizeof(double) +
           gu_user_rows_memory(model, n_users, nnz, gu_model_option(model, options[USE_VALUES].name) != 0);
}

static const char *const tensors[] = {"X.start", "X.item", "X.value", "S.start", "S.index", "S.value", NULL};

const gu_model_type gu_model_rp3beta = {
    .name = "rp3beta",
    .summary = "random walk of three steps, less popularity (Paudel et al. 2017)",
    .options = options,
    .n_options = N_OPTIONS,
    .ignores_weights = true,
    .tensors = tensors,
    .fit = fit,
    .attach = gu_linear_attach,
    .memory = memory,
    .scale = gu_scale_scores,
    .predict = gu_linear_predict,
    .score = gu_linear_score,
    .row_width = gu_user_rows_width,
    .fold_in = gu_user_rows_fold_in,
    .score_rows = gu_linear_score_rows,
    .alike = gu_linear_alike,
    .reasons = gu_user_rows_reasons,
    .explain = gu_linear_explain,
};
