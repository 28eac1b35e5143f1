/* The fitted state: named tensors. */
#include "core/memory.h"
#include "models/members.h"

#include <string.h>

void *gu_state_add(gusto_context *context, gu_state *state, const char *name, gusto_dtype dtype, int64_t rows, int64_t columns,
                   int64_t ld)
{
    int64_t count;
    if (!gu_mul(rows, ld, &count))
        count = -1;
    const size_t size = gusto_dtype_size(dtype);
    char        *data = gu_alloc(context, count, size);
    if (!data)
        return NULL;
    if (ld > columns)
        for (int64_t r = 0; r < rows; r++)
            memset(data + (size_t)(r * ld + columns) * size, 0, (size_t)(ld - columns) * size);
    state->tensor[state->n_tensors++] = (gusto_tensor){name, dtype, rows, columns, ld, data};
    return data;
}

const gusto_tensor *gu_state_tensor(const gu_state *state, const char *name)
{
    for (int t = 0; t < state->n_tensors; t++)
        if (strcmp(state->tensor[t].name, name) == 0)
            return &state->tensor[t];
    return NULL;
}

gusto_real *gu_state_real(const gu_state *state, const char *name)
{
    return (gusto_real *)gu_state_tensor(state, name)->data;
}

gusto_status gu_state_expect(gusto_context *context, const gu_state *state, const char *name, int64_t rows, int64_t columns)
{
    const gusto_tensor *tensor = gu_state_tensor(state, name);
    if (!tensor)
        return gu_error(context, GUSTO_EFORMAT, "no tensor %s", name);
    if (tensor->dtype != GU_DTYPE_REAL)
        return gu_error(context, GUSTO_EFORMAT, "tensor %s does not hold real numbers", name);
    if (tensor->rows != rows || tensor->columns != columns)
        return gu_error(context, GUSTO_EFORMAT, "tensor %s has shape %lld x %lld, expected %lld x %lld", name,
                        (long long)tensor->rows, (long long)tensor->columns, (long long)rows, (long long)columns);
    return GUSTO_OK;
}

gusto_status gu_state_expect_rows(gusto_context *context, const gu_state *state, const char *start_name, const char *index_name,
                                  int64_t rows, int32_t columns)
{
    const gusto_tensor *start = gu_state_tensor(state, start_name), *index = gu_state_tensor(state, index_name);
    if (!start || !index || start->dtype != GUSTO_I64 || index->dtype != GUSTO_I32 || start->rows != rows + 1 ||
        start->columns != 1 || index->columns != 1)
        return gu_error(context, GUSTO_EFORMAT, "no tensors %s and %s for %lld rows", start_name, index_name, (long long)rows);
    const int64_t *from = start->data;
    const int32_t *at = index->data;
    bool           right = from[0] == 0 && from[rows] == index->rows;
    for (int64_t r = 0; right && r < rows; r++)
        right = from[r] <= from[r + 1];
    for (int64_t r = 0; right && r < rows; r++)
        for (int64_t e = from[r]; right && e < from[r + 1]; e++)
            right = at[e] >= 0 && at[e] < columns && (e == from[r] || at[e - 1] < at[e]);
    if (!right)
        return gu_error(context, GUSTO_EFORMAT, "tensors %s and %s hold no ascending rows of numbers below %d", start_name,
                        index_name, columns);
    return GUSTO_OK;
}

void gu_state_clear(const gusto_allocator *allocator, gu_state *state)
{
    for (int t = 0; t < state->n_tensors; t++)
        gu_free(allocator, (void *)state->tensor[t].data);
    gusto_features_destroy(state->user_features);
    gusto_features_destroy(state->item_features);
    if (!state->shares_seen) {
        gu_free(allocator, state->seen_start);
        gu_free(allocator, state->seen_item);
    }
    gu_members_clear(allocator, state);
    gu_free(allocator, state->history.epoch);
    gu_free(allocator, (void *)state->optimizer);
    gusto_ids_release(state->user_ids);
    gusto_ids_release(state->item_ids);
    *state = (gu_state){0};
}
