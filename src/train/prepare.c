/* A batch made ready: its entries by user and by item.
 *
 * The entries come sorted by user and item (batches.c). The same entries by item are a stable radix sort away: of (item, position) pairs packed in
 * 64 bits, in one pass if the items are few beside the entries, else in passes of 11 bits. One thread makes a batch ready; several
 * batches are made ready at once. */
#include "train/bilinear.h"

#include "core/memory.h"

#include <string.h>

enum { TILE = 1024, DIGIT = 11 };

/* Bits of the largest item number. */
static int bits_of(int64_t n_items)
{
    int bits = 1;
    while (bits < 31 && (INT64_C(1) << bits) < n_items)
        bits++;
    return bits;
}

/* Bits that one pass of the sort takes. */
static int digit_of(int64_t n, int64_t n_items)
{
    const int bits = bits_of(n_items);
    return bits <= DIGIT || n_items <= 4 * n ? bits : DIGIT;
}

/* A tile ends at TILE entries or more. */
int64_t gu_prepared_most_tiles(int64_t n)
{
    return n / TILE + 1;
}

gusto_status gu_prepared_room(gusto_context *context, int64_t n, int64_t n_items, gu_prepared *p)
{
    *p = (gu_prepared){0};
    const int64_t most_items = n < n_items ? n : n_items;
    const int64_t tiles = gu_prepared_most_tiles(n);
    const int     digit = digit_of(n, n_items) > DIGIT ? digit_of(n, n_items) : DIGIT;
    p->user = gu_new(context, n, int32_t);
    p->user_start = gu_new(context, n + 1, int64_t);
    p->item = gu_new(context, most_items, int32_t);
    p->item_start = gu_new(context, most_items + 1, int64_t);
    p->column = gu_new(context, n, int32_t);
    p->value = gu_new(context, n, gusto_real);
    p->local = gu_new(context, n, int32_t);
    p->position = gu_new(context, n, int32_t);
    p->residual = gu_new(context, n, gusto_real);
    p->user_tile = gu_new(context, tiles + 1, int64_t);
    p->item_tile = gu_new(context, tiles + 1, int64_t);
    p->scratch = gu_new(context, 2 * n, uint64_t);
    p->count = gu_new(context, INT64_C(1) << digit, int64_t);
    if (p->user && p->user_start && p->item && p->item_start && p->column && p->value && p->local && p->position && p->residual &&
        p->user_tile && p->item_tile && p->scratch && p->count)
        return GUSTO_OK;
    return GUSTO_ENOMEM;
}

void gu_prepared_clear(const gusto_allocator *allocator, gu_prepared *p)
{
    gu_free(allocator, p->user);
    gu_free(allocator, p->user_start);
    gu_free(allocator, p->item);
    gu_free(allocator, p->item_start);
    gu_free(allocator, p->column);
    gu_free(allocator, p->value);
    gu_free(allocator, p->local);
    gu_free(allocator, p->position);
    gu_free(allocator, p->residual);
    gu_free(allocator, p->user_tile);
    gu_free(allocator, p->item_tile);
    gu_free(allocator, p->scratch);
    gu_free(allocator, p->count);
    *p = (gu_prepared){0};
}

/* Sorts scratch [n] by the upper half, stably. Returns which half of scratch [2 n] the result is in. */
static uint64_t *radix_sort(gu_prepared *p, int64_t n, int64_t n_items)
{
    uint64_t *from = p->scratch, *to = p->scratch + n;
    const int bits = bits_of(n_items), digit = digit_of(n, n_items);
    for (int shift = 0; shift < bits; shift += digit) {
        const uint64_t mask = (UINT64_C(1) << digit) - 1;
        memset(p->count, 0, sizeof(int64_t) << digit);
        for (int64_t e = 0; e < n; e++)
            p->count[from[e] >> (32 + shift) & mask]++;
        int64_t sum = 0;
        for (uint64_t d = 0; d <= mask; d++) {
            const int64_t here = p->count[d];
            p->count[d] = sum;
            sum += here;
        }
        for (int64_t e = 0; e < n; e++)
            to[p->count[from[e] >> (32 + shift) & mask]++] = from[e];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

/* Rows cut into tiles of about TILE entries; returns how many. */
static int64_t cut(int32_t n_rows, const int64_t *start, int64_t *bound)
{
    int64_t n = 0;
    bound[0] = 0;
    for (int32_t r = 0; r < n_rows; r++)
        if (start[r + 1] - start[bound[n]] >= TILE || r + 1 == n_rows)
            bound[++n] = r + 1;
    return n;
}

static gusto_real target(const gu_bilinear_settings *set, gusto_real value)
{
    if (set->loss == GU_LOSS_SQUARED)
        return value;
    return set->high > set->low ? (gusto_real)(((double)value - set->low) / (set->high - set->low)) : 0;
}

void gu_prepare(const gu_bilinear *b, int64_t batch, gu_prepared *p)
{
    const int64_t   begin = b->batches.start[batch], n = b->batches.start[batch + 1] - begin;
    const gu_entry *entry = b->batches.entry + begin;
    p->n = n;
    p->n_users = p->n_items = 0;
    p->weight = b->batches.weight ? b->batches.weight + begin : NULL;

    int32_t *local_by_user = p->position; /* not needed for positions before the end */
    for (int64_t e = 0; e < n; e++) {
        if (e == 0 || entry[e].user != entry[e - 1].user) {
            p->user[p->n_users] = entry[e].user;
            p->user_start[p->n_users++] = e;
        }
        local_by_user[e] = p->n_users - 1;
        p->column[e] = entry[e].item;
        p->value[e] = target(&b->set, entry[e].value);
    }
    p->user_start[p->n_users] = n;

    for (int64_t e = 0; e < n; e++)
        p->scratch[e] = (uint64_t)(uint32_t)p->column[e] << 32 | (uint32_t)e;
    const uint64_t *sorted = radix_sort(p, n, b->batches.shape.n_items);

    for (int64_t j = 0; j < n; j++) {
        const int32_t item = (int32_t)(sorted[j] >> 32);
        if (j == 0 || item != (int32_t)(sorted[j - 1] >> 32)) {
            p->item[p->n_items] = item;
            p->item_start[p->n_items++] = j;
        }
        p->local[j] = local_by_user[(uint32_t)sorted[j]];
    }
    p->item_start[p->n_items] = n;
    for (int64_t j = 0; j < n; j++)
        p->position[j] = (int32_t)(uint32_t)sorted[j];

    p->n_user_tiles = cut(p->n_users, p->user_start, p->user_tile);
    p->n_item_tiles = cut(p->n_items, p->item_start, p->item_tile);
}
