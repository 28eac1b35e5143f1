/* Why an item is recommended: the parts of what its score is a sum over. */
#include "core/memory.h"
#include "data/features.h"
#include "models/model_type.h"

#include <math.h>

gusto_reasons gusto_model_reasons(const gusto_model *model)
{
    return model->type->reasons ? model->type->reasons(model) : GUSTO_REASONS_NONE;
}

static int64_t count(const gusto_model *model, gusto_reasons reasons, int32_t item)
{
    const gu_state *state = &model->state;
    switch (reasons) {
    case GUSTO_REASONS_FEATURES:
        return state->item_features->rows.start[item + 1] - state->item_features->rows.start[item];
    case GUSTO_REASONS_ITEMS:
        return state->n_items;
    case GUSTO_REASONS_MEMBERS:
        return state->n_members;
    case GUSTO_REASONS_NONE:
        break;
    }
    return 0;
}

/* The greatest parts, equal ones by what they are of. */
static void take_best(int64_t n, gusto_real *part, const int32_t *what, int n_best, int32_t *reasons, gusto_real *parts)
{
    for (int b = 0; b < n_best; b++) {
        int64_t best = -1;
        for (int64_t j = 0; j < n; j++)
            if (!isnan((double)part[j]) && (best < 0 || part[j] > part[best]))
                best = j;
        reasons[b] = best < 0 ? -1 : what ? what[best] : (int32_t)best;
        parts[b] = best < 0 ? (gusto_real)NAN : part[best];
        if (best >= 0)
            part[best] = (gusto_real)NAN;
    }
}

static gusto_status check(gusto_context *context, const gusto_model *model, int32_t item)
{
    const gusto_status status = gu_model_check_fitted(context, model);
    if (status < 0)
        return status;
    if (gusto_model_reasons(model) == GUSTO_REASONS_NONE)
        return gu_error(context, GUSTO_EUNSUPPORTED,
                        "model %s does not score by features, a user's items or members, so it cannot explain",
                        model->type->name);
    if (item < 0 || item >= model->state.n_items)
        return gu_error(context, GUSTO_EID, "item is %d, expected 0 to %d", item, model->state.n_items - 1);
    return GUSTO_OK;
}

static gusto_status explain(gusto_context *context, const gusto_model *model, int32_t user, const gusto_real *row, int32_t item,
                            int n_best, int32_t *reasons, gusto_real *parts)
{
    const gusto_reasons kind = gusto_model_reasons(model);
    const int64_t       n = count(model, kind, item);
    gusto_real         *part = gu_new(context, n, gusto_real);
    if (!part)
        return GUSTO_ENOMEM;
    for (int64_t j = 0; j < n; j++)
        part[j] = (gusto_real)NAN;
    const gusto_status status = model->type->explain(context, model, user, row, item, part);
    const gu_rows     *features = kind == GUSTO_REASONS_FEATURES ? &model->state.item_features->rows : NULL;
    if (status == GUSTO_OK)
        take_best(n, part, features ? features->column + features->start[item] : NULL, n_best, reasons, parts);
    gu_free(&context->allocator, part);
    return status;
}

gusto_status gusto_model_explain(gusto_context *context, const gusto_model *model, int32_t user, int32_t item, int n_best,
                                 int32_t *reasons, gusto_real *parts)
{
    const gusto_status status = check(context, model, item);
    if (status < 0)
        return status;
    if (user < 0 || user >= model->state.n_users)
        return gu_error(context, GUSTO_EID, "user is %d, expected 0 to %d", user, model->state.n_users - 1);
    return explain(context, model, user, NULL, item, n_best, reasons, parts);
}

gusto_status gusto_model_explain_row(gusto_context *context, const gusto_model *model, const gusto_real *row, int32_t item,
                                     int n_best, int32_t *reasons, gusto_real *parts)
{
    const gusto_status status = check(context, model, item);
    if (status < 0)
        return status;
    if (gusto_model_user_width(model) == 0)
        return gu_error(context, GUSTO_EUNSUPPORTED, "model %s has no fold-in", model->type->name);
    return explain(context, model, -1, row, item, n_best, reasons, parts);
}
