/* Why an item is recommended: the parts that its features have in the score. */
#include "core/memory.h"
#include "data/features.h"
#include "models/model_type.h"

#include <math.h>

gusto_status gusto_model_explain(gusto_context *context, const gusto_model *model, int32_t user, int32_t item, int n_best,
                                 int32_t *features, gusto_real *parts)
{
    const gusto_status status = gu_model_check_fitted(context, model);
    if (status < 0)
        return status;
    if (!model->type->explain)
        return gu_error(context, GUSTO_EUNSUPPORTED, "model %s does not score by features, so it cannot explain",
                        model->type->name);
    if (user < 0 || user >= model->state.n_users || item < 0 || item >= model->state.n_items)
        return gu_error(context, GUSTO_EID, "user %d, item %d: expected 0 to %d and 0 to %d", user, item,
                        model->state.n_users - 1, model->state.n_items - 1);
    const gu_rows *rows = &model->state.item_features->rows;
    const int64_t  begin = rows->start[item], n = rows->start[item + 1] - begin;
    gusto_real    *part = gu_new(context, n, gusto_real);
    if (!part)
        return GUSTO_ENOMEM;
    model->type->explain(model, user, item, part);
    for (int b = 0; b < n_best; b++) { /* the greatest that is left; equal ones by feature */
        int64_t best = -1;
        for (int64_t j = 0; j < n; j++)
            if (!isnan((double)part[j]) && (best < 0 || part[j] > part[best]))
                best = j;
        features[b] = best < 0 ? -1 : rows->column[begin + best];
        parts[b] = best < 0 ? (gusto_real)NAN : part[best];
        if (best >= 0)
            part[best] = (gusto_real)NAN;
    }
    gu_free(&context->allocator, part);
    return GUSTO_OK;
}
