/* See row_sort.h. A key is the column above the place in the row, so equal columns stay in the order that they were given. */
#include "data/row_sort.h"

#include "core/memory.h"

#include <math.h>
#include <string.h>

enum { DIGIT = 8, DIGITS = 1 << DIGIT, SHORT_ROW = 48 };

/* ---- scratch ---- */

gusto_status gu_row_scratches_init(gusto_context *context, const gu_rows *rows, int64_t longest, bool keys, int threads,
                                   gu_row_scratches *out)
{
    *out = (gu_row_scratches){.longest = longest, .words = keys ? 2 * longest : longest / 2 + 1};
    gu_row_scratch *s = &out->first;
    s->key = gu_new(context, out->words * threads, uint64_t);
    s->value = gu_new(context, longest * threads, gusto_real);
    s->weight = rows->weight ? gu_new(context, longest * threads, gusto_real) : NULL;
    s->time = rows->time ? gu_new(context, longest * threads, int64_t) : NULL;
    return s->key && s->value && (s->weight || !rows->weight) && (s->time || !rows->time) ? GUSTO_OK : GUSTO_ENOMEM;
}

void gu_row_scratches_clear(const gusto_allocator *allocator, gu_row_scratches *scratches)
{
    gu_free(allocator, scratches->first.key);
    gu_free(allocator, scratches->first.value);
    gu_free(allocator, scratches->first.weight);
    gu_free(allocator, scratches->first.time);
    *scratches = (gu_row_scratches){0};
}

gu_row_scratch gu_row_scratch_of(const gu_row_scratches *scratches, int thread)
{
    const gu_row_scratch *s = &scratches->first;
    const int64_t         from = scratches->longest * thread;
    uint64_t             *key = s->key + scratches->words * thread;
    return (gu_row_scratch){.key = key,
                            .other = key + scratches->longest,
                            .value = s->value + from,
                            .weight = s->weight ? s->weight + from : NULL,
                            .time = s->time ? s->time + from : NULL};
}

/* ---- a row ---- */

bool gu_row_ascends(int64_t n, const int32_t *column)
{
    unsigned wrong = 0; /* no early exit: the loop is one for vectors, and nearly always goes to the end */
    for (int64_t j = 1; j < n; j++)
        wrong |= (unsigned)(column[j] <= column[j - 1]);
    return !wrong;
}

int gu_column_bits(int32_t n_columns)
{
    int bits = 0;
    while (bits < 31 && n_columns > 1ll << bits)
        bits++;
    return bits;
}

/* Keys ascend below bit 32 already: a stable sort by what is above is a sort. Returns where the result is, key or other. */
static uint64_t *sort_keys(int64_t n, uint64_t *key, uint64_t *other, int bits)
{
    if (n <= SHORT_ROW) {
        for (int64_t i = 1; i < n; i++) {
            const uint64_t k = key[i];
            int64_t        at = i;
            for (; at > 0 && key[at - 1] > k; at--)
                key[at] = key[at - 1];
            key[at] = k;
        }
        return key;
    }
    uint64_t *from = key, *to = other;
    for (int shift = 32; shift < 32 + bits; shift += DIGIT) {
        uint32_t place[DIGITS] = {0};
        for (int64_t i = 0; i < n; i++)
            place[from[i] >> shift & (DIGITS - 1)]++;
        for (uint32_t d = 0, sum = 0; d < DIGITS; d++) {
            const uint32_t count = place[d];
            place[d] = sum;
            sum += count;
        }
        for (int64_t i = 0; i < n; i++)
            to[place[from[i] >> shift & (DIGITS - 1)]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

/* Puts n >= 2 entries of one column, in the order that they were given, as one at `at`. */
static gusto_status put_twice(gu_rows *rows, gusto_duplicates duplicates, const gu_row_scratch *s, int64_t n, const uint64_t *key,
                              int64_t at)
{
    double   value = 0, weight = 0;
    uint32_t last = (uint32_t)key[0]; /* of the greatest time, the later of equals */
    for (int64_t i = 0; i < n; i++) {
        const uint32_t e = (uint32_t)key[i];
        value += (double)s->value[e];
        weight += s->weight ? (double)s->weight[e] : 1;
        if (!s->time || s->time[e] >= s->time[last])
            last = e;
    }
    if (duplicates == GUSTO_DUPLICATES_LAST) {
        value = (double)s->value[last];
        weight = s->weight ? (double)s->weight[last] : 1;
    } else {
        value /= duplicates == GUSTO_DUPLICATES_MEAN ? (double)n : 1;
        weight /= (double)n;
    }
    rows->value[at] = (gusto_real)value;
    if (s->weight)
        rows->weight[at] = (gusto_real)weight;
    if (s->time)
        rows->time[at] = s->time[last];
    return isfinite(rows->value[at]) ? GUSTO_OK : GUSTO_EARG;
}

static int64_t put_row(gu_rows *rows, gusto_duplicates duplicates, const gu_row_scratch *s, int64_t n, const uint64_t *key,
                       int64_t at, gu_row_fault *fault)
{
    for (int64_t i = 0, same; i < n; i += same, at++) {
        for (same = 1; i + same < n && key[i + same] >> 32 == key[i] >> 32; same++)
            ;
        rows->column[at] = (int32_t)(key[i] >> 32);
        if (same > 1) {
            const gusto_status status =
                duplicates == GUSTO_DUPLICATES_ERROR ? GUSTO_EDUPLICATE : put_twice(rows, duplicates, s, same, key + i, at);
            if (status) {
                *fault = (gu_row_fault){
                    .status = status, .column = rows->column[at], .first = (uint32_t)key[i], .second = (uint32_t)key[i + 1]};
                return -1;
            }
            continue;
        }
        const uint32_t e = (uint32_t)key[i];
        rows->value[at] = s->value[e];
        if (s->weight)
            rows->weight[at] = s->weight[e];
        if (s->time)
            rows->time[at] = s->time[e];
    }
    return at;
}

static void move_row(gu_rows *rows, int64_t begin, int64_t n, int64_t at)
{
    memmove(rows->column + at, rows->column + begin, (size_t)n * sizeof *rows->column);
    memmove(rows->value + at, rows->value + begin, (size_t)n * sizeof *rows->value);
    if (rows->weight)
        memmove(rows->weight + at, rows->weight + begin, (size_t)n * sizeof *rows->weight);
    if (rows->time)
        memmove(rows->time + at, rows->time + begin, (size_t)n * sizeof *rows->time);
}

int64_t gu_row_sort(gu_rows *rows, gusto_duplicates duplicates, int column_bits, const gu_row_scratch *s, int64_t begin,
                    int64_t n, int64_t at, gu_row_fault *fault)
{
    const int32_t *column = rows->column + begin;
    if (gu_row_ascends(n, column)) {
        if (at < begin)
            move_row(rows, begin, n, at);
        return at + n;
    }
    for (int64_t i = 0; i < n; i++)
        s->key[i] = (uint64_t)column[i] << 32 | (uint64_t)i;
    memcpy(s->value, rows->value + begin, (size_t)n * sizeof *s->value);
    if (s->weight)
        memcpy(s->weight, rows->weight + begin, (size_t)n * sizeof *s->weight);
    if (s->time)
        memcpy(s->time, rows->time + begin, (size_t)n * sizeof *s->time);
    return put_row(rows, duplicates, s, n, sort_keys(n, s->key, s->other, column_bits), at, fault);
}

/* ---- together ---- */

typedef struct gaps {
    int64_t        n_groups, nnz;
    const int64_t *begin, *unique;
    int64_t       *to; /* [n_groups] */
    bool           failed;
} gaps;

/* An array of its size in place of one with gaps; or that one, if there is no memory. */
static void *close_array(gusto_context *context, gaps *g, size_t size, void *array)
{
    if (!array || g->failed)
        return array;
    char *exact = gu_alloc(context, g->nnz, size);
    if (!exact) {
        g->failed = true;
        return array;
    }
    const char *bytes = array;
#pragma omp parallel for num_threads(gu_threads(context)) schedule(static)
    for (int64_t j = 0; j < g->n_groups; j++)
        memcpy(exact + (size_t)g->to[j] * size, bytes + (size_t)g->begin[j] * size, (size_t)g->unique[j] * size);
    gu_free(&context->allocator, array);
    return exact;
}

gusto_status gu_rows_close(gusto_context *context, gu_rows *rows, int64_t n_groups, const int64_t *begin, const int64_t *unique)
{
    gaps g = {.n_groups = n_groups, .begin = begin, .unique = unique, .to = gu_new(context, n_groups, int64_t)};
    if (!g.to)
        return GUSTO_ENOMEM;
    for (int64_t j = 0; j < n_groups; g.nnz += unique[j++])
        g.to[j] = g.nnz;
    rows->start[0] = 0;
    for (int64_t r = 0; r < rows->n_rows; r++)
        rows->start[r + 1] += rows->start[r];
    if (g.nnz < rows->nnz) { /* one array after the other, so that only one is there twice */
        rows->column = close_array(context, &g, sizeof *rows->column, rows->column);
        rows->value = close_array(context, &g, sizeof *rows->value, rows->value);
        rows->weight = close_array(context, &g, sizeof *rows->weight, rows->weight);
        rows->time = close_array(context, &g, sizeof *rows->time, rows->time);
        rows->nnz = g.nnz;
    }
    gu_free(&context->allocator, g.to);
    return g.failed ? GUSTO_ENOMEM : GUSTO_OK;
}
