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

/* The same of many: array after array and without an early exit, so that the loops are for vectors. */
static bool entries_are_good(const gusto_entries *x, int64_t begin, int64_t end)
{
    unsigned wrong = 0;
    for (int64_t e = begin; e < end; e++)
        wrong |=
            (unsigned)((uint32_t)x->user[e] >= (uint32_t)x->n_users) | (unsigned)((uint32_t)x->item[e] >= (uint32_t)x->n_items);
    for (int64_t e = begin; x->value && e < end; e++)
        wrong |= (unsigned)!isfinite(x->value[e]);
    for (int64_t e = begin; x->weight && e < end; e++)
        wrong |= (unsigned)!isfinite(x->weight[e]) | (unsigned)!(x->weight[e] >= 0);
    return !wrong;
}

/* The first entry that is not good, or -1. */
static int64_t first_bad(gusto_context *context, const gusto_entries *x)
{
    const int64_t n_tiles = gu_n_tiles(x->n, TILE);
    int64_t       first = INT64_MAX;
#pragma omp parallel for num_threads(gu_threads(context)) schedule(static) reduction(min : first)
    for (int64_t tile = 0; tile < n_tiles; tile++) {
        const int64_t begin = tile * TILE, end = gu_tile_end(x->n, TILE, tile);
        if (first < INT64_MAX || entries_are_good(x, begin, end))
            continue;
        for (first = begin; entry_is_good(x, first);)
            first++;
    }
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

static gusto_status check_policy(gusto_context *context, gusto_duplicates duplicates)
{
    if ((unsigned)duplicates > GUSTO_DUPLICATES_SUM)
        return gu_error(context, GUSTO_EARG, "%d is no way to treat duplicates", (int)duplicates);
    return GUSTO_OK;
}

/* ---- as they come ---- */

static const gu_twice NOTHING = {.first = -1, .second = -1};

static gusto_status sort(gusto_context *context, const gusto_entries *entries, gusto_duplicates duplicates, gu_twice *fault,
                         gusto_ratings **out)
{
    const gu_pairs pairs = {.n = entries->n,
                            .n_rows = entries->n_users,
                            .n_columns = entries->n_items,
                            .row = entries->user,
                            .column = entries->item,
                            .value = entries->value,
                            .weight = entries->weight,
                            .time = entries->time};
    gu_rows        rows;
    gusto_status   status = gu_rows_from_pairs(context, &pairs, duplicates, fault, &rows);
    if (!status)
        status = gu_ratings_take(context, &rows, entries->user_ids, entries->item_ids, out);
    gu_rows_clear(&context->allocator, &rows);
    return status;
}

gusto_status gu_ratings_from_entries(gusto_context *context, const gusto_entries *entries, gusto_duplicates duplicates,
                                     gu_twice *fault, gusto_ratings **out)
{
    *out = NULL;
    *fault = NOTHING;
    gusto_status status = check_shape(context, entries);
    if (status)
        return status;
    status = check_policy(context, duplicates);
    if (status)
        return status;
    fault->first = first_bad(context, entries);
    if (fault->first >= 0) {
        const int32_t u = entries->user[fault->first], i = entries->item[fault->first];
        return u < 0 || u >= entries->n_users || i < 0 || i >= entries->n_items ? GUSTO_EID : GUSTO_EARG;
    }

    return sort(context, entries, duplicates, fault, out);
}

/* ---- what the library read itself ---- */

/* The arrays are lent to *rows, and what was made of them comes back. */
static void lend(gusto_entries *x, gu_rows *rows)
{
    *rows = (gu_rows){.n_rows = x->n_users,
                      .n_columns = x->n_items,
                      .nnz = x->n,
                      .column = x->item,
                      .value = x->value,
                      .weight = x->weight,
                      .time = x->time};
}

static void give_back(gusto_entries *x, gu_rows *rows)
{
    x->item = rows->column;
    x->value = rows->value;
    x->weight = rows->weight;
    x->time = rows->time;
    *rows = (gu_rows){0};
}

gusto_status gu_ratings_take_entries(gusto_context *context, gusto_entries *entries, gusto_duplicates duplicates, gu_twice *fault,
                                     gusto_ratings **out)
{
    *out = NULL;
    *fault = NOTHING;
    gusto_status status = check_policy(context, duplicates);
    if (status)
        return status;

    gu_rows rows;
    bool    in_order;
    lend(entries, &rows);
    status = gu_rows_in_place(context, entries->user, duplicates, fault, &rows, &in_order);
    if (!status && in_order)
        status = gu_ratings_take(context, &rows, entries->user_ids, entries->item_ids, out);
    gu_free(&context->allocator, rows.start);
    give_back(entries, &rows); /* nothing, if they were taken */
    return status || in_order ? status : sort(context, entries, duplicates, fault, out);
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
