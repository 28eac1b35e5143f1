/* Fold-in: checks what the caller gives, then asks the model. */
#include "core/memory.h"
#include "models/factors.h"
#include "models/model_type.h"

#include <math.h>

/* Ratings of one new user or item: `what` is what they name, of which there are n_known. */
static gusto_status check(gusto_context *context, const char *what, int32_t n_known, int64_t n, const int32_t *id,
                          const gusto_real *value, const gusto_real *weight)
{
    if (n < 0)
        return gu_error(context, GUSTO_EARG, "n is %lld, expected at least 0", (long long)n);
    gusto_status status = GUSTO_OK;
    bool        *had = gu_new_zero(context, n_known, bool);
    if (!had)
        return GUSTO_ENOMEM;
    for (int64_t j = 0; j < n && status == GUSTO_OK; j++) {
        if (id[j] < 0 || id[j] >= n_known)
            status = gu_error(context, GUSTO_EID, "%s[%lld] is %d, expected 0 to %d", what, (long long)j, id[j], n_known - 1);
        else if (had[id[j]])
            status = gu_error(context, GUSTO_EDUPLICATE, "%s[%lld] is %d, which came before", what, (long long)j, id[j]);
        else if (!isfinite((double)value[j]) || (weight && (!isfinite((double)weight[j]) || weight[j] < 0)))
            status =
                gu_error(context, GUSTO_EARG, "value or weight [%lld] is not finite, or the weight is negative", (long long)j);
        else
            had[id[j]] = true;
    }
    gu_free(&context->allocator, had);
    return status;
}

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
    status = check(context, "item", model->state.n_items, n, item, value, weight);
    return status < 0 ? status : model->type->fold_in(context, model, n, item, value, weight, row);
}

int64_t gusto_model_item_width(const gusto_model *model)
{
    return model->type->fold_in_item ? gu_factors_width(model) : 0;
}

static gusto_status check_items(gusto_context *context, const gusto_model *model)
{
    const gusto_status status = gu_model_check_fitted(context, model);
    if (status == GUSTO_OK && !model->type->fold_in_item)
        return gu_error(context, GUSTO_EUNSUPPORTED, "model %s has no fold-in of items", model->type->name);
    return status;
}

gusto_status gusto_model_fold_in_item(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *user,
                                      const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    gusto_status status = check_items(context, model);
    if (status == GUSTO_OK)
        status = check(context, "user", model->state.n_users, n, user, value, weight);
    return status < 0 ? status : model->type->fold_in_item(context, model, n, user, value, weight, row);
}

gusto_status gusto_model_predict_item(gusto_context *context, const gusto_model *model, const gusto_real *row, int64_t n,
                                      const int32_t *users, gusto_real *out)
{
    const gu_state    *state = &model->state;
    const gusto_status status = check_items(context, model);
    if (status < 0)
        return status;
    for (int64_t j = 0; j < n; j++)
        if (users[j] < -1 || users[j] >= state->n_users)
            return gu_error(context, GUSTO_EID, "users[%lld] is %d, expected -1 to %d", (long long)j, users[j],
                            state->n_users - 1);

    const gu_kernels   *kernels = gu_kernels_of(context);
    const gusto_tensor *P = gu_state_tensor(state, "P");
    const gusto_real   *bu = gu_state_optional(state, "bu"), base = gu_state_real(state, "mu")[0] + row[P->columns];
    for (int64_t j = 0; j < n; j++) {
        const int64_t u = users[j];
        out[j] = u < 0 ? base : base + (bu ? bu[u] : 0) + kernels->dot(P->columns, (const gusto_real *)P->data + u * P->ld, row);
    }
    if (model->type->link)
        model->type->link(model, n, out);
    return GUSTO_OK;
}
