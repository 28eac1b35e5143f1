/* See user_rows.h. */
#include "models/user_rows.h"

#include "core/memory.h"

#include <string.h>

gusto_status gu_user_rows_keep(gusto_context *context, const gusto_ratings *ratings, bool values, gu_state *state)
{
    gusto_rows         rows;
    const gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status < 0)
        return status;
    if (!state->seen_start) {
        int64_t *start = gu_state_add(context, state, "X.start", GUSTO_I64, rows.n_rows + INT64_C(1), 1, 1);
        int32_t *item = start ? gu_state_add(context, state, "X.item", GUSTO_I32, rows.nnz, 1, 1) : NULL;
        if (!item)
            return GUSTO_ENOMEM;
        memcpy(start, rows.start, ((size_t)rows.n_rows + 1) * sizeof *start);
        memcpy(item, rows.column, (size_t)rows.nnz * sizeof *item);
    }
    if (values) {
        gusto_real *value = gu_state_add(context, state, "X.value", GU_DTYPE_REAL, rows.nnz, 1, 1);
        if (!value)
            return GUSTO_ENOMEM;
        memcpy(value, rows.value, (size_t)rows.nnz * sizeof *value);
    }
    return GUSTO_OK;
}

gusto_status gu_user_rows_check(gusto_context *context, const gu_state *state, bool values)
{
    if (!state->seen_start) {
        const gusto_status status = gu_state_expect_rows(context, state, "X.start", "X.item", state->n_users, state->n_items);
        if (status < 0)
            return status;
    }
    return values ? gu_state_expect(context, state, "X.value", gu_user_rows_of(state).start[state->n_users], 1) : GUSTO_OK;
}

int64_t gu_user_rows_memory(const gusto_model *model, int64_t n_users, int64_t nnz, bool values)
{
    int64_t bytes = values ? nnz * (int64_t)sizeof(gusto_real) : 0;
    if (gu_model_option(model, "keep_seen") == 0)
        bytes += nnz * (int64_t)sizeof(int32_t) + (n_users + 1) * (int64_t)sizeof(int64_t);
    return bytes;
}

gu_user_rows gu_user_rows_of(const gu_state *state)
{
    const gusto_tensor *value = gu_state_tensor(state, "X.value");
    gu_user_rows        rows = {.start = state->seen_start, .item = state->seen_item, .value = value ? value->data : NULL};
    if (!rows.start) {
        rows.start = gu_state_tensor(state, "X.start")->data;
        rows.item = gu_state_tensor(state, "X.item")->data;
    }
    return rows;
}

gusto_real gu_user_rows_value(const gu_user_rows *rows, int32_t user, int32_t item)
{
    int64_t low = rows->start[user], high = rows->start[user + 1];
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (rows->item[middle] < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low < rows->start[user + 1] && rows->item[low] == item ? gu_user_rows_at(rows, low) : 0;
}

int64_t gu_user_rows_width(const gusto_model *model)
{
    return model->state.n_items;
}

gusto_status gu_user_rows_fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                                  const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    (void)context, (void)weight;
    const bool values = gu_model_option(model, "use_values") != 0;
    memset(row, 0, (size_t)model->state.n_items * sizeof *row);
    for (int64_t j = 0; j < n; j++)
        row[item[j]] = values ? value[j] : 1;
    return GUSTO_OK;
}

gusto_reasons gu_user_rows_reasons(const gusto_model *model)
{
    (void)model;
    return GUSTO_REASONS_ITEMS;
}

void gu_user_rows_spread(const gusto_model *model, int32_t user, const gusto_real *row, gusto_real *x)
{
    const int64_t n_items = model->state.n_items;
    if (row) {
        memcpy(x, row, (size_t)n_items * sizeof *x);
        return;
    }
    const gu_user_rows rows = gu_user_rows_of(&model->state);
    memset(x, 0, (size_t)n_items * sizeof *x);
    for (int64_t e = rows.start[user]; e < rows.start[user + 1]; e++)
        x[rows.item[e]] = gu_user_rows_at(&rows, e);
}
