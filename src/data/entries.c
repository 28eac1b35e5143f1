/* Ratings from a list: see gusto/ratings.h. The sorting is in pairs.c; here is what is refused, and how it is told. */
#include "core/memory.h"
#include "core/tiles.h"
#include "data/ratings.h"

#include <math.h>

enum { TILE = 1 << 16, ID_SHOWN = 60 };

gusto_status gu_entries_own(gusto_context *context, gusto_entries *entries)
{
    entries->owner = gu_new(context, 1, gusto_allocator);
    if (!entries->owner)
        return GUSTO_ENOMEM;
    *entries->owner = context->allocator;
    return GUSTO_OK;
}

void gusto_entries_clear(gusto_entries *entries)
{
    if (entries->owner) {
        const gusto_allocator allocator = *entries->owner;
        gu_free(&allocator, entries->user);
        gu_free(&allocator, entries->item);
        gu_free(&allocator, entries->value);
        gu_free(&allocator, entries->weight);
        gu_free(&allocator, entries->time);
        gusto_ids_release(entries->user_ids);
        gusto_ids_release(entries->item_ids);
        gu_free(&allocator, entries->owner);
    }
    *entries = (gusto_entries){.size = entries->size};
}

/* ---- what is refused ---- */

static bool entry_is_good(const gusto_entries *x, int64_t e)
{
    return x->user[e] >= 0 && x->user[e] < x->n_users && x->item[e] >= 0 && x->item[e] < x->n_items &&
           (!x->value || isfinite(x->value[e])) && (!x->weight || (isfinite(x->weight[e]) && x->weight[e] >= 0));
}

/* The first entry that is not good, or -1. */
static int64_t first_bad(gusto_context *context, const gusto_entries *x)
{
    const int64_t n_tiles = gu_n_tiles(x->n, TILE);
    int64_t       first = INT64_MAX;
#pragma omp parallel for num_threads(gu_threads(context)) schedule(static) reduction(min : first)
    for (int64_t tile = 0; tile < n_tiles; tile++)
        for (int64_t e = tile * TILE; e < gu_tile_end(x->n, TILE, tile) && first == INT64_MAX; e++)
            if (!entry_is_good(x, e))
                first = e;
    return first == INT64_MAX ? -1 : first;
}

static gusto_status check_shape(gusto_context *context, const gusto_entries *x)
{
    if (x->size < sizeof *x)
        return gu_error(context, GUSTO_EARG, "entries of size %zu, expected %zu: set size to sizeof(gusto_entries)", x->size,
                        sizeof *x);
    if (x->n < 0 || x->n_users < 0 || x->n_items < 0)
        return gu_error(context, GUSTO_ESHAPE, "%lld entries of %d users and %d items: none may be negative", (long long)x->n,
                        x->n_users, x->n_items);
    if (x->n > 0 && (!x->user || !x->item))
        return gu_error(context, GUSTO_EARG, "entries without %s", x->user ? "item" : "user");
    return GUSTO_OK;
}

gusto_status gu_ratings_from_entries(gusto_context *context, const gusto_entries *entries, gusto_duplicates duplicates,
                                     gu_twice *fault, gusto_ratings **out)
{
    *out = NULL;
    *fault = (gu_twice){-1, -1};
    gusto_status status = check_shape(context, entries);
    if (status)
        return status;
    if ((unsigned)duplicates > GUSTO_DUPLICATES_SUM)
        return gu_error(context, GUSTO_EARG, "%d is no way to treat duplicates", (int)duplicates);
    fault->first = first_bad(context, entries);
    if (fault->first >= 0) {
        const int32_t u = entries->user[fault->first], i = entries->item[fault->first];
        return u < 0 || u >= entries->n_users || i < 0 || i >= entries->n_items ? GUSTO_EID : GUSTO_EARG;
    }

    const gu_pairs pairs = {.n = entries->n,
                            .n_rows = entries->n_users,
                            .n_columns = entries->n_items,
                            .row = entries->user,
                            .column = entries->item,
                            .value = entries->value,
                            .weight = entries->weight,
                            .time = entries->time};
    gu_rows        rows;
    status = gu_rows_from_pairs(context, &pairs, duplicates, fault, &rows);
    if (!status)
        status = gu_ratings_take(context, &rows, entries->user_ids, entries->item_ids, out);
    gu_rows_clear(&context->allocator, &rows);
    return status;
}

/* ---- how it is told ---- */

typedef struct id_text {
    char        buffer[GUSTO_ID_TEXT];
    const char *text;
    int         length; /* what is shown of it */
} id_text;

static void show_id(const gusto_ids *ids, int32_t row, id_text *id)
{
    size_t length;
    id->text = gusto_ids_text(ids, row, id->buffer, &length);
    id->length = length < ID_SHOWN ? (int)length : ID_SHOWN;
}

static gusto_status describe(gusto_context *context, const gusto_entries *x, gusto_status status, const gu_twice *fault)
{
    const long long e = fault->first;
    const int32_t   u = x->user[e], i = x->item[e];
    if (u < 0 || u >= x->n_users)
        return gu_error(context, status, "entry %lld: user %d, expected 0 to %d", e, u, x->n_users - 1);
    if (i < 0 || i >= x->n_items)
        return gu_error(context, status, "entry %lld: item %d, expected 0 to %d", e, i, x->n_items - 1);

    id_text user, item;
    show_id(x->user_ids, u, &user);
    show_id(x->item_ids, i, &item);
    if (status == GUSTO_EDUPLICATE)
        return gu_error(context, status, "entries %lld and %lld: user %.*s rates item %.*s twice", e, (long long)fault->second,
                        user.length, user.text, item.length, item.text);
    if (fault->second >= 0)
        return gu_error(context, status,
                        "entries %lld, %lld, ...: the ratings of item %.*s by user %.*s have a sum that is not finite", e,
                        (long long)fault->second, item.length, item.text, user.length, user.text);
    const bool value = x->value && !isfinite(x->value[e]);
    return gu_error(context, status, "entry %lld (user %.*s, item %.*s): the %s", e, user.length, user.text, item.length,
                    item.text, value ? "value is not finite" : "weight is negative or not finite");
}

gusto_status gusto_ratings_from_entries(gusto_context *context, const gusto_entries *entries, gusto_duplicates duplicates,
                                        gusto_ratings **out)
{
    gu_twice           fault;
    const gusto_status status = gu_ratings_from_entries(context, entries, duplicates, &fault, out);
    return status && fault.first >= 0 ? describe(context, entries, status, &fault) : status;
}
