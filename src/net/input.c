/* Batches of sparse rows. A row is taken to where it would lie if none of its entries were left out; where some were, the rows are moved up then. By
 * column, entries are counted and placed for each tile of rows; where a tile's entries of a column go follows from the counts. */
#include "core/memory.h"
#include "core/rng.h"
#include "net/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

gusto_status gu_input_room(gusto_context *context, int64_t n_rows, int64_t n_columns, int64_t nnz, gu_input *out)
{
    *out = (gu_input){.n_columns = n_columns, .n_tiles = gu_threads(context)};
    if (nnz > INT32_MAX)
        return gu_error(context, GUSTO_EOVERFLOW, "%lld ratings in one batch: more than 2147483647", (long long)nnz);
    out->start = gu_new(context, n_rows + 1, int64_t);
    out->column = gu_new(context, nnz, int32_t);
    out->value = gu_new(context, nnz, gusto_real);
    out->column_start = gu_new(context, n_columns + 1, int64_t);
    out->row = gu_new(context, nnz, int32_t);
    out->position = gu_new(context, nnz, int32_t);
    out->taken = gu_new(context, n_rows, int64_t);
    out->next = gu_new(context, out->n_tiles * n_columns, int32_t);
    const bool complete =
        out->start && out->column && out->value && out->column_start && out->row && out->position && out->taken && out->next;
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}

void gu_input_clear(const gusto_allocator *allocator, gu_input *input)
{
    gu_free(allocator, input->start);
    gu_free(allocator, input->column);
    gu_free(allocator, input->value);
    gu_free(allocator, input->column_start);
    gu_free(allocator, input->row);
    gu_free(allocator, input->position);
    gu_free(allocator, input->taken);
    gu_free(allocator, input->next);
    *input = (gu_input){0};
}

/* Row r of `from`, from entry `first` on. Returns how many entries are left of it. */
static int64_t take_row(const gusto_rows *from, int64_t r, const gu_input_how *how, int64_t first, gu_input *out)
{
    const gusto_real kept = (gusto_real)(1 / (1 - how->dropout));
    int64_t          to = first;
    double           square = 0;
    uint32_t         word[4];
    for (int64_t e = from->start[r]; e < from->start[r + 1]; e++) {
        const int64_t at = e - from->start[r];
        const int32_t c = from->column[e];
        if (how->masked && how->masked[c])
            continue;
        gusto_real x = 1;
        if (!how->ones) {
            x = from->value[e] - how->shift;
            if (how->shift_row)
                x -= how->shift_row[r] + how->shift_column[c];
            x *= how->scale;
        }
        square += (double)x * (double)x;
        if (how->dropout > 0) {
            if (at % 4 == 0)
                gu_random(how->seed, GU_STREAM_DROPOUT, how->epoch << 32 | (uint64_t)r, (uint32_t)(at / 4), word);
            if (gu_uniform(word[at % 4]) < how->dropout)
                continue;
            x *= kept;
        }
        out->column[to] = c;
        out->value[to++] = x;
    }
    const gusto_real by = how->unit && square > 0 ? (gusto_real)(1 / sqrt(square)) : 1;
    for (int64_t e = first; e < to; e++)
        out->value[e] *= by;
    return to - first;
}

/* Rows move up over what was left out before them. */
static void close_gaps(gu_input *x)
{
    int64_t n = 0;
    for (int64_t r = 0; r < x->n_rows; r++) {
        const int64_t from = x->start[r];
        if (from > n) {
            memmove(x->column + n, x->column + from, (size_t)x->taken[r] * sizeof *x->column);
            memmove(x->value + n, x->value + from, (size_t)x->taken[r] * sizeof *x->value);
        }
        x->start[r] = n;
        n += x->taken[r];
    }
    x->start[x->n_rows] = x->nnz = n;
}

/* The first row of tile t: tiles have about as many entries each. */
static int64_t tile_begin(const gu_input *x, int t)
{
    const int64_t least = x->nnz * t / x->n_tiles;
    int64_t       low = 0, high = x->n_rows;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (x->start[middle] < least)
            low = middle + 1;
        else
            high = middle;
    }
    return t == x->n_tiles ? x->n_rows : low;
}

static void count_tile(const gu_input *x, int t)
{
    int32_t *next = x->next + t * x->n_columns;
    memset(next, 0, (size_t)x->n_columns * sizeof *next);
    for (int64_t e = x->start[tile_begin(x, t)]; e < x->start[tile_begin(x, t + 1)]; e++)
        next[x->column[e]]++;
}

/* Turns counts into places: column after column, within one tile after tile. */
static void sum_counts(gu_input *x)
{
    int32_t sum = 0;
    for (int64_t c = 0; c < x->n_columns; c++) {
        x->column_start[c] = sum;
        for (int t = 0; t < x->n_tiles; t++) {
            int32_t      *next = x->next + t * x->n_columns + c;
            const int32_t here = *next;
            *next = sum;
            sum += here;
        }
    }
    x->column_start[x->n_columns] = sum;
}

static void place_tile(const gu_input *x, int t)
{
    int32_t *next = x->next + t * x->n_columns;
    for (int64_t r = tile_begin(x, t); r < tile_begin(x, t + 1); r++)
        for (int64_t e = x->start[r]; e < x->start[r + 1]; e++) {
            const int32_t at = next[x->column[e]]++;
            x->row[at] = (int32_t)r;
            x->position[at] = (int32_t)e;
        }
}

void gu_input_take(const gusto_context *context, const gusto_rows *from, int64_t n, const int32_t *which, const gu_input_how *how,
                   gu_input *out)
{
    out->n_rows = n;
    out->start[0] = 0;
    for (int64_t j = 0; j < n; j++) {
        const int64_t r = which ? which[j] : j;
        out->start[j + 1] = out->start[j] + from->start[r + 1] - from->start[r];
    }
#pragma omp parallel num_threads(gu_threads(context))
    {
#pragma omp for schedule(dynamic, 8)
        for (int64_t j = 0; j < n; j++)
            out->taken[j] = take_row(from, which ? which[j] : j, how, out->start[j], out);
#pragma omp single
        close_gaps(out);
#pragma omp for schedule(static, 1)
        for (int t = 0; t < out->n_tiles; t++)
            count_tile(out, t);
#pragma omp single
        sum_counts(out);
#pragma omp for schedule(static, 1)
        for (int t = 0; t < out->n_tiles; t++)
            place_tile(out, t);
    }
}

int64_t gu_input_most(const gusto_rows *rows, int64_t n)
{
    int64_t most = 0;
    for (int32_t r = 0; r < rows->n_rows; r++)
        most = rows->start[r + 1] - rows->start[r] > most ? rows->start[r + 1] - rows->start[r] : most;
    return n < rows->n_rows && n * most < rows->nnz ? n * most : rows->nnz;
}
