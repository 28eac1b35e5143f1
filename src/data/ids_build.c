/* A dictionary from a column of ids: find what is distinct, sort it, number the entries.
 *
 * Integers that lie close together are marked in a table of the span. Others are found by hashing, in parallel and without locks:
 *   1. each tile drops the entries that a small cache of recent ids knows (files come sorted by user, and some items are in every
 *      tile), and puts what is left into BUCKETS lists by the top bits of the hash;
 *   2. each bucket, gathered over all tiles, is deduplicated by a hash table of its own;
 *   3. the distinct ids of all buckets are merge-sorted.
 * An id is in one bucket only, so the buckets need nothing of each other; and the sorted set is the same whoever found it. */
#include "data/ids.h"

#include "core/memory.h"
#include "core/tiles.h"

#define XXH_INLINE_ALL
#include <omp.h>
#include <string.h>
#include <xxhash.h>

enum { TILE = 1 << 15, CACHE = 1 << 12, BUCKET_BITS = 6, BUCKETS = 1 << BUCKET_BITS, RUN = 1 << 12, SPARE = 1 << 16 };

/* An id as one number: the integer itself, or the entry that holds the string. */
static int64_t key_of(const gu_id_column *c, int64_t entry)
{
    return c->ints ? c->ints[entry] : entry;
}

static int compare(const gu_id_column *c, int64_t a, int64_t b)
{
    if (c->ints)
        return (a > b) - (a < b);
    return gu_ids_compare_text(c->text + c->offset[a], c->length[a], c->text + c->offset[b], c->length[b]);
}

static bool same(const gu_id_column *c, int64_t a, int64_t b)
{
    if (c->ints)
        return a == b;
    return c->length[a] == c->length[b] && memcmp(c->text + c->offset[a], c->text + c->offset[b], (size_t)c->length[a]) == 0;
}

static uint64_t hash(const gu_id_column *c, int64_t key)
{
    return c->ints ? XXH3_64bits(&key, sizeof key) : XXH3_64bits(c->text + c->offset[key], (size_t)c->length[key]);
}

/* ---- sorting what is distinct ---- */

static void sort_run(const gu_id_column *c, int64_t n, int64_t *key)
{
    for (int64_t j = 1; j < n; j++) {
        const int64_t k = key[j];
        int64_t       at = j;
        for (; at > 0 && compare(c, key[at - 1], k) > 0; at--)
            key[at] = key[at - 1];
        key[at] = k;
    }
}

static void merge(const gu_id_column *c, const int64_t *a, const int64_t *a_end, const int64_t *b, const int64_t *b_end,
                  int64_t *out)
{
    while (a < a_end && b < b_end)
        *out++ = compare(c, *a, *b) <= 0 ? *a++ : *b++;
    memcpy(out, a, (size_t)(a_end - a) * sizeof *out);
    memcpy(out + (a_end - a), b, (size_t)(b_end - b) * sizeof *out);
}

/* Merges neighbouring runs of `run` keys of `from` into runs of twice that in `to`. */
static void merge_runs(const gu_id_column *c, int64_t n, int64_t run, int64_t pair, const int64_t *from, int64_t *to)
{
    const int64_t begin = 2 * run * pair, end = gu_tile_end(n, 2 * run, pair), middle = begin + run < end ? begin + run : end;
    merge(c, from + begin, from + middle, from + middle, from + end, to + begin);
}

/* Sorts one run by itself: insertion sort of short ones, merged. The result is in key. */
static void sort_tile(const gu_id_column *c, int64_t n, int64_t *key, int64_t *scratch)
{
    enum { SHORT = 16 };
    for (int64_t t = 0; t < gu_n_tiles(n, SHORT); t++)
        sort_run(c, gu_tile_end(n, SHORT, t) - t * SHORT, key + t * SHORT);
    for (int64_t run = SHORT; run < n; run *= 2) {
        for (int64_t pair = 0; pair < gu_n_tiles(n, 2 * run); pair++)
            merge_runs(c, n, run, pair, key, scratch);
        memcpy(key, scratch, (size_t)n * sizeof *key);
    }
}

static gusto_status sort_keys(gusto_context *context, const gu_id_column *c, int64_t n, int64_t *key)
{
    int64_t *scratch = gu_new(context, n, int64_t);
    if (!scratch)
        return GUSTO_ENOMEM;
    const int     threads = gu_threads(context);
    const int64_t n_runs = gu_n_tiles(n, RUN);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int64_t t = 0; t < n_runs; t++)
        sort_tile(c, gu_tile_end(n, RUN, t) - t * RUN, key + t * RUN, scratch + t * RUN);

    int64_t *from = key, *to = scratch;
    for (int64_t run = RUN; run < n; run *= 2) {
        const int64_t n_pairs = gu_n_tiles(n, 2 * run);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (int64_t pair = 0; pair < n_pairs; pair++)
            merge_runs(c, n, run, pair, from, to);
        int64_t *other = from;
        from = to;
        to = other;
    }
    if (from != key)
        memcpy(key, from, (size_t)n * sizeof *key);
    gu_free(&context->allocator, scratch);
    return GUSTO_OK;
}

/* ---- finding what is distinct, by hashing ---- */

typedef struct filter {
    int32_t kept[TILE]; /* entries of the tile, by their number in it */
    uint8_t bucket[TILE];
    int32_t cache[CACHE]; /* entry seen last with this hash, or -1 */
} filter;

/* Step 1 for one tile. kept: entry numbers in the tile, bucket after bucket; count [BUCKETS]. */
static void filter_tile(const gu_id_column *c, int64_t tile, filter *f, int32_t *kept, int32_t *count)
{
    const int64_t begin = tile * TILE, n = gu_tile_end(c->n, TILE, tile) - begin;
    int32_t       n_kept = 0, at[BUCKETS];
    memset(f->cache, -1, sizeof f->cache);
    memset(count, 0, BUCKETS * sizeof *count);
    for (int32_t j = 0; j < n; j++) {
        const int64_t  key = key_of(c, begin + j);
        const uint64_t h = hash(c, key);
        int32_t       *seen = &f->cache[h % CACHE];
        if (*seen >= 0 && same(c, key_of(c, begin + *seen), key))
            continue;
        *seen = j;
        f->kept[n_kept] = j;
        f->bucket[n_kept++] = (uint8_t)(h >> (64 - BUCKET_BITS));
        count[h >> (64 - BUCKET_BITS)]++;
    }
    for (int32_t b = 0, sum = 0; b < BUCKETS; sum += count[b++])
        at[b] = sum;
    for (int32_t k = 0; k < n_kept; k++)
        kept[at[f->bucket[k]]++] = f->kept[k];
}

/* Step 2 for one bucket. table [mask + 1]: scratch. key: filled. Returns how many are distinct. */
static int64_t distinct_bucket(const gu_id_column *c, int64_t n_tiles, int bucket, const int32_t *kept, const int32_t *count,
                               int64_t *table, uint64_t mask, int64_t *key)
{
    int64_t n = 0;
    memset(table, -1, (mask + 1) * sizeof *table);
    for (int64_t tile = 0; tile < n_tiles; tile++) {
        const int32_t *list = kept + tile * TILE, *counts = count + tile * BUCKETS;
        for (int b = 0; b < bucket; b++)
            list += counts[b];
        for (int32_t j = 0; j < counts[bucket]; j++) {
            const int64_t k = key_of(c, tile * TILE + list[j]);
            uint64_t      at = hash(c, k) & mask;
            while (table[at] >= 0 && !same(c, key[table[at]], k))
                at = (at + 1) & mask;
            if (table[at] < 0) {
                table[at] = n;
                key[n++] = k;
            }
        }
    }
    return n;
}

/* Distinct keys in no order that matters: *out is allocated. */
static gusto_status find_distinct(gusto_context *context, const gu_id_column *c, int64_t *n_out, int64_t **out)
{
    const gusto_allocator *allocator = &context->allocator;
    const int              threads = gu_threads(context);
    const int64_t          n_tiles = gu_n_tiles(c->n, TILE);
    int32_t               *kept = gu_new(context, n_tiles * TILE, int32_t);
    int32_t               *count = gu_new(context, n_tiles * BUCKETS, int32_t);
    filter                *filters = gu_new(context, threads, filter);
    int64_t               *key = NULL, *table = NULL;
    gusto_status           status = GUSTO_ENOMEM;
    if (!kept || !count || !filters)
        goto done;

#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int64_t tile = 0; tile < n_tiles; tile++)
        filter_tile(c, tile, &filters[omp_get_thread_num()], kept + tile * TILE, count + tile * BUCKETS);

    int64_t start[BUCKETS + 1] = {0}, n_distinct[BUCKETS], most = 0;
    for (int b = 0; b < BUCKETS; b++) {
        int64_t size = 0;
        for (int64_t tile = 0; tile < n_tiles; tile++)
            size += count[tile * BUCKETS + b];
        start[b + 1] = start[b] + size;
        most = size > most ? size : most;
    }
    int64_t slots = 16;
    while (slots < 2 * most)
        slots *= 2;
    key = gu_new(context, start[BUCKETS], int64_t);
    table = gu_new(context, threads * slots, int64_t);
    if (!key || !table)
        goto done;

#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int b = 0; b < BUCKETS; b++)
        n_distinct[b] = distinct_bucket(c, n_tiles, b, kept, count, table + omp_get_thread_num() * slots, (uint64_t)slots - 1,
                                        key + start[b]);

    int64_t n = 0;
    for (int b = 0; b < BUCKETS; b++) {
        memmove(key + n, key + start[b], (size_t)n_distinct[b] * sizeof *key);
        n += n_distinct[b];
    }
    *n_out = n;
    *out = key;
    key = NULL;
    status = GUSTO_OK;
done:
    gu_free(allocator, kept);
    gu_free(allocator, count);
    gu_free(allocator, filters);
    gu_free(allocator, key);
    gu_free(allocator, table);
    return status;
}

/* ---- finding what is distinct, by marking ---- */

/* Ascending. */
static gusto_status mark_distinct(gusto_context *context, const gu_id_column *c, int64_t first, int64_t span, int64_t *n_out,
                                  int64_t **out)
{
    uint8_t *marked = gu_new_zero(context, span, uint8_t);
    if (!marked)
        return GUSTO_ENOMEM;

        /* All that write, write the same. A mark that is there is not written again: the line stays shared between the caches. */
#pragma omp parallel for num_threads(gu_threads(context)) schedule(static)
    for (int64_t e = 0; e < c->n; e++) {
        uint8_t *mark = &marked[c->ints[e] - first];
        if (!__atomic_load_n(mark, __ATOMIC_RELAXED))
            __atomic_store_n(mark, 1, __ATOMIC_RELAXED);
    }
    int64_t n = 0;
    for (int64_t j = 0; j < span; j++)
        n += marked[j];
    int64_t *key = gu_new(context, n, int64_t);
    if (key) {
        n = 0;
        for (int64_t j = 0; j < span; j++)
            if (marked[j])
                key[n++] = first + j;
        *n_out = n;
        *out = key;
    }
    gu_free(&context->allocator, marked);
    return key ? GUSTO_OK : GUSTO_ENOMEM;
}

/* ---- the dictionary ---- */

static gusto_status take(gusto_context *context, const gu_id_column *c, int64_t n, int64_t **key, gusto_ids **out)
{
    if (n > INT32_MAX)
        return gu_error(context, GUSTO_EOVERFLOW, "%lld distinct ids: more than 2147483647", (long long)n);
    gusto_status status = GUSTO_ENOMEM;
    if (c->ints) {
        status = gu_ids_take_ints(context, *key, (int32_t)n, out);
        if (!status)
            *key = NULL;
        return status;
    }

    int64_t *start = gu_new(context, n + 1, int64_t);
    char    *text = NULL;
    if (start) {
        start[0] = 0;
        for (int64_t r = 0; r < n; r++)
            start[r + 1] = start[r] + c->length[(*key)[r]];
        text = gu_new(context, start[n], char);
    }
    if (text) {
        for (int64_t r = 0; r < n; r++)
            memcpy(text + start[r], c->text + c->offset[(*key)[r]], (size_t)c->length[(*key)[r]]);
        status = gu_ids_take_text(context, text, start, (int32_t)n, out);
    }
    if (status) {
        gu_free(&context->allocator, start);
        gu_free(&context->allocator, text);
    }
    return status;
}

gusto_status gu_ids_build(gusto_context *context, const gu_id_column *c, gusto_ids **out, int32_t *row)
{
    *out = NULL;
    int64_t low = 0, high = 0, n = 0, *key = NULL;
    if (c->ints && c->n > 0) {
        low = high = c->ints[0];
#pragma omp parallel for num_threads(gu_threads(context)) reduction(min : low) reduction(max : high)
        for (int64_t e = 1; e < c->n; e++) {
            low = c->ints[e] < low ? c->ints[e] : low;
            high = c->ints[e] > high ? c->ints[e] : high;
        }
    }

    const bool   near = c->ints && (uint64_t)high - (uint64_t)low < 4 * (uint64_t)c->n + SPARE;
    gusto_status status =
        near ? mark_distinct(context, c, low, c->n ? high - low + 1 : 0, &n, &key) : find_distinct(context, c, &n, &key);
    if (!status && !near)
        status = sort_keys(context, c, n, key);
    if (!status)
        status = take(context, c, n, &key, out);
    gu_free(&context->allocator, key);
    if (!status && row)
        gu_ids_number(context, *out, c, row);
    return status;
}

gusto_status gu_ids_build_ints(gusto_context *context, int64_t n, const int64_t *external, gusto_ids **out, int32_t *row)
{
    const gu_id_column column = {.n = n, .ints = external};
    return n ? gu_ids_build(context, &column, out, row) : gusto_ids_from_ints(context, NULL, 0, out);
}

gusto_status gu_ids_build_text(gusto_context *context, int64_t n, const char *text, const int64_t *offset, const int32_t *length,
                               gusto_ids **out, int32_t *row)
{
    const gu_id_column column = {.n = n, .text = text, .offset = offset, .length = length};
    return gu_ids_build(context, &column, out, row);
}
