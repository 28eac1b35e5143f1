/* Users and items that features know and ratings do not: dictionaries united, ratings renumbered by them. */
#include "core/memory.h"
#include "data/features.h"
#include "data/ids.h"
#include "data/ratings.h"

#include <string.h>

/* The ids of both, end to end, as integers. */
static gusto_status unite_ints(gusto_context *context, const gusto_ids *a, int32_t n_a, const gusto_ids *b, int32_t n_b,
                               gusto_ids **out, int32_t *row)
{
    int64_t *external = gu_new(context, (int64_t)n_a + n_b, int64_t);
    if (!external)
        return GUSTO_ENOMEM;
    for (int32_t r = 0; r < n_a; r++)
        external[r] = gusto_ids_int(a, r);
    for (int32_t r = 0; r < n_b; r++)
        external[n_a + (int64_t)r] = gusto_ids_int(b, r);
    const gusto_status status = gu_ids_build_ints(context, (int64_t)n_a + n_b, external, out, row);
    gu_free(&context->allocator, external);
    return status;
}

/* The same as strings: text NULL measures only. Returns the bytes. */
static int64_t lay_out(const gusto_ids *ids, int32_t n, int64_t at, char *text, int64_t *offset, int32_t *length)
{
    for (int32_t r = 0; r < n; r++) {
        char        buffer[GUSTO_ID_TEXT];
        size_t      bytes;
        const char *id = gusto_ids_text(ids, r, buffer, &bytes);
        if (text) {
            memcpy(text + at, id, bytes);
            offset[r] = at;
            length[r] = (int32_t)bytes;
        }
        at += (int64_t)bytes;
    }
    return at;
}

static gusto_status unite_text(gusto_context *context, const gusto_ids *a, int32_t n_a, const gusto_ids *b, int32_t n_b,
                               gusto_ids **out, int32_t *row)
{
    const int64_t n = (int64_t)n_a + n_b, bytes = lay_out(b, n_b, lay_out(a, n_a, 0, NULL, NULL, NULL), NULL, NULL, NULL);
    char         *text = gu_new(context, bytes, char);
    int64_t      *offset = gu_new(context, n, int64_t);
    int32_t      *length = gu_new(context, n, int32_t);
    gusto_status  status = GUSTO_ENOMEM;
    if (text && offset && length) {
        const int64_t at = lay_out(a, n_a, 0, text, offset, length);
        lay_out(b, n_b, at, text, offset + n_a, length + n_a);
        status = gu_ids_build_text(context, n, text, offset, length, out, row);
    }
    gu_free(&context->allocator, text);
    gu_free(&context->allocator, offset);
    gu_free(&context->allocator, length);
    return status;
}

gusto_status gu_ids_union(gusto_context *context, gusto_ids *a, int32_t n_a, gusto_ids *b, int32_t n_b, gusto_ids **out,
                          int32_t *n, int32_t *row)
{
    *out = NULL;
    if (a == b) { /* the same dictionary, or the identity twice, of which one may be longer */
        *out = gusto_ids_retain(a);
        *n = n_a > n_b ? n_a : n_b;
        for (int32_t r = 0; r < n_a; r++)
            row[r] = r;
        for (int32_t r = 0; r < n_b; r++)
            row[n_a + (int64_t)r] = r;
        return GUSTO_OK;
    }
    const bool         ints = gusto_ids_are_ints(a) && gusto_ids_are_ints(b);
    const gusto_status status = (ints ? unite_ints : unite_text)(context, a, n_a, b, n_b, out, row);
    if (status == GUSTO_OK)
        *n = gusto_ids_count(*out);
    return status;
}

static gusto_status unite(gusto_context *context, gusto_ids *ids, int32_t n, const gusto_features *features, gu_renumbering *s)
{
    const int32_t n_features = features ? features->rows.n_rows : 0;
    int32_t      *row = gu_new(context, (int64_t)n + n_features, int32_t);
    *s = (gu_renumbering){.n_before = n, .row = row};
    if (!row)
        return GUSTO_ENOMEM;
    return gu_ids_union(context, ids, n, features ? features->ids : ids, n_features, &s->ids, &s->n_after, row);
}

static void clear(gusto_context *context, gu_renumbering *s)
{
    gusto_ids_release(s->ids);
    gu_free(&context->allocator, (void *)s->row);
}

gusto_status gu_ratings_renumber(gusto_context *context, const gusto_rows *rows, const gu_renumbering *users,
                                 const gu_renumbering *items, gusto_ratings **out)
{
    *out = NULL;
    int32_t     *user = gu_new(context, rows->nnz, int32_t), *item = gu_new(context, rows->nnz, int32_t);
    gu_rows      renumbered = {0};
    gusto_status status = GUSTO_ENOMEM;
    if (user && item) {
        for (int32_t u = 0; u < rows->n_rows; u++)
            for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++) {
                user[e] = users->row[u];
                item[e] = items->row[rows->column[e]];
            }
        const gu_pairs pairs = {.n = rows->nnz,
                                .n_rows = users->n_after,
                                .n_columns = items->n_after,
                                .row = user,
                                .column = item,
                                .value = rows->value,
                                .weight = rows->weight,
                                .time = rows->time};
        gu_twice       twice;
        status = gu_rows_from_pairs(context, &pairs, GUSTO_DUPLICATES_ERROR, &twice, &renumbered);
    }
    if (status == GUSTO_OK)
        status = gu_ratings_take(context, &renumbered, users->ids, items->ids, out);
    gu_rows_clear(&context->allocator, &renumbered);
    gu_free(&context->allocator, user);
    gu_free(&context->allocator, item);
    return status;
}

gusto_status gu_ratings_extend(gusto_context *context, const gusto_ratings *ratings, const gusto_features *user_features,
                               const gusto_features *item_features, gusto_ratings **out)
{
    gusto_rows     rows;
    gu_renumbering users = {0}, items = {0};
    *out = NULL;
    gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status == GUSTO_OK)
        status = unite(context, gusto_ratings_user_ids(ratings), rows.n_rows, user_features, &users);
    if (status == GUSTO_OK)
        status = unite(context, gusto_ratings_item_ids(ratings), rows.n_columns, item_features, &items);
    if (status == GUSTO_OK && (users.n_after > rows.n_rows || items.n_after > rows.n_columns))
        status = gu_ratings_renumber(context, &rows, &users, &items, out);
    clear(context, &users);
    clear(context, &items);
    return status;
}
