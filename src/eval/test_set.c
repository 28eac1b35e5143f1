/* See test_set.h. */
#include "eval/test_set.h"

#include "core/memory.h"
#include "data/ids.h"

/* Marks the test items that occur in the training rows. */
static gusto_status mark_items(gusto_context *context, int32_t n_items, gu_test_set *set)
{
    const bool kept = set->seen.n_rows > 0;
    bool      *had = gu_new_zero(context, n_items, bool);
    if (!had)
        return GUSTO_ENOMEM;
    for (int64_t e = 0; kept && e < set->seen.nnz; e++)
        had[set->seen.column[e]] = true;
    for (int32_t i = 0; i < set->rows.n_columns; i++)
        set->item_seen[i] = set->item[i] >= 0 && (!kept || had[set->item[i]]);
    gu_free(&context->allocator, had);
    return GUSTO_OK;
}

gusto_status gu_test_set_init(gusto_context *context, const gusto_model *model, const gusto_ratings *test, gu_test_set *out)
{
    *out = (gu_test_set){0};
    gusto_status status = gusto_ratings_by_user(context, test, &out->rows);
    if (status < 0)
        return status;
    gusto_model_seen(model, &out->seen);

    const int32_t n_users = gusto_model_n_users(model), n_items = gusto_model_n_items(model);
    out->user = gu_new(context, out->rows.n_rows, int32_t);
    out->item = gu_new(context, out->rows.n_columns, int32_t);
    out->item_seen = gu_new(context, out->rows.n_columns, bool);
    status = GUSTO_ENOMEM;
    if (out->user && out->item && out->item_seen) {
        gu_ids_match(gusto_ratings_user_ids(test), out->rows.n_rows, gusto_model_user_ids(model), n_users, out->user);
        gu_ids_match(gusto_ratings_item_ids(test), out->rows.n_columns, gusto_model_item_ids(model), n_items, out->item);
        for (int32_t u = 0; u < out->rows.n_rows; u++) {
            const int32_t row = out->user[u];
            if (row >= 0 && out->seen.n_rows > 0 && out->seen.start[row] == out->seen.start[row + 1])
                out->user[u] = -1;
        }
        status = mark_items(context, n_items, out);
    }
    if (status < 0)
        gu_test_set_clear(&context->allocator, out);
    return status;
}

void gu_test_set_clear(const gusto_allocator *allocator, gu_test_set *set)
{
    gu_free(allocator, set->user);
    gu_free(allocator, set->item);
    gu_free(allocator, set->item_seen);
    *set = (gu_test_set){0};
}
