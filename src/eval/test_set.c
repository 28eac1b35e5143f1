/* See test_set.h. */
#include "eval/test_set.h"

#include "core/memory.h"
#include "data/features.h"
#include "data/ids.h"

/* Whether the model has features of row r of its users or items; features may be NULL. */
static bool has_features(const gusto_features *features, int32_t r)
{
    return features && features->rows.start[r] < features->rows.start[r + 1];
}

static void mark_users(const gusto_model *model, gu_test_set *set)
{
    const bool kept = set->seen.n_rows > 0;
    for (int32_t u = 0; u < set->rows.n_rows; u++) {
        const int32_t row = set->user[u];
        set->user_seen[u] = row >= 0 && (!kept || set->seen.start[row] < set->seen.start[row + 1]);
        if (row >= 0 && !set->user_seen[u] && !has_features(gusto_model_user_features(model), row))
            set->user[u] = -1;
    }
}

/* Marks the test items that occur in the training rows, and others that have features. */
static gusto_status mark_items(gusto_context *context, const gusto_model *model, int32_t n_items, gu_test_set *set)
{
    const bool kept = set->seen.n_rows > 0;
    bool      *had = gu_new_zero(context, n_items, bool);
    if (!had)
        return GUSTO_ENOMEM;
    for (int64_t e = 0; kept && e < set->seen.nnz; e++)
        had[set->seen.column[e]] = true;
    for (int32_t i = 0; i < set->rows.n_columns; i++) {
        const int32_t row = set->item[i];
        set->item_seen[i] = row >= 0 && (!kept || had[row]);
        set->described[i] = row >= 0 && !set->item_seen[i] && has_features(gusto_model_item_features(model), row);
    }
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
    out->user_seen = gu_new(context, out->rows.n_rows, bool);
    out->item_seen = gu_new(context, out->rows.n_columns, bool);
    out->described = gu_new(context, out->rows.n_columns, bool);
    status = GUSTO_ENOMEM;
    if (out->user && out->item && out->user_seen && out->item_seen && out->described) {
        gu_ids_match(gusto_ratings_user_ids(test), out->rows.n_rows, gusto_model_user_ids(model), n_users, out->user);
        gu_ids_match(gusto_ratings_item_ids(test), out->rows.n_columns, gusto_model_item_ids(model), n_items, out->item);
        mark_users(model, out);
        status = mark_items(context, model, n_items, out);
    }
    if (status < 0)
        gu_test_set_clear(&context->allocator, out);
    return status;
}

void gu_test_set_clear(const gusto_allocator *allocator, gu_test_set *set)
{
    gu_free(allocator, set->user);
    gu_free(allocator, set->item);
    gu_free(allocator, set->user_seen);
    gu_free(allocator, set->item_seen);
    gu_free(allocator, set->described);
    *set = (gu_test_set){0};
}
