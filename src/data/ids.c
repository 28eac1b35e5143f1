/* See gusto/ids.h and ids.h.
 *
 * row -> id is an array. id -> row is a direct-address table where the integers are dense (MovieLens, most databases), else a
 * hash table: open addressing, linear probing, at most half full, and 32 bits of the hash beside the row so that a string
 * is compared only where it very likely matches. */
#include "data/ids.h"

#include "core/memory.h"
#include "core/number.h"
#include "core/tiles.h"

#define XXH_INLINE_ALL
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { TILE = 1 << 14 };

typedef struct slot {
    uint32_t tag; /* high half of the hash; the low half chose the slot */
    int32_t  row; /* -1: free */
} slot;

struct gusto_ids {
    gusto_allocator allocator;
    atomic_llong    owners;
    int32_t         n;
    int64_t        *external; /* [n], or NULL: strings */
    char           *text;
    int64_t        *start; /* [n + 1] */

    int32_t *direct; /* [span]: row of first + j, or -1; or NULL */
    int64_t  first;
    uint64_t span;

    slot    *table; /* [mask + 1], or NULL */
    uint64_t mask;
};

static uint64_t hash_int(int64_t external)
{
    return XXH3_64bits(&external, sizeof external);
}

/* The row of a hash for which same(row) holds. A macro, so that each kind of id gets a loop of its own. */
#define PROBE(ids, hash, row, same)                                             \
    for (uint64_t at_ = (hash) & (ids)->mask;; at_ = (at_ + 1) & (ids)->mask) { \
        const slot s_ = (ids)->table[at_];                                      \
        row = s_.row;                                                           \
        if (row < 0 || (s_.tag == (uint32_t)((hash) >> 32) && (same)))          \
            break;                                                              \
    }

static int32_t find_int(const gusto_ids *ids, int64_t external)
{
    if (ids->direct) {
        const uint64_t j = (uint64_t)external - (uint64_t)ids->first;
        return j < ids->span ? ids->direct[j] : -1;
    }
    const uint64_t hash = hash_int(external);
    int32_t        row;
    PROBE(ids, hash, row, ids->external[row] == external)
    return row;
}

static int32_t find_text(const gusto_ids *ids, const char *text, size_t length)
{
    const uint64_t hash = XXH3_64bits(text, length);
    int32_t        row;
    PROBE(ids, hash, row,
          (uint64_t)(ids->start[row + 1] - ids->start[row]) == length && memcmp(ids->text + ids->start[row], text, length) == 0)
    return row;
}

static bool index_direct(gusto_context *context, gusto_ids *ids)
{
    ids->direct = gu_new(context, (int64_t)ids->span, int32_t);
    if (!ids->direct)
        return false;
    memset(ids->direct, -1, ids->span * sizeof *ids->direct);
    for (int32_t r = 0; r < ids->n; r++)
        ids->direct[ids->external[r] - ids->first] = r;
    return true;
}

static bool index_hash(gusto_context *context, gusto_ids *ids)
{
    uint64_t slots = 16;
    while (slots < 2 * (uint64_t)ids->n)
        slots *= 2;
    ids->mask = slots - 1;
    ids->table = gu_new(context, (int64_t)slots, slot);
    if (!ids->table)
        return false;
    memset(ids->table, -1, slots * sizeof *ids->table);
    for (int32_t r = 0; r < ids->n; r++) {
        const uint64_t hash = ids->external ? hash_int(ids->external[r])
                                            : XXH3_64bits(ids->text + ids->start[r], (size_t)(ids->start[r + 1] - ids->start[r]));
        uint64_t       at = hash & ids->mask;
        while (ids->table[at].row >= 0)
            at = (at + 1) & ids->mask;
        ids->table[at] = (slot){(uint32_t)(hash >> 32), r};
    }
    return true;
}

/* Takes the arrays, on success only. */
static gusto_status create(gusto_context *context, int32_t n, int64_t *external, char *text, int64_t *start, gusto_ids **out)
{
    *out = NULL;
    gusto_ids *ids = gu_new_zero(context, 1, gusto_ids);
    if (!ids)
        return GUSTO_ENOMEM;
    ids->allocator = context->allocator;
    atomic_init(&ids->owners, 1);
    ids->n = n;
    ids->external = external;
    ids->text = text;
    ids->start = start;

    bool dense = false;
    if (external && n > 0) {
        ids->first = external[0];
        ids->span = (uint64_t)external[n - 1] - (uint64_t)external[0];
        dense = ids->span < 8 * (uint64_t)n + 1024;
        ids->span += dense; /* now the count; without `dense` it could overflow, and is not used */
    }
    if (!(dense ? index_direct(context, ids) : index_hash(context, ids))) {
        gu_free(&context->allocator, ids);
        return GUSTO_ENOMEM;
    }
    *out = ids;
    return GUSTO_OK;
}

gusto_status gu_ids_take_ints(gusto_context *context, int64_t *external, int32_t n, gusto_ids **out)
{
    return create(context, n, external, NULL, NULL, out);
}

gusto_status gu_ids_take_text(gusto_context *context, char *text, int64_t *start, int32_t n, gusto_ids **out)
{
    return create(context, n, NULL, text, start, out);
}

static gusto_status check_count(gusto_context *context, int64_t n)
{
    if (n < 0)
        return gu_error(context, GUSTO_EARG, "a dictionary of %lld ids", (long long)n);
    if (n > INT32_MAX)
        return gu_error(context, GUSTO_EOVERFLOW, "%lld ids: more than 2147483647 rows", (long long)n);
    return GUSTO_OK;
}

gusto_status gusto_ids_from_ints(gusto_context *context, const int64_t *external, int64_t n, gusto_ids **out)
{
    *out = NULL;
    gusto_status status = check_count(context, n);
    if (status)
        return status;
    for (int64_t r = 1; r < n; r++)
        if (external[r] <= external[r - 1])
            return gu_error(context, GUSTO_EDUPLICATE, "id %lld of row %lld does not ascend: the row before is %lld",
                            (long long)external[r], (long long)r, (long long)external[r - 1]);

    int64_t *copy = gu_new(context, n, int64_t);
    if (!copy)
        return GUSTO_ENOMEM;
    if (n > 0)
        memcpy(copy, external, (size_t)n * sizeof *copy);
    status = gu_ids_take_ints(context, copy, (int32_t)n, out);
    if (status)
        gu_free(&context->allocator, copy);
    return status;
}

int gu_ids_compare_text(const char *a, int64_t a_length, const char *b, int64_t b_length)
{
    const int order = memcmp(a, b, (size_t)(a_length < b_length ? a_length : b_length));
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

gusto_status gusto_ids_from_text(gusto_context *context, const char *text, const int64_t *start, int64_t n, gusto_ids **out)
{
    *out = NULL;
    gusto_status status = check_count(context, n);
    if (status)
        return status;
    for (int64_t r = 0; r < n; r++)
        if (start[r] < 0 || start[r + 1] < start[r])
            return gu_error(context, GUSTO_ESHAPE, "id of row %lld: start %lld, end %lld", (long long)r, (long long)start[r],
                            (long long)start[r + 1]);
    for (int64_t r = 1; r < n; r++)
        if (gu_ids_compare_text(text + start[r - 1], start[r] - start[r - 1], text + start[r], start[r + 1] - start[r]) >= 0)
            return gu_error(context, GUSTO_EDUPLICATE, "id \"%.*s\" of row %lld does not ascend",
                            (int)(start[r + 1] - start[r] < 80 ? start[r + 1] - start[r] : 80), text + start[r], (long long)r);

    const int64_t first = n ? start[0] : 0, bytes = n ? start[n] - first : 0;
    char         *text_copy = gu_new(context, bytes, char);
    int64_t      *start_copy = gu_new(context, n + 1, int64_t);
    status = GUSTO_ENOMEM;
    if (text_copy && start_copy) {
        if (bytes > 0)
            memcpy(text_copy, text + first, (size_t)bytes);
        start_copy[0] = 0;
        for (int64_t r = 1; r <= n; r++)
            start_copy[r] = start[r] - first;
        status = gu_ids_take_text(context, text_copy, start_copy, (int32_t)n, out);
    }
    if (status) {
        gu_free(&context->allocator, text_copy);
        gu_free(&context->allocator, start_copy);
    }
    return status;
}

gusto_ids *gusto_ids_retain(gusto_ids *ids)
{
    if (ids)
        atomic_fetch_add_explicit(&ids->owners, 1, memory_order_relaxed);
    return ids;
}

void gusto_ids_release(gusto_ids *ids)
{
    /* The last owner must see what the others did: release by all, acquire by him. */
    if (!ids || atomic_fetch_sub_explicit(&ids->owners, 1, memory_order_acq_rel) > 1)
        return;
    const gusto_allocator allocator = ids->allocator;
    gu_free(&allocator, ids->external);
    gu_free(&allocator, ids->text);
    gu_free(&allocator, ids->start);
    gu_free(&allocator, ids->direct);
    gu_free(&allocator, ids->table);
    gu_free(&allocator, ids);
}

int32_t gusto_ids_count(const gusto_ids *ids)
{
    return ids->n;
}

bool gusto_ids_are_ints(const gusto_ids *ids)
{
    return !ids || ids->external;
}

int32_t gusto_ids_find_int(const gusto_ids *ids, int64_t external)
{
    if (!ids)
        return external >= 0 && external <= INT32_MAX ? (int32_t)external : -1;
    if (ids->external)
        return find_int(ids, external);
    char      text[GUSTO_ID_TEXT];
    const int length = snprintf(text, sizeof text, "%lld", (long long)external);
    return find_text(ids, text, (size_t)length);
}

int32_t gusto_ids_find(const gusto_ids *ids, const char *text, size_t length)
{
    if (ids && !ids->external)
        return find_text(ids, text, length);
    int64_t external;
    return gu_parse_int(text, length, &external) ? gusto_ids_find_int(ids, external) : -1;
}

const char *gusto_ids_text(const gusto_ids *ids, int32_t row, char *buffer, size_t *length)
{
    if (ids && !ids->external) {
        *length = (size_t)(ids->start[row + 1] - ids->start[row]);
        return ids->text + ids->start[row];
    }
    *length = (size_t)snprintf(buffer, GUSTO_ID_TEXT, "%lld", (long long)gusto_ids_int(ids, row));
    return buffer;
}

int64_t gusto_ids_int(const gusto_ids *ids, int32_t row)
{
    return ids ? ids->external[row] : row;
}

const int64_t *gu_ids_int_array(const gusto_ids *ids)
{
    return ids->external;
}

const char *gu_ids_text_array(const gusto_ids *ids, const int64_t **start)
{
    *start = ids->start;
    return ids->text;
}

void gu_ids_number(gusto_context *context, const gusto_ids *ids, const gu_id_column *column, int32_t *row)
{
    const int64_t n_tiles = gu_n_tiles(column->n, TILE);
#pragma omp parallel for num_threads(gu_threads(context)) schedule(dynamic)
    for (int64_t tile = 0; tile < n_tiles; tile++) {
        const int64_t begin = tile * TILE, end = gu_tile_end(column->n, TILE, tile);
        if (column->ints && ids && ids->external)
            for (int64_t e = begin; e < end; e++)
                row[e] = find_int(ids, column->ints[e]);
        else if (column->ints)
            for (int64_t e = begin; e < end; e++)
                row[e] = gusto_ids_find_int(ids, column->ints[e]);
        else
            for (int64_t e = begin; e < end; e++)
                row[e] = gusto_ids_find(ids, column->text + column->offset[e], (size_t)column->length[e]);
    }
}

void gu_ids_match(const gusto_ids *from, int32_t n, const gusto_ids *to, int32_t n_to, int32_t *row)
{
    for (int32_t j = 0; j < n; j++) {
        int32_t found = j;
        if (from != to) {
            char        buffer[GUSTO_ID_TEXT];
            size_t      length;
            const char *text = gusto_ids_text(from, j, buffer, &length);
            found = gusto_ids_find(to, text, length);
        }
        row[j] = found < n_to ? found : -1;
    }
}
