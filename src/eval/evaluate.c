/* See gusto/evaluate.h: sorts the metrics that are asked for into those of pairs and those of lists, and has each kind computed
 * once. */
#include "core/memory.h"
#include "eval/errors.h"
#include "eval/ranking.h"

#include <math.h>
#include <string.h>

gusto_evaluate_options gusto_evaluate_options_default(void)
{
    return (gusto_evaluate_options){.size = sizeof(gusto_evaluate_options), .relevant = -INFINITY};
}

static void count(const gu_test_set *test, gusto_evaluation *summary)
{
    summary->n_ratings = test->rows.nnz;
    for (int32_t u = 0; u < test->rows.n_rows; u++) {
        const int64_t n = test->rows.start[u + 1] - test->rows.start[u];
        summary->unseen_users += test->user_seen[u] ? 0 : n;
    }
    for (int64_t e = 0; e < test->rows.nnz; e++)
        summary->unseen_items += !test->item_seen[test->rows.column[e]];
}

static gusto_status all_errors(gusto_context *context, const gusto_model *model, const gu_test_set *test,
                               const gusto_evaluate_options *options, int n, const gu_metric *metric, double *value)
{
    int n_errors = 0;
    for (int m = 0; m < n; m++)
        n_errors += metric[m].type->kind == GU_METRIC_ERROR;
    if (n_errors == 0)
        return GUSTO_OK;

    gu_errors          errors;
    const gusto_status status = gu_errors_measure(context, model, test, !options->no_clip, &errors);
    for (int m = 0; m < n && status == GUSTO_OK; m++)
        if (metric[m].type->kind == GU_METRIC_ERROR)
            value[m] = strcmp(metric[m].type->name, "rmse") == 0 ? errors.rmse : errors.mae;
    return status;
}

static gusto_status all_rankings(gusto_context *context, const gusto_model *model, const gu_test_set *test,
                                 const gusto_evaluate_options *options, int64_t n_users, const int32_t *user, int n,
                                 const gu_metric *metric, double *value)
{
    gu_metric   *ranking = gu_new(context, n, gu_metric);
    double      *found = gu_new(context, n, double);
    int          n_rankings = 0;
    gusto_status status = GUSTO_ENOMEM;
    if (ranking && found) {
        for (int m = 0; m < n; m++)
            if (metric[m].type->kind != GU_METRIC_ERROR)
                ranking[n_rankings++] = metric[m];
        status = GUSTO_OK;
        if (n_rankings > 0 && n_users == 0)
            status =
                gu_error(context, GUSTO_EARG, "no user of the test ratings is in the training ratings and has a relevant item");
        else if (n_rankings > 0)
            status = gu_rank(context, model, test, options, n_users, user, n_rankings, ranking, found);
    }
    for (int m = 0, r = 0; m < n && status == GUSTO_OK; m++)
        if (metric[m].type->kind != GU_METRIC_ERROR)
            value[m] = found[r++];
    gu_free(&context->allocator, ranking);
    gu_free(&context->allocator, found);
    return status;
}

gusto_status gusto_evaluate(gusto_context *context, const gusto_model *model, const gusto_ratings *test,
                            const gusto_evaluate_options *options, int n, const char *const *metrics, double *values,
                            gusto_evaluation *summary)
{
    const gusto_evaluate_options opts = options ? *options : gusto_evaluate_options_default();
    gusto_evaluation             counts = {0};
    gu_test_set                  set = {0};
    int32_t                     *user = NULL;

    if (!gusto_model_is_fitted(model))
        return gu_error(context, GUSTO_EUNFIT, "%s: not fitted, so there is nothing to evaluate", gusto_model_name(model));
    if (opts.size != sizeof opts)
        return gu_error(context, GUSTO_EARG, "gusto_evaluate_options.size is %zu, expected %zu", opts.size, sizeof opts);
    if (n < 0)
        return gu_error(context, GUSTO_EARG, "%d metrics", n);
    if (gusto_ratings_nnz(test) == 0)
        return gu_error(context, GUSTO_EARG, "no test ratings");

    gu_metric   *metric = gu_new(context, n, gu_metric);
    gusto_status status = metric ? GUSTO_OK : GUSTO_ENOMEM;
    for (int m = 0; m < n && status == GUSTO_OK; m++)
        status = gu_metric_parse(context, metrics[m], &metric[m]);
    if (status == GUSTO_OK)
        status = gu_test_set_init(context, model, test, &set);
    if (status == GUSTO_OK) {
        user = gu_new(context, set.rows.n_rows, int32_t);
        status = user ? GUSTO_OK : GUSTO_ENOMEM;
    }
    if (status == GUSTO_OK) {
        count(&set, &counts);
        counts.ranked_users = gu_ranked_users(&set, &opts, user);
        status = all_errors(context, model, &set, &opts, n, metric, values);
    }
    if (status == GUSTO_OK)
        status = all_rankings(context, model, &set, &opts, counts.ranked_users, user, n, metric, values);
    if (status == GUSTO_OK && summary)
        *summary = counts;

    gu_free(&context->allocator, user);
    gu_test_set_clear(&context->allocator, &set);
    gu_free(&context->allocator, metric);
    return status;
}
