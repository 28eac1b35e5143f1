/* Fold-in: checks what the caller gives, then asks the model. */
#include "core/memory.h"
#include "models/model_type.h"

#include <math.h>

int64_t gusto_model_user_width(const gusto_model *model)
{
    return model->type->fold_in ? model->type->row_width(model) : 0;
}

gusto_status gusto_model_fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                                 const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    gusto_status status = gu_model_check_fitted(context, model);
    if (status < 0)
        return status;
    if (gusto_model_user_width(model) == 0)
        return gu_error(context, GUSTO_EUNSUPPORTED, "model %s has no fold-in", model->type->name);

    bool *had = gu_new_zero(context, model->state.n_items, bool);
    if (!had)
        return GUSTO_ENOMEM;
    for (int64_t j = 0; j < n && status == GUSTO_OK; j++) {
        if (item[j] < 0 || item[j] >= model->state.n_items)
            status = gu_error(context, GUSTO_EID, "item[%lld] is %d, expected 0 to %d", (long long)j, item[j],
                              model->state.n_items - 1);
        else if (had[item[j]])
            status = gu_error(context, GUSTO_EDUPLICATE, "item[%lld] is %d, which came before", (long long)j, item[j]);
        else if (!isfinite((double)value[j]) || (weight && (!isfinite((double)weight[j]) || weight[j] < 0)))
            status =
                gu_error(context, GUSTO_EARG, "value or weight [%lld] is not finite, or the weight is negative", (long long)j);
        else
            had[item[j]] = true;
    }
    gu_free(&context->allocator, had);
    return status < 0 ? status : model->type->fold_in(context, model, n, item, value, weight, row);
}
