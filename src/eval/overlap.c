/* See overlap.h.
 *
 * Lists are full of popular items, whose user lists are long: merging them would cost more than the ranking itself. An item
 * with at least one user in DENSE is also kept as a bit set over users. Two bit sets meet in n_users / 64 population counts, a
 * bit set and a short list in one test per entry, two short lists in a merge. There are at most nnz DENSE / n_users such
 * items of n_users / 8 bytes each: DENSE / 8 = 4 bytes a rating, beside the 4 of the lists. */
#include "eval/overlap.h"

#include "core/memory.h"

#include <math.h>

enum { DENSE = 32 };

static gusto_status transpose(gusto_context *context, const gusto_rows *seen, gu_overlap *out)
{
    out->start = gu_new(context, (int64_t)out->n_items + 1, int64_t);
    out->user = gu_new(context, seen->nnz, int32_t);
    int64_t *next = gu_new(context, out->n_items, int64_t);
    if (!out->start || !out->user || !next) {
        gu_free(&context->allocator, next);
        return GUSTO_ENOMEM;
    }
    out->start[0] = 0;
    for (int32_t i = 0; i < out->n_items; i++) {
        next[i] = out->start[i];
        out->start[i + 1] = out->start[i] + out->count[i];
    }
    for (int32_t u = 0; u < seen->n_rows; u++)
        for (int64_t e = seen->start[u]; e < seen->start[u + 1]; e++)
            out->user[next[seen->column[e]]++] = u;
    gu_free(&context->allocator, next);
    return GUSTO_OK;
}

static gusto_status make_bits(gusto_context *context, gu_overlap *out)
{
    int64_t n_sets = 0;
    out->n_words = ((int64_t)out->n_users + 63) / 64;
    out->bits_at = gu_new(context, out->n_items, int64_t);
    if (!out->bits_at)
        return GUSTO_ENOMEM;
    for (int32_t i = 0; i < out->n_items; i++)
        out->bits_at[i] = out->count[i] > 0 && out->count[i] >= out->n_users / DENSE ? n_sets++ * out->n_words : -1;

    out->bits = gu_new_zero(context, n_sets * out->n_words, uint64_t);
    if (!out->bits)
        return GUSTO_ENOMEM;
    for (int32_t i = 0; i < out->n_items; i++) {
        if (out->bits_at[i] < 0)
            continue;
        uint64_t *set = out->bits + out->bits_at[i];
        for (int64_t e = out->start[i]; e < out->start[i + 1]; e++)
            set[out->user[e] / 64] |= 1ull << out->user[e] % 64;
    }
    return GUSTO_OK;
}

gusto_status gu_overlap_init(gusto_context *context, const gusto_rows *seen, bool pairs, gu_overlap *out)
{
    *out = (gu_overlap){.n_users = seen->n_rows, .n_items = seen->n_columns};
    out->count = gu_new_zero(context, out->n_items, int64_t);
    if (!out->count)
        return GUSTO_ENOMEM;
    for (int64_t e = 0; e < seen->nnz; e++)
        out->count[seen->column[e]]++;

    gusto_status status = GUSTO_OK;
    if (pairs)
        status = transpose(context, seen, out);
    if (pairs && status == GUSTO_OK)
        status = make_bits(context, out);
    if (status < 0)
        gu_overlap_clear(&context->allocator, out);
    return status;
}

void gu_overlap_clear(const gusto_allocator *allocator, gu_overlap *overlap)
{
    gu_free(allocator, overlap->count);
    gu_free(allocator, overlap->start);
    gu_free(allocator, overlap->user);
    gu_free(allocator, overlap->bits_at);
    gu_free(allocator, overlap->bits);
    *overlap = (gu_overlap){0};
}

double gu_overlap_surprise(const gu_overlap *overlap, int32_t item)
{
    const int64_t count = overlap->count[item] > 0 ? overlap->count[item] : 1;
    return log2((double)overlap->n_users / (double)count);
}

static int64_t both_dense(const gu_overlap *o, int32_t a, int32_t b)
{
    const uint64_t *x = o->bits + o->bits_at[a], *y = o->bits + o->bits_at[b];
    int64_t         common = 0;
    for (int64_t w = 0; w < o->n_words; w++)
        common += __builtin_popcountll(x[w] & y[w]);
    return common;
}

static int64_t one_dense(const gu_overlap *o, int32_t dense, int32_t sparse)
{
    const uint64_t *x = o->bits + o->bits_at[dense];
    int64_t         common = 0;
    for (int64_t e = o->start[sparse]; e < o->start[sparse + 1]; e++)
        common += (int64_t)(x[o->user[e] / 64] >> o->user[e] % 64 & 1);
    return common;
}

static int64_t merged(const gu_overlap *o, int32_t a, int32_t b)
{
    int64_t x = o->start[a], y = o->start[b], common = 0;
    while (x < o->start[a + 1] && y < o->start[b + 1]) {
        const int32_t u = o->user[x], v = o->user[y];
        common += u == v;
        x += u <= v;
        y += v <= u;
    }
    return common;
}

double gu_overlap_cosine(const gu_overlap *overlap, int32_t a, int32_t b)
{
    const int64_t n_a = overlap->count[a], n_b = overlap->count[b];
    if (n_a == 0 || n_b == 0)
        return 0;

    int64_t common;
    if (overlap->bits_at[a] >= 0 && overlap->bits_at[b] >= 0)
        common = both_dense(overlap, a, b);
    else if (overlap->bits_at[a] >= 0)
        common = one_dense(overlap, a, b);
    else if (overlap->bits_at[b] >= 0)
        common = one_dense(overlap, b, a);
    else
        common = merged(overlap, a, b);
    return (double)common / sqrt((double)n_a * (double)n_b);
}
