/* Rows from pairs in any order: a sort by (row, column) that is stable, parallel, and moves each pair twice.
 *
 *   1. Rows are cut into at most BUCKETS ranges, pairs into tiles. Each tile counts its pairs of each bucket; a prefix sum over
 *      (bucket, tile) says where each tile puts its pairs of each bucket; each tile moves them there. Columns, values, weights and
 *      times go to the arrays of the result, where a bucket takes the same place as later; only the row needs an array beside them.
 *   2. Each bucket, small enough for a near cache, is sorted by itself: by row with one counting sort, then within a row by a radix
 *      sort of 64-bit keys, column above position. Equal pairs are then neighbours, in the order that they were given.
 * So every array is read and written in order, or within a bucket. Fetching values by the number of the pair in step 2 instead
 * took four times as long where the pairs came in random order.
 * Files are mostly sorted by user already, and a transposition always is: a row that ascends is not sorted again.
 * Neither the tiles nor the buckets depend on the number of threads. */
#include "data/rows.h"

#include "core/memory.h"
#include "core/tiles.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { BUCKETS = 2048, TILES = 64, SMALLEST_TILE = 1 << 16, DIGIT = 8, DIGITS = 1 << DIGIT, SHORT_ROW = 48 };

/* A thread's own. */
typedef struct scratch {
    uint64_t   *key, *other;    /* [most] */
    int64_t    *place;          /* [width + 1] */
    gusto_real *value, *weight; /* [most] what the pairs of the bucket carry, in the order that they were given */
    int64_t    *time;           /* [most] */
} scratch;

typedef struct cell {
    int64_t row, column;
} cell;

typedef struct job {
    const gu_pairs  *pairs;
    gusto_duplicates duplicates;
    gu_rows         *out;
    int64_t          tile, n_tiles;    /* pairs a tile */
    int64_t          n_buckets, width; /* rows a bucket: 1 << shift */
    int              shift, column_bits;
    int64_t         *offset; /* [n_tiles x n_buckets]: counts, then where the tile's pairs of the bucket go */
    int64_t         *bucket; /* [n_buckets + 1]: where the buckets begin */
    int64_t         *unique; /* [n_buckets]: pairs left of each */
    int32_t         *row;    /* [n]: of the pairs in buckets */
    gusto_status    *status; /* [n_buckets] */
    cell            *fault;  /* [n_buckets]: what is wrong */
} job;

/* ---- 1: into buckets ---- */

static void count_tile(const job *j, int64_t tile)
{
    int64_t *count = j->offset + tile * j->n_buckets;
    memset(count, 0, (size_t)j->n_buckets * sizeof *count);
    for (int64_t e = tile * j->tile; e < gu_tile_end(j->pairs->n, j->tile, tile); e++)
        count[j->pairs->row[e] >> j->shift]++;
}

static int64_t place_buckets(const job *j)
{
    int64_t sum = 0, most = 0;
    for (int64_t b = 0; b < j->n_buckets; b++) {
        j->bucket[b] = sum;
        for (int64_t tile = 0; tile < j->n_tiles; tile++) {
            int64_t      *offset = &j->offset[tile * j->n_buckets + b];
            const int64_t count = *offset;
            *offset = sum;
            sum += count;
        }
        most = sum - j->bucket[b] > most ? sum - j->bucket[b] : most;
    }
    j->bucket[j->n_buckets] = sum;
    return most;
}

/* The column c with start[c] <= e < start[c + 1]. */
static int32_t column_at(const gu_pairs *p, int64_t e)
{
    int32_t low = 0, high = p->n_columns;
    while (high - low > 1) {
        const int32_t middle = low + (high - low) / 2;
        if (p->start[middle] <= e)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void move_tile(const job *j, int64_t tile)
{
    const gu_pairs *p = j->pairs;
    gu_rows        *out = j->out;
    int64_t        *offset = j->offset + tile * j->n_buckets;
    const int64_t   begin = tile * j->tile, end = gu_tile_end(p->n, j->tile, tile);
    int32_t         column = p->column ? 0 : column_at(p, begin);
    for (int64_t e = begin; e < end; e++) {
        if (p->column)
            column = p->column[e];
        else
            while (p->start[column + 1] <= e)
                column++;
        const int64_t to = offset[p->row[e] >> j->shift]++;
        j->row[to] = p->row[e];
        out->column[to] = column;
        out->value[to] = p->value ? p->value[e] : 1;
        if (p->weight)
            out->weight[to] = p->weight[e];
        if (p->time)
            out->time[to] = p->time[e];
    }
}

/* ---- 2: each bucket ---- */

/* Keys ascend below bit 32 already: a stable sort by what is above is a sort. The result is in key. */
static void sort_keys(int64_t n, uint64_t *key, uint64_t *other, int bits)
{
    if (n <= SHORT_ROW) {
        for (int64_t i = 1; i < n; i++) {
            const uint64_t k = key[i];
            int64_t        at = i;
            for (; at > 0 && key[at - 1] > k; at--)
                key[at] = key[at - 1];
            key[at] = k;
        }
        return;
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
    if (from != key)
        memcpy(key, from, (size_t)n * sizeof *key);
}

static bool ascend(int64_t n, const uint64_t *key)
{
    for (int64_t i = 1; i < n; i++)
        if (key[i] < key[i - 1])
            return false;
    return true;
}

/* Puts n >= 2 pairs that are the same, in the order that they were given, as one at `at`. */
static gusto_status put_twice(const job *j, const scratch *s, int64_t n, const uint64_t *key, int64_t at)
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
    if (j->duplicates == GUSTO_DUPLICATES_LAST) {
        value = (double)s->value[last];
        weight = s->weight ? (double)s->weight[last] : 1;
    } else {
        value /= j->duplicates == GUSTO_DUPLICATES_MEAN ? (double)n : 1;
        weight /= (double)n;
    }
    j->out->value[at] = (gusto_real)value;
    if (s->weight)
        j->out->weight[at] = (gusto_real)weight;
    if (s->time)
        j->out->time[at] = s->time[last];
    return isfinite(j->out->value[at]) ? GUSTO_OK : GUSTO_EARG;
}

/* Puts a sorted row from `at` on. Returns where it ends, or -1 on a fault, which is then in *status and *column. */
static int64_t put_row(const job *j, const scratch *s, int64_t n, const uint64_t *key, int64_t at, gusto_status *status,
                       int64_t *column)
{
    gu_rows *out = j->out;
    for (int64_t i = 0, same; i < n; i += same, at++) {
        for (same = 1; i + same < n && key[i + same] >> 32 == key[i] >> 32; same++)
            ;
        out->column[at] = (int32_t)(key[i] >> 32);
        if (same > 1) {
            *status = j->duplicates == GUSTO_DUPLICATES_ERROR ? GUSTO_EDUPLICATE : put_twice(j, s, same, key + i, at);
            if (*status) {
                *column = out->column[at];
                return -1;
            }
            continue;
        }
        const uint32_t e = (uint32_t)key[i];
        out->value[at] = s->value[e];
        if (s->weight)
            out->weight[at] = s->weight[e];
        if (s->time)
            out->time[at] = s->time[e];
    }
    return at;
}

/* Sorts a bucket and puts it where it begins; out->start[row + 1] becomes the length of the row. */
static void sort_bucket(const job *j, int64_t b, const scratch *s)
{
    const int64_t  first = b << j->shift, n_rows = gu_tile_end(j->pairs->n_rows, j->width, b) - first;
    const int64_t  base = j->bucket[b], n = j->bucket[b + 1] - base;
    const int32_t *row = j->row + base;

    memset(s->place, 0, (size_t)(n_rows + 1) * sizeof *s->place);
    for (int64_t i = 0; i < n; i++)
        s->place[row[i] - first + 1]++;
    for (int64_t r = 0; r < n_rows; r++)
        s->place[r + 1] += s->place[r];
    for (int64_t i = 0; i < n; i++)
        s->key[s->place[row[i] - first]++] = (uint64_t)j->out->column[base + i] << 32 | (uint64_t)i;
    memcpy(s->value, j->out->value + base, (size_t)n * sizeof *s->value);
    if (s->weight)
        memcpy(s->weight, j->out->weight + base, (size_t)n * sizeof *s->weight);
    if (s->time)
        memcpy(s->time, j->out->time + base, (size_t)n * sizeof *s->time);

    /* place[r] has moved on to the end of row r. */
    int64_t at = base;
    for (int64_t r = 0, begin = 0; r < n_rows; begin = s->place[r++]) {
        uint64_t     *key = s->key + begin;
        const int64_t length = s->place[r] - begin, from = at;
        if (!ascend(length, key))
            sort_keys(length, key, s->other, j->column_bits);
        at = put_row(j, s, length, key, at, &j->status[b], &j->fault[b].column);
        if (at < 0) {
            j->fault[b].row = first + r;
            return;
        }
        j->out->start[first + r + 1] = at - from;
    }
    j->unique[b] = at - base;
}

/* ---- together ---- */

/* Closes the gaps that duplicates left in one array, and gives the memory back. On failure the array stays, gaps closed. */
static bool close_array(gusto_context *context, const job *j, int64_t nnz, size_t size, void *array, void **out)
{
    *out = array;
    if (!array)
        return true;
    char *bytes = array;
    for (int64_t b = 0, at = 0; b < j->n_buckets; at += j->unique[b++])
        memmove(bytes + (size_t)at * size, bytes + (size_t)j->bucket[b] * size, (size_t)j->unique[b] * size);
    void *exact = gu_grow(context, array, nnz, nnz, size);
    if (exact)
        *out = exact;
    return exact;
}

static gusto_status close_gaps(gusto_context *context, const job *j, int64_t nnz)
{
    gu_rows *rows = j->out;
    void    *column, *value, *weight, *time;
    bool     ok = close_array(context, j, nnz, sizeof *rows->column, rows->column, &column);
    rows->column = column;
    ok = close_array(context, j, nnz, sizeof *rows->value, rows->value, &value) && ok;
    rows->value = value;
    ok = close_array(context, j, nnz, sizeof *rows->weight, rows->weight, &weight) && ok;
    rows->weight = weight;
    ok = close_array(context, j, nnz, sizeof *rows->time, rows->time, &time) && ok;
    rows->time = time;
    rows->nnz = nnz;
    return ok ? GUSTO_OK : GUSTO_ENOMEM;
}

static gusto_status sort_buckets(gusto_context *context, const job *j, int64_t most)
{
    const int   threads = gu_threads(context);
    const bool  weights = j->out->weight, times = j->out->time;
    uint64_t   *key = gu_new(context, 2 * most * threads, uint64_t);
    int64_t    *place = gu_new(context, (j->width + 1) * threads, int64_t);
    gusto_real *value = gu_new(context, most * threads, gusto_real);
    gusto_real *weight = weights ? gu_new(context, most * threads, gusto_real) : NULL;
    int64_t    *time = times ? gu_new(context, most * threads, int64_t) : NULL;
    const bool  complete = key && place && value && (weight || !weights) && (time || !times);
    if (complete) {
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (int64_t b = 0; b < j->n_buckets; b++) {
            const int64_t thread = omp_get_thread_num();
            const scratch s = {.key = key + 2 * most * thread,
                               .other = key + 2 * most * thread + most,
                               .place = place + (j->width + 1) * thread,
                               .value = value + most * thread,
                               .weight = weights ? weight + most * thread : NULL,
                               .time = times ? time + most * thread : NULL};
            sort_bucket(j, b, &s);
        }
    }
    gu_free(&context->allocator, key);
    gu_free(&context->allocator, place);
    gu_free(&context->allocator, value);
    gu_free(&context->allocator, weight);
    gu_free(&context->allocator, time);
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}

/* The first two pairs that are (row, column). Only where something is wrong, so that no pair has to carry its number. */
static gu_twice find_twice(const gu_pairs *p, int64_t row, int64_t column)
{
    gu_twice twice = {-1, -1};
    for (int64_t e = 0; e < p->n && twice.second < 0; e++)
        if (p->row[e] == row && p->column[e] == column)
            *(twice.first < 0 ? &twice.first : &twice.second) = e;
    return twice;
}

static gusto_status run(gusto_context *context, job *j, gu_twice *twice)
{
    const gu_pairs *p = j->pairs;
    const int       threads = gu_threads(context);
    gusto_status    status = gu_rows_init(context, p->n_rows, p->n_columns, p->n, p->weight, p->time, j->out);
    if (status)
        return status;
    if (!j->offset || !j->bucket || !j->unique || !j->row || !j->status || !j->fault)
        return GUSTO_ENOMEM;

#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int64_t tile = 0; tile < j->n_tiles; tile++)
        count_tile(j, tile);
    const int64_t most = place_buckets(j);
    if (most > UINT32_MAX)
        return gu_error(context, GUSTO_EOVERFLOW, "%lld ratings of neighbouring rows: more than 4294967295", (long long)most);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int64_t tile = 0; tile < j->n_tiles; tile++)
        move_tile(j, tile);
    status = sort_buckets(context, j, most);
    if (status)
        return status;

    int64_t nnz = 0;
    for (int64_t b = 0; b < j->n_buckets; b++) {
        if (j->status[b]) {
            *twice = find_twice(p, j->fault[b].row, j->fault[b].column);
            return j->status[b];
        }
        nnz += j->unique[b];
    }
    j->out->start[0] = 0;
    for (int64_t r = 0; r < p->n_rows; r++)
        j->out->start[r + 1] += j->out->start[r];
    gu_free(&context->allocator, j->row); /* before anything is copied */
    j->row = NULL;
    return nnz < p->n ? close_gaps(context, j, nnz) : GUSTO_OK;
}

gusto_status gu_rows_from_pairs(gusto_context *context, const gu_pairs *pairs, gusto_duplicates duplicates, gu_twice *twice,
                                gu_rows *out)
{
    job j = {.pairs = pairs, .duplicates = duplicates, .out = out};
    while (((int64_t)pairs->n_rows - 1) >> j.shift >= BUCKETS)
        j.shift++;
    j.width = 1ll << j.shift;
    j.n_buckets = gu_n_tiles(pairs->n_rows, j.width);
    while (j.column_bits < 31 && pairs->n_columns > 1ll << j.column_bits)
        j.column_bits++;
    j.tile = gu_n_tiles(pairs->n, TILES);
    j.tile = j.tile < SMALLEST_TILE ? SMALLEST_TILE : j.tile;
    j.n_tiles = gu_n_tiles(pairs->n, j.tile);

    j.offset = gu_new(context, j.n_tiles * j.n_buckets, int64_t);
    j.bucket = gu_new(context, j.n_buckets + 1, int64_t);
    j.unique = gu_new(context, j.n_buckets, int64_t);
    j.row = gu_new(context, pairs->n, int32_t);
    j.status = gu_new_zero(context, j.n_buckets, gusto_status);
    j.fault = gu_new(context, j.n_buckets, cell);
    const gusto_status status = run(context, &j, twice);
    if (status)
        gu_rows_clear(&context->allocator, out);
    gu_free(&context->allocator, j.offset);
    gu_free(&context->allocator, j.bucket);
    gu_free(&context->allocator, j.unique);
    gu_free(&context->allocator, j.row);
    gu_free(&context->allocator, j.status);
    gu_free(&context->allocator, j.fault);
    return status;
}
