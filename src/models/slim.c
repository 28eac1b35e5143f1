/* SLIM: sparse linear weights between items (Ning & Karypis 2011), by coordinate descent on the Gram matrix.
 *
 * For each item i, with x_i its column of X (1 for a pair, or the rating with use_values), minimizes
 *   |x_i - sum_j x_j w_j|^2 / 2 + l1 sum w_j + l2/2 sum w_j^2   over w >= 0, w_i = 0;   scores x W.
 * How, and what is screened away, stands in slim_descend.c. Items are independent, one thread each. Limit: reading rows of G = X'X, n_items numbers
 * for each weight that is not 0, several times; G is n_items^2 numbers, said before they are asked for, and the result is sparse. */
#include "core/memory.h"
#include "core/watch.h"
#include "data/ratings.h"
#include "models/gram.h"
#include "models/slim_descend.h"
#include "models/sparse.h"
#include "models/user_rows.h"

#define GRAM_PART 0.1 /* of the whole that a watch is told: about */

enum { L1, L2, SWEEPS, TOLERANCE, USE_VALUES, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [L1] = {"l1", GUSTO_OPTION_REAL, 0.5, 0, 1e9, NULL, "weight of the absolute values: more of it, fewer weights"},
    [L2] = {"l2", GUSTO_OPTION_REAL, 150, 0, 1e9, NULL, "ridge on the weights, in users"},
    [SWEEPS] = {"sweeps", GUSTO_OPTION_INT, 100, 1, 1e6, NULL, "most passes over the weights of an item"},
    [TOLERANCE] = {"tolerance", GUSTO_OPTION_REAL, 1e-6, 0, 1, NULL, "an item is done when no weight has moved by more"},
    [USE_VALUES] = {"use_values", GUSTO_OPTION_BOOL, 0, 0, 1, NULL, "take the values of ratings, not 1 for every pair"},
};

static void row_of_weights(const void *self, int64_t i, gusto_real *w, gusto_real *scratch)
{
    gu_slim_descend(self, i, w, scratch);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    return n_items * gu_padded(n_items) * (int64_t)sizeof(gusto_real) +
           gu_user_rows_memory(model, n_users, nnz, gu_model_option(model, options[USE_VALUES].name) != 0);
}

static gusto_status solve(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings, gu_state *state)
{
    gusto_rows   by_user, by_item;
    gusto_status status = gu_ratings_both_ways(context, ratings, &by_user, &by_item);
    if (status < 0)
        return status;
    const bool    values = gu_model_option(model, options[USE_VALUES].name) != 0;
    const int64_t n = state->n_items, ld = gu_padded(n);
    gusto_real   *G = gu_new(context, n * ld + n, gusto_real), *diagonal = G ? G + n * ld : NULL;
    if (!G)
        return GUSTO_ENOMEM;
    gu_watch_part(context, 0, GRAM_PART);
    gu_gram(context, &(gu_gram_of){.rows = &by_item, .columns = &by_user, .values = values}, G, ld);
    gu_mirror(context, n, G, ld);
    for (int64_t i = 0; i < n; i++)
        diagonal[i] = G[i * ld + i];
    const gu_slim p = {.kernels = gu_kernels_of(context),
                       .G = G,
                       .diagonal = diagonal,
                       .n = n,
                       .ld = ld,
                       .sweeps = (int64_t)gu_model_option(model, options[SWEEPS].name),
                       .l1 = (gusto_real)gu_model_option(model, options[L1].name),
                       .l2 = (gusto_real)gu_model_option(model, options[L2].name),
                       .tolerance = (gusto_real)gu_model_option(model, options[TOLERANCE].name),
                       .screens = !values || state->low >= 0,
                       .first = GU_SLIM_FIRST,
                       .most = GU_SLIM_MOST};
    gu_sparse     columns = {0}, W = {0};
    gu_watch_part(context, GRAM_PART, 1);
    status = gu_sparse_build(context, n, (int32_t)n, 0, row_of_weights, &p, gu_slim_scratch(&p), &columns);
    gu_free(&context->allocator, G);
    if (status == GUSTO_OK)
        status = gu_sparse_transpose(context, &columns, &W);
    if (status == GUSTO_OK)
        status = gu_sparse_keep(context, &W, state);
    gu_sparse_clear(&context->allocator, &columns);
    gu_sparse_clear(&context->allocator, &W);
    return status;
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    (void)fit_options;
    const int64_t bytes = memory(model, state->n_users, state->n_items, gusto_ratings_nnz(ratings), false);
    gusto_status  status = gu_need(context, bytes, "slim, beside its weights");
    if (status == GUSTO_OK)
        status = gu_user_rows_keep(context, ratings, gu_model_option(model, options[USE_VALUES].name) != 0, state);
    return status < 0 ? status : solve(context, model, ratings, state);
}

static const char *const tensors[] = {"X.start", "X.item", "X.value", "S.start", "S.index", "S.value", NULL};

const gu_model_type gu_model_slim = {
    .name = "slim",
    .summary = "sparse linear weights between items, non-negative elastic net (Ning & Karypis 2011)",
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
