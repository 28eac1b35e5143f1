/* See rows.h. */
#include "data/rows.h"

#include "core/memory.h"
#include "core/tiles.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { TILE = 1 << 16 };

gusto_status gu_rows_init(gusto_context *context, int32_t n_rows, int32_t n_columns, int64_t nnz, bool weights, bool times,
                          gu_rows *rows)
{
    *rows = (gu_rows){.n_rows = n_rows, .n_columns = n_columns, .nnz = nnz};
    rows->start = gu_new(context, (int64_t)n_rows + 1, int64_t);
    rows->column = gu_new(context, nnz, int32_t);
    rows->value = gu_new(context, nnz, gusto_real);
    rows->weight = weights ? gu_new(context, nnz, gusto_real) : NULL;
    rows->time = times ? gu_new(context, nnz, int64_t) : NULL;
    if (rows->start && rows->column && rows->value && (rows->weight || !weights) && (rows->time || !times))
        return GUSTO_OK;
    gu_rows_clear(&context->allocator, rows);
    return GUSTO_ENOMEM;
}

void gu_rows_clear(const gusto_allocator *allocator, gu_rows *rows)
{
    gu_free(allocator, rows->start);
    gu_free(allocator, rows->column);
    gu_free(allocator, rows->value);
    gu_free(allocator, rows->weight);
    gu_free(allocator, rows->time);
    *rows = (gu_rows){0};
}

gusto_rows gu_rows_view(const gu_rows *rows)
{
    return (gusto_rows){.n_rows = rows->n_rows,
                        .n_columns = rows->n_columns,
                        .nnz = rows->nnz,
                        .start = rows->start,
                        .column = rows->column,
                        .value = rows->value,
                        .weight = rows->weight,
                        .time = rows->time};
}

static void copy_array(void *to, const void *from, int64_t n, size_t size)
{
    if (to && n > 0)
        memcpy(to, from, (size_t)n * size);
}

gusto_status gu_rows_copy(gusto_context *context, const gusto_rows *rows, gu_rows *out)
{
    const int64_t      nnz = rows->nnz;
    const gusto_status status = gu_rows_init(context, rows->n_rows, rows->n_columns, nnz, rows->weight, rows->time, out);
    if (status)
        return status;
    copy_array(out->start, rows->start, (int64_t)rows->n_rows + 1, sizeof *out->start);
    copy_array(out->column, rows->column, nnz, sizeof *out->column);
    copy_array(out->value, rows->value, nnz, sizeof *out->value);
    copy_array(out->weight, rows->weight, nnz, sizeof *out->weight);
    copy_array(out->time, rows->time, nnz, sizeof *out->time);
    return GUSTO_OK;
}

/* ---- check ---- */

/* The first entry of rows [begin, end) that is wrong, or -1. */
static int64_t first_wrong(const gusto_rows *rows, int64_t begin, int64_t end, int64_t *row)
{
    for (int64_t r = begin; r < end; r++) {
        int32_t before = -1;
        for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
            const int32_t c = rows->column[e];
            if (c <= before || c >= rows->n_columns || !isfinite(rows->value[e]) ||
                (rows->weight && !(isfinite(rows->weight[e]) && rows->weight[e] >= 0))) {
                *row = r;
                return e;
            }
            before = c;
        }
    }
    return -1;
}

static gusto_status describe_wrong(gusto_context *context, const gusto_rows *rows, const char *noun, int64_t row, int64_t e)
{
    const long long r = row, p = e;
    const int32_t   c = rows->column[e];
    if (c < 0 || c >= rows->n_columns)
        return gu_error(context, GUSTO_EID, "%s %lld, position %lld: column %d, expected 0 to %d", noun, r, p, c,
                        rows->n_columns - 1);
    if (e > rows->start[row] && c == rows->column[e - 1])
        return gu_error(context, GUSTO_EDUPLICATE, "%s %lld, position %lld: column %d for the second time", noun, r, p, c);
    if (e > rows->start[row] && c < rows->column[e - 1])
        return gu_error(context, GUSTO_EARG, "%s %lld, position %lld: column %d after column %d, expected to ascend", noun, r, p,
                        c, rows->column[e - 1]);
    if (!isfinite(rows->value[e]))
        return gu_error(context, GUSTO_EARG, "%s %lld, position %lld: the value is %s", noun, r, p,
                        isnan(rows->value[e]) ? "NaN" : "infinite");
    return gu_error(context, GUSTO_EARG, "%s %lld, position %lld: the weight is negative or not finite", noun, r, p);
}

gusto_status gu_rows_check(gusto_context *context, const gusto_rows *rows, const char *noun)
{
    if (rows->n_rows < 0 || rows->n_columns < 0 || rows->nnz < 0)
        return gu_error(context, GUSTO_ESHAPE, "%d %ss, %d columns, %lld entries: none may be negative", rows->n_rows, noun,
                        rows->n_columns, (long long)rows->nnz);
    if (!rows->start || (rows->nnz > 0 && (!rows->column || !rows->value)))
        return gu_error(context, GUSTO_EARG, "rows without %s", !rows->start ? "start" : !rows->column ? "column" : "value");
    if (rows->start[0] != 0 || rows->start[rows->n_rows] != rows->nnz)
        return gu_error(context, GUSTO_ESHAPE, "rows start at %lld and end at %lld, expected 0 and %lld",
                        (long long)rows->start[0], (long long)rows->start[rows->n_rows], (long long)rows->nnz);
    for (int64_t r = 0; r < rows->n_rows; r++)
        if (rows->start[r + 1] < rows->start[r])
            return gu_error(context, GUSTO_ESHAPE, "%s %lld starts at %lld and ends at %lld", noun, (long long)r,
                            (long long)rows->start[r], (long long)rows->start[r + 1]);

    int64_t      n_tiles, *bound = NULL;
    gusto_status status = gu_row_tiles(context, rows->n_rows, rows->start, TILE, &n_tiles, &bound);
    if (status)
        return status;
    int64_t *wrong = gu_new(context, 2 * n_tiles, int64_t);
    if (!wrong)
        status = GUSTO_ENOMEM;
    if (wrong) {
#pragma omp parallel for num_threads(gu_threads(context)) schedule(dynamic)
        for (int64_t t = 0; t < n_tiles; t++)
            wrong[2 * t] = first_wrong(rows, bound[t], bound[t + 1], &wrong[2 * t + 1]);
        for (int64_t t = 0; t < n_tiles && !status; t++)
            if (wrong[2 * t] >= 0)
                status = describe_wrong(context, rows, noun, wrong[2 * t + 1], wrong[2 * t]);
    }
    gu_free(&context->allocator, wrong);
    gu_free(&context->allocator, bound);
    return status;
}

/* ---- summary ---- */

/* Sums wait for their last addition; that many tiles are added up side by side, each from left to right. */
enum { ABREAST = 4 };

typedef struct piece {
    const gusto_real *value;
    int64_t           n;
} piece;

static gu_summary summarize_rest(const gusto_real *value, int64_t begin, int64_t n, gu_summary s)
{
    for (int64_t j = begin; j < n; j++) {
        const gusto_real x = value[j];
        const bool       there = !isnan(x);
        s.n += there;
        s.sum += there ? (double)x : 0;
        s.low = x < s.low ? x : s.low;
        s.high = x > s.high ? x : s.high;
    }
    if (isinf(s.low) || isinf(s.high)) /* also where nothing is there */
        for (int64_t j = 0; j < n && s.infinite < 0; j++)
            s.infinite = isinf(value[j]) ? j : -1;
    return s;
}

static void summarize_tiles(const piece *p, gu_summary *out)
{
    int64_t    n = p[0].n, there[ABREAST] = {0};
    double     sum[ABREAST] = {0};
    gusto_real low[ABREAST], high[ABREAST];
    for (int a = 0; a < ABREAST; a++) {
        n = p[a].n < n ? p[a].n : n;
        low[a] = INFINITY;
        high[a] = -INFINITY;
    }
    for (int64_t j = 0; j < n; j++)
        for (int a = 0; a < ABREAST; a++) {
            const gusto_real x = p[a].value[j];
            there[a] += !isnan(x);
            sum[a] += isnan(x) ? 0 : (double)x;
            low[a] = x < low[a] ? x : low[a];
            high[a] = x > high[a] ? x : high[a];
        }
    for (int a = 0; a < ABREAST; a++)
        out[a] = summarize_rest(p[a].value, n, p[a].n,
                                (gu_summary){.n = there[a], .low = low[a], .high = high[a], .sum = sum[a], .infinite = -1});
}

gusto_status gu_summarize(gusto_context *context, int64_t n_rows, int64_t n, int64_t ld, const gusto_real *value, gu_summary *out)
{
    const int64_t per_row = gu_n_tiles(n, TILE), n_tiles = n_rows * per_row, n_groups = gu_n_tiles(n_tiles, ABREAST);
    gu_summary   *part = gu_new(context, n_groups * ABREAST, gu_summary);
    *out = (gu_summary){.infinite = -1};
    if (!part)
        return GUSTO_ENOMEM;
#pragma omp parallel for num_threads(gu_threads(context)) schedule(dynamic)
    for (int64_t g = 0; g < n_groups; g++) {
        piece p[ABREAST] = {{NULL, 0}};
        for (int64_t t = g * ABREAST; t < gu_tile_end(n_tiles, ABREAST, g); t++) {
            const int64_t tile = t % per_row, begin = tile * TILE;
            p[t % ABREAST] = (piece){value + t / per_row * ld + begin, gu_tile_end(n, TILE, tile) - begin};
        }
        summarize_tiles(p, part + g * ABREAST);
    }
    for (int64_t t = 0; t < n_tiles; t++) {
        const gu_summary *p = &part[t];
        if (p->infinite >= 0 && out->infinite < 0)
            out->infinite = t / per_row * n + t % per_row * TILE + p->infinite;
        if (p->n > 0) {
            out->low = out->n == 0 || p->low < out->low ? p->low : out->low;
            out->high = out->n == 0 || p->high > out->high ? p->high : out->high;
        }
        out->n += p->n;
        out->sum += p->sum;
    }
    gu_free(&context->allocator, part);
    return GUSTO_OK;
}

/* ---- transpose ---- */

gusto_status gu_rows_transpose(gusto_context *context, const gusto_rows *rows, gu_rows *out)
{
    const gu_pairs pairs = {.n = rows->nnz,
                            .n_rows = rows->n_columns,
                            .n_columns = rows->n_rows,
                            .row = rows->column,
                            .start = rows->start,
                            .value = rows->value,
                            .weight = rows->weight,
                            .time = rows->time};
    gu_twice       never;
    return gu_rows_from_pairs(context, &pairs, GUSTO_DUPLICATES_ERROR, &never, out);
}

/* Each thread counts columns for itself, unless they are more than the entries: then fewer threads do. */
static gusto_status count_columns(gusto_context *context, const gusto_rows *rows, int32_t *count)
{
    const int64_t n = rows->n_columns, enough = rows->nnz / (n + 1) + 1;
    const int     threads = (int)(enough < gu_threads(context) ? enough : gu_threads(context));
    int32_t      *parts = gu_new_zero(context, (threads - 1) * n, int32_t);
    if (!parts)
        return GUSTO_ENOMEM;
    memset(count, 0, (size_t)n * sizeof *count);
#pragma omp parallel num_threads(threads)
    {
        int32_t *own = omp_get_thread_num() > 0 ? parts + (omp_get_thread_num() - 1) * n : count;
#pragma omp for schedule(static)
        for (int64_t e = 0; e < rows->nnz; e++)
            own[rows->column[e]]++;
#pragma omp for schedule(static)
        for (int64_t c = 0; c < n; c++)
            for (int t = 1; t < threads; t++)
                count[c] += parts[(t - 1) * n + c];
    }
    gu_free(&context->allocator, parts);
    return GUSTO_OK;
}

gusto_status gu_rows_count(gusto_context *context, const gusto_rows *rows, int32_t **row, int32_t **column)
{
    *row = gu_new(context, rows->n_rows, int32_t);
    *column = gu_new(context, rows->n_columns, int32_t);
    if (!*row || !*column)
        return GUSTO_ENOMEM;
    for (int32_t r = 0; r < rows->n_rows; r++)
        (*row)[r] = (int32_t)(rows->start[r + 1] - rows->start[r]);
    return count_columns(context, rows, *column);
}
