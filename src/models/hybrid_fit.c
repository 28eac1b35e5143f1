/* Fitting the members of a hybrid, once to all ratings and once to each part of them. */
#include "core/memory.h"
#include "models/hybrid.h"

#include <math.h>
#include <omp.h>

/* A member's own progress is the hybrid's: where it stands is which member of which pass is being fitted. */
static bool report(void *user, const gusto_progress *progress)
{
    gu_hybrid_fit *fit = user;
    (void)progress;
    if (fit->cancelled || !fit->options->progress)
        return fit->cancelled;
    const gusto_progress whole = {
        .size = sizeof whole, .epoch = fit->pass + 1, .n_epochs = fit->n_passes, .done = fit->member, .total = fit->roster.n};
    fit->cancelled = fit->options->progress(fit->options->user, &whole);
    return fit->cancelled;
}

gusto_status gu_hybrid_member(gu_hybrid_fit *fit, const gusto_ratings *ratings, int m, gusto_model **out)
{
    gusto_context *context = fit->context;
    fit->member = m;
    gusto_status status = gu_roster_make(context, fit->model, &fit->roster, m, out);
    if (status < 0)
        return status;
    gusto_fit_options options = *fit->options;
    options.validation = NULL;
    options.user_features = gusto_model_uses_user_features(*out) ? options.user_features : NULL;
    options.item_features = gusto_model_uses_item_features(*out) ? options.item_features : NULL;
    options.progress = report;
    options.user = fit;

    const uint64_t seed = context->seed;
    context->seed = seed + (uint64_t)fit->roster.number[m];
    status = gusto_model_fit(context, *out, ratings, &options);
    context->seed = seed;
    if (status == GUSTO_EDIVERGED) {
        gu_log(context, GUSTO_LOG_WARNING, "member %s: %s", fit->roster.label[m], context->message);
        status = GUSTO_OK;
    }
    if (status == GUSTO_CANCELLED && !gusto_model_is_fitted(*out)) {
        gusto_model_destroy(*out);
        *out = NULL;
        return GUSTO_CANCELLED;
    }
    if (status < 0) {
        gusto_model_destroy(*out);
        *out = NULL;
        return gu_error(context, status, "member %s: %s", fit->roster.label[m], context->message);
    }
    report(fit, NULL);
    return GUSTO_OK;
}

static gusto_status count(gusto_context *context, const gusto_ratings *ratings, gu_hybrid_pass *pass)
{
    gusto_rows         rows;
    const gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status < 0)
        return status;
    pass->user_count = gu_new(context, rows.n_rows, int32_t);
    pass->item_count = gu_new_zero(context, rows.n_columns, int32_t);
    if (!pass->user_count || !pass->item_count)
        return GUSTO_ENOMEM;
    for (int32_t u = 0; u < rows.n_rows; u++)
        pass->user_count[u] = (int32_t)(rows.start[u + 1] - rows.start[u]);
    for (int64_t e = 0; e < rows.nnz; e++)
        pass->item_count[rows.column[e]]++;
    return GUSTO_OK;
}

gusto_status gu_hybrid_pass_run(gu_hybrid_fit *fit, const gusto_ratings *train, const gusto_ratings *test, gu_hybrid_pass *out)
{
    gusto_context *context = fit->context;
    *out = (gu_hybrid_pass){0};
    gusto_status status = gu_held_out_of(context, test, fit->state, &out->pairs);
    if (status == GUSTO_OK)
        status = count(context, train, out);
    if (status == GUSTO_OK && !(out->prediction = gu_new(context, fit->roster.n * out->pairs.n, gusto_real)))
        status = GUSTO_ENOMEM;
    for (int m = 0; m < fit->roster.n && status == GUSTO_OK && !fit->cancelled; m++) {
        gusto_model *member = NULL;
        status = gu_hybrid_member(fit, train, m, &member);
        if (status == GUSTO_OK)
            status = gusto_model_predict(context, member, out->pairs.n, out->pairs.user, out->pairs.item,
                                         out->prediction + m * out->pairs.n);
        gusto_model_destroy(member);
    }
    if (status < 0 || fit->cancelled)
        gu_hybrid_pass_clear(&context->allocator, out);
    return status == GUSTO_CANCELLED ? GUSTO_OK : status; /* fit->cancelled says it */
}

void gu_hybrid_pass_clear(const gusto_allocator *allocator, gu_hybrid_pass *pass)
{
    gu_held_out_clear(allocator, &pass->pairs);
    gu_free(allocator, pass->prediction);
    gu_free(allocator, pass->user_count);
    gu_free(allocator, pass->item_count);
    *pass = (gu_hybrid_pass){0};
}

gu_stack_pairs gu_hybrid_pairs(const gu_hybrid_fit *fit, const gu_hybrid_pass *pass)
{
    return (gu_stack_pairs){.n = pass->pairs.n,
                            .n_members = fit->roster.n,
                            .user = pass->pairs.user,
                            .item = pass->pairs.item,
                            .value = pass->pairs.value,
                            .prediction = pass->prediction,
                            .user_count = pass->user_count,
                            .item_count = pass->item_count,
                            .mean = fit->state->mean};
}

void gu_hybrid_pass_end(gu_hybrid_fit *fit, double seconds, double error)
{
    gu_history  *history = &fit->state->history;
    gusto_epoch *epoch = &history->epoch[history->n++];
    const double fitted = (double)gusto_ratings_nnz(fit->ratings) * fit->roster.n;
    *epoch = (gusto_epoch){.epoch = ++fit->pass, .loss = error, .validation = NAN, .rate = NAN, .seconds = seconds};
    epoch->ratings_per_second = seconds > 0 ? fitted / seconds : 0;
    const gusto_progress progress = {.size = sizeof progress,
                                     .epoch = fit->pass,
                                     .n_epochs = fit->n_passes,
                                     .done = fit->roster.n,
                                     .total = fit->roster.n,
                                     .finished = epoch};
    if (!fit->cancelled && fit->options->progress)
        fit->cancelled = fit->options->progress(fit->options->user, &progress);
}
