/* Rows from pairs in any order: a sort by (row, column) that is stable, parallel, and moves each pair twice.
 *
 *   1. Rows are cut into at most FINE ranges, pairs into tiles. Each tile counts its pairs of each range; neighbouring ranges become a bucket
 *      until it has its share of the pairs. A prefix sum over (bucket, tile) says where each tile puts its pairs of each bucket; each tile
 *      moves them there. Columns, values, weights and times go to the arrays of the result, where a bucket takes the same place as later;
 *      only the row needs an array beside them, of 16 bits: its number within the bucket.
 *   2. Each bucket, small enough for a near cache, is sorted by itself: by row with one counting sort, then each row that does not ascend
 *      (row_sort.c). Equal pairs are then neighbours, in the order that they were given.
 * So every array is read and written in order, or within a bucket. Fetching values by the number of the pair in step 2 instead
 * took four times as long where the pairs came in random order.
 *
 * How many buckets: a tile writes to three arrays in each, and those lines should lie in the first cache together. Moving 20 M pairs in random
 * order took one thread 61 ms with 174 buckets, 98 ms with 288 and 123 ms with 2048. Only beyond 42 M pairs are there more, since what sorts
 * a bucket wants it in a near cache. That ranges are merged by weight keeps a few popular rows from filling one bucket with half of the pairs.
 *
 * A transposition comes in the order of columns: its rows ascend once they are put together. Files are mostly sorted by user already: a bucket
 * whose rows ascend is not moved again. Neither the tiles nor the buckets depend on the number of threads. */
#include "core/memory.h"
#include "core/tiles.h"
#include "data/row_sort.h"

#include <omp.h>
#include <string.h>

enum { FINE = 2048, MOST_SHIFT = 16, BUCKETS = 160, MOST_BUCKETS = 2560, BUCKET = 1 << 18, TILES = 64, SMALLEST_TILE = 1 << 16 };

typedef struct job {
    const gu_pairs  *pairs;
    gusto_duplicates duplicates;
    gu_rows         *out;
    int64_t          tile, n_tiles; /* pairs a tile */
    int64_t          n_fine;        /* ranges of 1 << shift rows */
    int              shift, column_bits;
    int64_t         *count;       /* [n_tiles x n_fine] */
    int32_t         *bucket_of;   /* [n_fine] */
    int64_t          n_buckets;   /* at most n_fine */
    int64_t         *first;       /* [n_fine + 1]: rows of the buckets */
    int64_t         *begin;       /* [n_fine + 1]: pairs of the buckets */
    int64_t         *place;       /* [n_tiles x n_buckets]: where the tile's next pair of the bucket goes */
    int64_t          most, width; /* pairs, rows of a bucket at most */
    int64_t         *unique;      /* [n_buckets]: pairs left of each */
    uint16_t        *row;         /* [n]: of the pairs in buckets, from the bucket's first */
    gu_row_fault    *fault;       /* [n_buckets] */
} job;

/* ---- 1: into buckets ---- */

static void count_tile(const job *j, int64_t tile)
{
    int64_t       *count = j->count + tile * j->n_fine;
    const int32_t *row = j->pairs->row;
    const int      shift = j->shift;
    memset(count, 0, (size_t)j->n_fine * sizeof *count);
    for (int64_t e = tile * j->tile; e < gu_tile_end(j->pairs->n, j->tile, tile); e++)
        count[row[e] >> shift]++;
}

/* Merges ranges, from the first on: a bucket ends where the next range would bring it over its share, or over what 16 bits count. */
static void cut_buckets(job *j)
{
    const int64_t n = j->pairs->n, n_rows = j->pairs->n_rows, range = 1ll << j->shift;
    int64_t       buckets = BUCKETS, b = 0, held = 0, sum = 0;
    while (buckets < MOST_BUCKETS && n / buckets > BUCKET)
        buckets *= 2;
    const int64_t share = gu_n_tiles(n, buckets);

    j->first[0] = j->begin[0] = 0;
    for (int64_t f = 0; f < j->n_fine; f++) {
        int64_t count = 0;
        for (int64_t tile = 0; tile < j->n_tiles; tile++)
            count += j->count[tile * j->n_fine + f];
        if (f > 0 && (held + count > share || (f + 1) * range - j->first[b] > 1 << MOST_SHIFT)) {
            j->first[++b] = f * range;
            j->begin[b] = sum;
            held = 0;
        }
        j->bucket_of[f] = (int32_t)b;
        held += count;
        sum += count;
    }
    j->n_buckets = j->n_fine ? b + 1 : 0;
    j->first[j->n_buckets] = n_rows;
    j->begin[j->n_buckets] = sum;
    for (b = 0; b < j->n_buckets; b++) {
        const int64_t pairs = j->begin[b + 1] - j->begin[b], rows = j->first[b + 1] - j->first[b];
        j->most = pairs > j->most ? pairs : j->most;
        j->width = rows > j->width ? rows : j->width;
    }
}

static void place_tiles(const job *j)
{
    memset(j->place, 0, (size_t)(j->n_tiles * j->n_buckets) * sizeof *j->place);
    for (int64_t tile = 0; tile < j->n_tiles; tile++)
        for (int64_t f = 0; f < j->n_fine; f++)
            j->place[tile * j->n_buckets + j->bucket_of[f]] += j->count[tile * j->n_fine + f];
    for (int64_t b = 0; b < j->n_buckets; b++)
        for (int64_t tile = 0, sum = j->begin[b]; tile < j->n_tiles; tile++) {
            int64_t      *place = &j->place[tile * j->n_buckets + b];
            const int64_t count = *place;
            *place = sum;
            sum += count;
        }
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
    const gu_rows   out = *j->out;
    int64_t        *place = j->place + tile * j->n_buckets;
    const int64_t   begin = tile * j->tile, end = gu_tile_end(p->n, j->tile, tile);
    int32_t         column = p->column ? 0 : column_at(p, begin);
    int64_t         next = p->column ? end : p->start[column + 1];
    for (int64_t e = begin; e < end; e++) {
        if (p->column)
            column = p->column[e];
        else
            while (next <= e)
                next = p->start[++column + 1];
        const int32_t row = p->row[e], b = j->bucket_of[row >> j->shift];
        const int64_t to = place[b]++;
        j->row[to] = (uint16_t)(row - j->first[b]);
        out.column[to] = column;
        out.value[to] = p->value ? p->value[e] : 1;
        if (p->weight)
            out.weight[to] = p->weight[e];
        if (p->time)
            out.time[to] = p->time[e];
    }
}

/* ---- 2: each bucket ---- */

static bool in_order(int64_t n, const uint16_t *row)
{
    unsigned wrong = 0;
    for (int64_t i = 1; i < n; i++)
        wrong |= (unsigned)(row[i] < row[i - 1]);
    return !wrong;
}

/* Moves the pairs of a bucket to their rows. place: where rows begin, then where they end. */
static void gather_rows(const job *j, int64_t base, int64_t n, uint32_t *place, const gu_row_scratch *s)
{
    const uint16_t *row = j->row + base;
    int32_t        *column = j->out->column + base, *from = (int32_t *)s->key;
    gusto_real     *value = j->out->value + base;
    memcpy(from, column, (size_t)n * sizeof *from);
    memcpy(s->value, value, (size_t)n * sizeof *value);
    if (s->weight)
        memcpy(s->weight, j->out->weight + base, (size_t)n * sizeof *s->weight);
    if (s->time)
        memcpy(s->time, j->out->time + base, (size_t)n * sizeof *s->time);
    for (int64_t i = 0; i < n; i++) {
        const uint32_t to = place[row[i]]++;
        column[to] = from[i];
        value[to] = s->value[i];
        if (s->weight)
            j->out->weight[base + to] = s->weight[i];
        if (s->time)
            j->out->time[base + to] = s->time[i];
    }
}

/* Sorts a bucket and puts it where it begins; out->start[row + 1] becomes the length of the row. place [width + 1]: scratch. */
static void sort_bucket(const job *j, int64_t b, uint32_t *place, const gu_row_scratch *s)
{
    const int64_t   first = j->first[b], n_rows = j->first[b + 1] - first, base = j->begin[b], n = j->begin[b + 1] - base;
    const uint16_t *row = j->row + base;
    memset(place, 0, (size_t)(n_rows + 1) * sizeof *place);
    for (int64_t i = 0; i < n; i++)
        place[row[i] + 1]++;
    for (int64_t r = 0; r < n_rows; r++)
        j->out->start[first + r + 1] = place[r + 1];
    if (!in_order(n, row)) {
        for (int64_t r = 0; r < n_rows; r++)
            place[r + 1] += place[r];
        gather_rows(j, base, n, place, s);
    }
    j->unique[b] = n;
    if (!j->pairs->column) /* a column has a row once: they ascend */
        return;
    int64_t at = base, begin = base;
    for (int64_t r = 0; r < n_rows; r++) {
        int64_t      *length = &j->out->start[first + r + 1];
        const int64_t from = at;
        at = gu_row_sort(j->out, j->duplicates, j->column_bits, s, begin, *length, at, &j->fault[b]);
        if (at < 0) {
            j->fault[b].row = first + r;
            return;
        }
        begin += *length;
        *length = at - from;
    }
    j->unique[b] = at - base;
}

static gusto_status sort_buckets(gusto_context *context, const job *j)
{
    const int        threads = gu_threads(context);
    gu_row_scratches scratches;
    gusto_status     status = gu_row_scratches_init(context, j->out, j->most, j->pairs->column, threads, &scratches);
    uint32_t        *place = gu_new(context, (j->width + 1) * threads, uint32_t);
    if (!place)
        status = GUSTO_ENOMEM;
    if (status == GUSTO_OK) {
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (int64_t b = 0; b < j->n_buckets; b++) {
            const gu_row_scratch s = gu_row_scratch_of(&scratches, omp_get_thread_num());
            sort_bucket(j, b, place + (j->width + 1) * omp_get_thread_num(), &s);
        }
    }
    gu_row_scratches_clear(&context->allocator, &scratches);
    gu_free(&context->allocator, place);
    return status;
}

/* ---- together ---- */

/* The first two pairs that are (row, column). Only where something is wrong, so that no pair has to carry its number. */
static gu_twice find_twice(const gu_pairs *p, const gu_row_fault *fault)
{
    gu_twice twice = {.first = -1, .second = -1, .row = (int32_t)fault->row, .column = fault->column};
    for (int64_t e = 0; e < p->n && twice.second < 0; e++)
        if (p->row[e] == fault->row && p->column[e] == fault->column)
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
    if (!j->count || !j->bucket_of || !j->first || !j->begin || !j->row)
        return GUSTO_ENOMEM;

#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int64_t tile = 0; tile < j->n_tiles; tile++)
        count_tile(j, tile);
    cut_buckets(j);
    if (j->most > UINT32_MAX)
        return gu_error(context, GUSTO_EOVERFLOW, "%lld ratings of neighbouring rows: more than 4294967295", (long long)j->most);
    j->place = gu_new(context, j->n_tiles * j->n_buckets, int64_t);
    j->unique = gu_new(context, j->n_buckets, int64_t);
    j->fault = gu_new_zero(context, j->n_buckets, gu_row_fault);
    if (!j->place || !j->unique || !j->fault)
        return GUSTO_ENOMEM;
    place_tiles(j);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int64_t tile = 0; tile < j->n_tiles; tile++)
        move_tile(j, tile);
    status = sort_buckets(context, j);
    if (status)
        return status;

    for (int64_t b = 0; b < j->n_buckets; b++)
        if (j->fault[b].status) {
            *twice = find_twice(p, &j->fault[b]);
            return j->fault[b].status;
        }
    gu_free(&context->allocator, j->row); /* before anything is copied */
    j->row = NULL;
    return gu_rows_close(context, j->out, j->n_buckets, j->begin, j->unique);
}

gusto_status gu_rows_from_pairs(gusto_context *context, const gu_pairs *pairs, gusto_duplicates duplicates, gu_twice *twice,
                                gu_rows *out)
{
    job j = {.pairs = pairs, .duplicates = duplicates, .out = out, .column_bits = gu_column_bits(pairs->n_columns)};
    while (j.shift < MOST_SHIFT && ((int64_t)pairs->n_rows - 1) >> j.shift >= FINE)
        j.shift++;
    j.n_fine = gu_n_tiles(pairs->n_rows, 1ll << j.shift);
    j.tile = gu_n_tiles(pairs->n, TILES);
    j.tile = j.tile < SMALLEST_TILE ? SMALLEST_TILE : j.tile;
    j.n_tiles = gu_n_tiles(pairs->n, j.tile);

    j.count = gu_new(context, j.n_tiles * j.n_fine, int64_t);
    j.bucket_of = gu_new(context, j.n_fine, int32_t);
    j.first = gu_new(context, j.n_fine + 1, int64_t);
    j.begin = gu_new(context, j.n_fine + 1, int64_t);
    j.row = gu_new(context, pairs->n, uint16_t);
    const gusto_status status = run(context, &j, twice);
    if (status)
        gu_rows_clear(&context->allocator, out);
    gu_free(&context->allocator, j.count);
    gu_free(&context->allocator, j.bucket_of);
    gu_free(&context->allocator, j.first);
    gu_free(&context->allocator, j.begin);
    gu_free(&context->allocator, j.place);
    gu_free(&context->allocator, j.unique);
    gu_free(&context->allocator, j.row);
    gu_free(&context->allocator, j.fault);
    return status;
}
