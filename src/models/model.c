/* Making a model, and what can be asked of it without a context's help. Its options: model_options.c. */
#include "core/memory.h"
#include "models/members.h"

#include <string.h>

static const char *name_at(const void *arg, int t, char *scratch)
{
    (void)arg;
    (void)scratch;
    return gu_model_type_at(t)->name;
}

static gusto_status find(gusto_context *context, const char *name, const gu_model_type **type)
{
    int t = 0;
    for (; (*type = gu_model_type_at(t)); t++)
        if (strcmp((*type)->name, name) == 0)
            return GUSTO_OK;
    return gu_unknown(context, GUSTO_EARG, "model", name, t, name_at, NULL);
}

gusto_status gusto_model_create(gusto_context *context, const char *name, gusto_model **out)
{
    *out = NULL;
    const gu_model_type *type;
    gusto_status         status = find(context, name, &type);
    if (status < 0)
        return status;
    gu_roster roster = {0};
    for (int o = 0; status == GUSTO_OK && o < type->n_options; o++)
        if (type->members && strcmp(type->options[o].name, type->members) == 0)
            status = gu_roster_read(context, type, type->options[o].choice(0), &roster);
    if (status < 0)
        return status;
    gusto_model *model = gu_new_zero(context, 1, gusto_model);
    if (!model)
        return GUSTO_ENOMEM;
    model->type = type;
    model->allocator = context->allocator;
    status = gu_roster_options(context, type, &roster, &model->options);
    if (status < 0) {
        gusto_model_destroy(model);
        return status;
    }
    *out = model;
    return GUSTO_OK;
}

void gusto_model_destroy(gusto_model *model)
{
    if (!model)
        return;
    const gusto_allocator allocator = model->allocator;
    gu_state_clear(&allocator, &model->state);
    gu_options_clear(&allocator, &model->options);
    gu_free(&allocator, model->optimizer_values);
    gu_free(&allocator, model);
}

gusto_status gu_model_check_fitted(gusto_context *context, const gusto_model *model)
{
    return model->fitted ? GUSTO_OK : gu_error(context, GUSTO_EUNFIT, "model %s is not fitted", model->type->name);
}

gusto_status gusto_model_memory(gusto_context *context, const gusto_model *model, int32_t n_users, int32_t n_items, int64_t nnz,
                                bool dense, int64_t *bytes)
{
    if (n_users < 0 || n_items < 0 || nnz < 0)
        return gu_error(context, GUSTO_EARG, "a shape must not be negative");
    *bytes = model->type->memory(model, n_users, n_items, nnz, dense);
    if (gu_model_option(model, "keep_seen") != 0)
        *bytes += nnz * (int64_t)sizeof(int32_t) + (n_users + INT64_C(1)) * (int64_t)sizeof(int64_t);
    return GUSTO_OK;
}

const char *gusto_model_name(const gusto_model *model)
{
    return model->type->name;
}

bool gusto_model_trains_by_gradients(const gusto_model *model)
{
    return model->type->by_gradients;
}

bool gusto_model_is_fitted(const gusto_model *model)
{
    return model->fitted;
}

int32_t gusto_model_n_users(const gusto_model *model)
{
    return model->state.n_users;
}

int32_t gusto_model_n_items(const gusto_model *model)
{
    return model->state.n_items;
}

gusto_ids *gusto_model_user_ids(const gusto_model *model)
{
    return model->state.user_ids;
}

gusto_ids *gusto_model_item_ids(const gusto_model *model)
{
    return model->state.item_ids;
}

uint64_t gusto_model_seed(const gusto_model *model)
{
    return model->state.seed;
}

gu_scale gu_scale_scores(const gusto_model *model)
{
    (void)model;
    return GU_SCALE_SCORES;
}

bool gusto_model_predicts_ratings(const gusto_model *model)
{
    return gu_model_scale(model) != GU_SCALE_SCORES;
}

bool gusto_model_scores_predict(const gusto_model *model)
{
    return gu_model_scale(model) != GU_SCALE_LISTS;
}

void gusto_model_range(const gusto_model *model, gusto_real *low, gusto_real *high)
{
    *low = model->state.low;
    *high = model->state.high;
}

double gusto_model_mean(const gusto_model *model)
{
    return model->state.mean;
}

const gusto_features *gusto_model_user_features(const gusto_model *model)
{
    return model->state.user_features;
}

const gusto_features *gusto_model_item_features(const gusto_model *model)
{
    return model->state.item_features;
}

bool gusto_model_uses_user_features(const gusto_model *model)
{
    return gu_members_use(model, false);
}

bool gusto_model_uses_item_features(const gusto_model *model)
{
    return gu_members_use(model, true);
}

bool gusto_model_uses_weights(const gusto_model *model)
{
    return !model->type->ignores_weights;
}

const gusto_epoch *gusto_model_history(const gusto_model *model, int64_t *n)
{
    *n = model->state.history.n;
    return model->state.history.epoch;
}

void gusto_model_seen(const gusto_model *model, gusto_rows *seen)
{
    const gu_state *state = &model->state;
    *seen = (gusto_rows){.n_columns = state->n_items};
    if (!state->seen_start)
        return;
    seen->n_rows = state->n_users;
    seen->nnz = state->seen_start[state->n_users];
    seen->start = state->seen_start;
    seen->column = state->seen_item;
}

bool gusto_model_tensor_at(const gusto_model *model, int t, gusto_tensor *out)
{
    if (t < 0 || t >= model->state.n_tensors)
        return t >= 0 && gu_members_tensor_at(&model->state, t - model->state.n_tensors, out);
    *out = model->state.tensor[t];
    return true;
}

bool gusto_model_tensor(const gusto_model *model, const char *name, gusto_tensor *out)
{
    const gusto_tensor *tensor = gu_state_tensor(&model->state, name);
    if (!tensor)
        return gu_members_tensor(&model->state, name, out);
    *out = *tensor;
    return true;
}
