/* Fitting: a new state is made beside the old one, and takes its place only when it is whole. */
#include "core/memory.h"
#include "core/watch.h"
#include "data/features.h"
#include "models/start.h"

#include <omp.h>
#include <stddef.h>
#include <string.h>

static gusto_status keep_seen(gusto_context *context, const gusto_rows *rows, gu_state *state)
{
    state->seen_start = gu_new(context, rows->n_rows + INT64_C(1), int64_t);
    state->seen_item = gu_new(context, rows->nnz, int32_t);
    if (!state->seen_start || !state->seen_item)
        return GUSTO_ENOMEM;
    memcpy(state->seen_start, rows->start, ((size_t)rows->n_rows + 1) * sizeof(int64_t));
    if (rows->nnz)
        memcpy(state->seen_item, rows->column, (size_t)rows->nnz * sizeof(int32_t));
    return GUSTO_OK;
}

/* The features in the numbering of the model, which has all of their rows. */
static gusto_status keep_features(gusto_context *context, const gusto_fit_options *fit, gu_state *state)
{
    gusto_status status = GUSTO_OK;
    if (fit->user_features)
        status = gusto_features_match(context, fit->user_features, state->user_ids, state->n_users, &state->user_features);
    if (status == GUSTO_OK && fit->item_features)
        status = gusto_features_match(context, fit->item_features, state->item_ids, state->n_items, &state->item_features);
    return status;
}

/* Options as the caller gave them, completed by defaults if they are of the size that they had before there were features. */
static gusto_status complete(gusto_context *context, const gusto_model *model, const gusto_fit_options *options,
                             gusto_fit_options *fit)
{
    const gusto_status status = gusto_model_check(context, model);
    *fit = gusto_fit_options_default();
    if (status < 0 || !options)
        return status;
    if (options->size > sizeof *fit || options->size < offsetof(gusto_fit_options, user_features))
        return gu_error(context, GUSTO_EARG,
                        "gusto_fit_options.size is %zu, expected %zu: start from gusto_fit_options_default()", options->size,
                        sizeof *fit);
    memcpy(fit, options, options->size);
    fit->size = sizeof *fit;
    if ((fit->checkpoint || fit->resume) && !model->type->by_gradients)
        return gu_error(context, GUSTO_EUNSUPPORTED, "model %s is not trained by gradients: it has no checkpoints",
                        model->type->name);
    const bool users = !fit->user_features || gusto_model_uses_user_features(model);
    if (!users || (fit->item_features && !gusto_model_uses_item_features(model)))
        return gu_error(context, GUSTO_EUNSUPPORTED, "model %s makes no use of features of %s", model->type->name,
                        users ? "items" : "users");
    if (fit->from && (fit->checkpoint || fit->resume))
        return gu_error(context, GUSTO_EUNSUPPORTED, "a fit that goes on from a model has no checkpoints");
    return fit->from ? gu_start_check(context, model, fit->from) : GUSTO_OK;
}

/* What a fit that goes on keeps of the model: the mean, the range as far as it goes, and who has had what. */
static gusto_status keep_old(gusto_context *context, bool seen, gu_state *state)
{
    const gu_state *old = &state->start->from->state;
    state->low = old->low < state->low ? old->low : state->low;
    state->high = old->high > state->high ? old->high : state->high;
    state->mean = old->mean;
    return seen ? gu_start_seen(context, state->start, &state->seen_start, &state->seen_item) : GUSTO_OK;
}

static gusto_status describe(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings, gu_state *state)
{
    gusto_rows   rows;
    gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status < 0)
        return status;
    state->n_users = rows.n_rows;
    state->n_items = rows.n_columns;
    state->user_ids = gusto_ids_retain(gusto_ratings_user_ids(ratings));
    state->item_ids = gusto_ids_retain(gusto_ratings_item_ids(ratings));
    gusto_ratings_range(ratings, &state->low, &state->high);
    state->mean = gusto_ratings_mean(ratings);
    state->seed = context->seed;
    if (model->optimizer && !(state->optimizer = gu_strdup(context, model->optimizer->name)))
        return GUSTO_ENOMEM;
    const bool seen = gu_model_option(model, "keep_seen") != 0;
    if (state->start)
        return keep_old(context, seen, state);
    return seen ? keep_seen(context, &rows, state) : GUSTO_OK;
}

/* What a watch tells is progress within an epoch, in thousandths. */
static bool tell(const gu_watch *watch, double share)
{
    enum { TOTAL = 1000 };
    const gusto_fit_options *fit = watch->self;
    const gusto_progress     progress = {.size = sizeof progress,
                                         .epoch = watch->epoch,
                                         .n_epochs = watch->n_epochs,
                                         .done = (int64_t)(share * TOTAL),
                                         .total = TOTAL};
    return fit->progress(fit->user, &progress);
}

/* Fits under a watch, if there is somebody to tell. The fit may be that of a member: the watch of the whole comes back. A fit that the watch has
 * stopped before it had an epoch to its history has nothing to show. */
static gusto_status fit_watched(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                                const gusto_fit_options *fit, gu_state *state)
{
    gu_watch  watch = {.stops = tell, .self = fit, .epoch = 1, .n_epochs = 1, .to = 1, .level = omp_get_level()};
    gu_watch *outer = context->watch;
    context->watch = fit->progress ? &watch : NULL;
    const gusto_status status = model->type->fit(context, model, ratings, fit, state);
    context->watch = outer;
    state->unmade |= watch.stopped && state->history.n == 0;
    return status;
}

gusto_status gusto_model_fit(gusto_context *context, gusto_model *model, const gusto_ratings *ratings,
                             const gusto_fit_options *options)
{
    gusto_fit_options fit;
    gusto_ratings    *extended = NULL; /* with the users and items that only features know */
    gusto_status      status = complete(context, model, options, &fit);
    if (status < 0)
        return status;
    if (gusto_ratings_nnz(ratings) == 0)
        return gu_error(context, GUSTO_EARG, "there are no ratings to fit to");
    if (fit.user_features || fit.item_features)
        status = gu_ratings_extend(context, ratings, fit.user_features, fit.item_features, &extended);
    if (status < 0)
        return status;
    if (extended)
        ratings = extended;

    gu_state state = {0};
    gu_start start = {0};
    if (fit.from) {
        status = gu_start_init(context, fit.from, ratings, &start);
        state.start = &start;
        ratings = start.ratings;
    }
    if (status == GUSTO_OK)
        status = describe(context, model, ratings, &state);
    if (status == GUSTO_OK)
        status = keep_features(context, &fit, &state);
    if (status == GUSTO_OK)
        status = fit_watched(context, model, ratings, &fit, &state);
    gu_start_clear(&context->allocator, &start);
    gusto_ratings_destroy(extended);
    state.start = NULL;
    if ((status < 0 && status != GUSTO_EDIVERGED) || state.unmade) {
        gu_state_clear(&context->allocator, &state);
        return status;
    }
    gu_state_clear(&model->allocator, &model->state);
    model->allocator = context->allocator;
    model->state = state;
    model->fitted = true;
    if (status >= 0 && state.history.unsaved < 0)
        return gu_error(context, state.history.unsaved,
                        "%s: the last checkpoint could not be written; the model is fitted all the same", fit.checkpoint);
    return status;
}
