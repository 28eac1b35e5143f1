/* Lists as a file: docs/file-format.md. */
#include "core/memory.h"
#include "io/ids_container.h"
#include "models/model_type.h"

#include <stdio.h>

static gusto_status check_lists(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, int n_best,
                                const int32_t *items)
{
    const gu_state *state = &model->state;
    if (n < 0 || n_best < 1)
        return gu_error(context, GUSTO_EARG, "%lld lists of %d, expected at least 0 of at least 1", (long long)n, n_best);
    for (int64_t j = 0; j < n; j++) {
        if (users[j] < 0 || users[j] >= state->n_users)
            return gu_error(context, GUSTO_EID, "users[%lld] is %d, expected 0 to %d", (long long)j, users[j],
                            state->n_users - 1);
        for (int b = 0; b < n_best; b++)
            if (items[j * n_best + b] < -1 || items[j * n_best + b] >= state->n_items)
                return gu_error(context, GUSTO_EID, "items[%lld] is %d, expected -1 to %d", (long long)(j * n_best + b),
                                items[j * n_best + b], state->n_items - 1);
    }
    return GUSTO_OK;
}

gusto_status gusto_lists_save(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, int n_best,
                              const int32_t *items, const gusto_real *scores, const char *path)
{
    const gusto_dtype real = sizeof(gusto_real) == sizeof(double) ? GUSTO_F64 : GUSTO_F32;
    gusto_status      status = gu_model_check_fitted(context, model);
    if (status == GUSTO_OK)
        status = check_lists(context, model, n, users, n_best, items);
    if (status < 0)
        return status;

    gusto_tensor   tensor[3 + 2 * GU_IDS_TENSORS] = {{"user", GUSTO_I32, n, 1, 1, users},
                                                     {"item", GUSTO_I32, n, n_best, n_best, items}};
    int            n_tensors = 2;
    gu_ids_tensors ids[2];
    if (scores)
        tensor[n_tensors++] = (gusto_tensor){"score", real, n, n_best, n_best, scores};
    gu_ids_to_tensors(model->state.user_ids, "user_ids", &ids[0]);
    gu_ids_to_tensors(model->state.item_ids, "item_ids", &ids[1]);
    for (int side = 0; side < 2; side++)
        for (int t = 0; t < ids[side].n; t++)
            tensor[n_tensors++] = ids[side].tensor[t];

    char size[2][16];
    snprintf(size[0], sizeof size[0], "%d", model->state.n_users);
    snprintf(size[1], sizeof size[1], "%d", model->state.n_items);
    const gusto_metadata metadata[] = {
        {"content", "lists"}, {"model", model->type->name}, {"n_users", size[0]}, {"n_items", size[1]}};
    return gusto_container_write(context, path, tensor, n_tensors, metadata, sizeof metadata / sizeof *metadata);
}
