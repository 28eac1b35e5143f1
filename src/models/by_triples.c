/* See by_triples.h. */
#include "models/by_triples.h"

#include "core/memory.h"
#include "models/by_gradients.h"
#include "models/factors.h"
#include "models/held_out_ndcg.h"

#include <math.h>

static gusto_status measure(gusto_context *context, void *self, const gusto_model *model, const gu_held_out *pairs,
                            double *metric)
{
    return gu_held_out_ndcg(context, model, pairs, &((const gu_triples *)self)->rows, metric);
}

gu_triples_settings gu_by_triples_settings(const gusto_model *model)
{
    return (gu_triples_settings){.k = (int64_t)gu_model_option(model, "rank"),
                                 .l2_user = gu_model_option(model, "l2_user"),
                                 .l2_item = gu_model_option(model, "l2_item"),
                                 .l2_bias = gu_model_option(model, "l2_bias"),
                                 .candidates = 1};
}

gusto_status gu_by_triples_attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    return gu_factors_expect(context, state, (int64_t)gu_model_option(model, "rank"), false,
                             gu_model_option(model, "biases") != 0);
}

int64_t gu_by_triples_memory(const gu_triples_settings *set, int64_t n_users, int64_t n_items, int64_t nnz)
{
    const int64_t parameters = (n_users + n_items) * gu_padded(set->k) + n_items;
    return parameters * (int64_t)sizeof(gusto_real) + gu_triples_memory(set->k, set->power > 0, n_users, n_items, nnz);
}

gusto_status gu_by_triples_fit(gusto_context *context, const gusto_model *model, const gu_triples_settings *set,
                               const gusto_ratings *ratings, const gusto_fit_options *fit, gu_state *state)
{
    gusto_status status = gu_factors_add(context, state, set->k, 0, false, gu_model_option(model, "biases") != 0);
    if (status < 0)
        return status;
    gu_factors_draw(context, state, gu_model_option(model, "init") / sqrt((double)set->k), false);
    gu_training training;
    gu_training_read(&model->options, model->optimizer, model->optimizer_values, &training);
    gu_triples *triples = gu_new_zero(context, 1, gu_triples);
    if (!triples)
        return GUSTO_ENOMEM;
    status = gu_triples_init(context, set, &training, ratings, gu_state_real(state, "P"), gu_state_real(state, "Q"),
                             gu_state_optional(state, "bi"), triples);
    const gu_by_gradients how = {
        .self = triples, .params = &triples->params, .begin = gu_triples_begin, .step = gu_triples_step, .measure = measure};
    if (status == GUSTO_OK)
        status = gu_by_gradients_fit(context, model, &training, ratings, &how, fit, state);
    gu_triples_clear(&context->allocator, triples);
    gu_free(&context->allocator, triples);
    return status;
}
