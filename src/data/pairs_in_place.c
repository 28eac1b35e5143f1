/* Rows from pairs that come by row already, as most files of ratings do: see rows.h. What is left to be done is to note where rows begin, and
 * to sort the rows that do not ascend, each where it lies. */
#include "core/memory.h"
#include "core/tiles.h"
#include "data/row_sort.h"

#include <omp.h>

enum { TILE = 1 << 16 };

/* ---- where rows begin ---- */

/* Fills start up to the row of the tile's last pair. False if the tile does not ascend. Where tiles do not follow each other, two may write one number,
 * which is then nobody's: hence atomic, a plain store. */
static bool index_tile(const int32_t *row, int64_t begin, int64_t end, int64_t *start)
{
    int32_t before = begin > 0 ? row[begin - 1] : -1;
    for (int64_t e = begin; e < end; e++) {
        if (row[e] == before)
            continue;
        if (row[e] < before)
            return false;
        for (int64_t r = (int64_t)before + 1; r <= row[e]; r++) {
#pragma omp atomic write
            start[r] = e;
        }
        before = row[e];
    }
    return true;
}

static bool index_rows(gusto_context *context, const int32_t *row, const gu_rows *rows)
{
    const int64_t n_tiles = gu_n_tiles(rows->nnz, TILE);
    bool          in_order = true;
#pragma omp        parallel for num_threads(gu_threads(context)) schedule(static)
    for (int64_t t = 0; t < n_tiles; t++) {
               bool go_on;
#pragma omp atomic read
        go_on = in_order;
        if (go_on && !index_tile(row, t * TILE, gu_tile_end(rows->nnz, TILE, t), rows->start)) {
#pragma omp atomic write
            in_order = false;
        }
    }
    for (int64_t r = rows->nnz ? (int64_t)row[rows->nnz - 1] + 1 : 0; in_order && r <= rows->n_rows; r++)
        rows->start[r] = rows->nnz;
    return in_order;
}

static gusto_status make_ones(gusto_context *context, gu_rows *rows)
{
    rows->value = gu_new(context, rows->nnz, gusto_real);
    if (!rows->value)
        return GUSTO_ENOMEM;
#pragma omp parallel for num_threads(gu_threads(context)) schedule(static)
    for (int64_t e = 0; e < rows->nnz; e++)
        rows->value[e] = 1;
    return GUSTO_OK;
}

/* ---- rows that do not ascend ---- */

typedef struct job {
    gu_rows         *rows;
    gusto_duplicates duplicates;
    int64_t          n_tiles, *bound; /* tiles of rows */
    int64_t         *begin, *unique;  /* [n_tiles]: entries */
    gu_row_fault    *fault;           /* [n_tiles] */
} job;

/* Entries of the longest row of the tile that does not ascend. */
static int64_t longest_to_sort(const job *j, int64_t t)
{
    const gu_rows *rows = j->rows;
    int64_t        longest = 0;
    for (int64_t r = j->bound[t]; r < j->bound[t + 1]; r++) {
        const int64_t n = rows->start[r + 1] - rows->start[r];
        if (n > longest && !gu_row_ascends(n, rows->column + rows->start[r]))
            longest = n;
    }
    return longest;
}

/* start[r + 1] becomes the length of row r, once it has been read; the first of the tile is read from begin[t], since the tile before may
 * have written it already. */
static void sort_tile(const job *j, int64_t t, int column_bits, const gu_row_scratch *scratch)
{
    int64_t begin = j->begin[t], at = begin;
    for (int64_t r = j->bound[t]; r < j->bound[t + 1]; r++) {
        const int64_t end = j->rows->start[r + 1], from = at;
        at = gu_row_sort(j->rows, j->duplicates, column_bits, scratch, begin, end - begin, at, &j->fault[t]);
        if (at < 0) {
            j->fault[t].row = r;
            j->fault[t].first += begin;
            j->fault[t].second += begin;
            return;
        }
        j->rows->start[r + 1] = at - from;
        begin = end;
    }
    j->unique[t] = at - j->begin[t];
}

static gusto_status sort_rows(gusto_context *context, job *j, gu_twice *twice)
{
    const int threads = gu_threads(context);
    int64_t   longest = 0;
    j->begin = gu_new(context, j->n_tiles, int64_t);
    j->unique = gu_new(context, j->n_tiles, int64_t);
    j->fault = gu_new_zero(context, j->n_tiles, gu_row_fault);
    if (!j->begin || !j->unique || !j->fault)
        return GUSTO_ENOMEM;
#pragma omp parallel for num_threads(threads) schedule(dynamic) reduction(max : longest)
    for (int64_t t = 0; t < j->n_tiles; t++) {
        j->begin[t] = j->rows->start[j->bound[t]];
        const int64_t most = longest_to_sort(j, t);
        longest = most > longest ? most : longest;
    }
    if (longest == 0)
        return GUSTO_OK;
    if (longest > UINT32_MAX)
        return gu_error(context, GUSTO_EOVERFLOW, "%lld ratings of one row: more than 4294967295", (long long)longest);

    const int        bits = gu_column_bits(j->rows->n_columns);
    gu_row_scratches scratches;
    gusto_status     status = gu_row_scratches_init(context, j->rows, longest, true, threads, &scratches);
    if (status == GUSTO_OK) {
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (int64_t t = 0; t < j->n_tiles; t++) {
            const gu_row_scratch s = gu_row_scratch_of(&scratches, omp_get_thread_num());
            sort_tile(j, t, bits, &s);
        }
    }
    gu_row_scratches_clear(&context->allocator, &scratches);
    for (int64_t t = 0; t < j->n_tiles && status == GUSTO_OK; t++)
        if (j->fault[t].status) {
            const gu_row_fault *f = &j->fault[t];
            *twice = (gu_twice){.first = f->first, .second = f->second, .row = (int32_t)f->row, .column = f->column};
            status = f->status;
        }
    return status ? status : gu_rows_close(context, j->rows, j->n_tiles, j->begin, j->unique);
}

gusto_status gu_rows_in_place(gusto_context *context, const int32_t *row, gusto_duplicates duplicates, gu_twice *twice,
                              gu_rows *rows, bool *in_order)
{
    job          j = {.rows = rows, .duplicates = duplicates};
    gusto_status status = GUSTO_OK;
    *in_order = true;
    rows->start = gu_new(context, (int64_t)rows->n_rows + 1, int64_t);
    if (!rows->start)
        return GUSTO_ENOMEM;
    *in_order = index_rows(context, row, rows);
    if (*in_order && !rows->value)
        status = make_ones(context, rows);
    if (*in_order && status == GUSTO_OK)
        status = gu_row_tiles(context, rows->n_rows, rows->start, TILE, &j.n_tiles, &j.bound);
    if (*in_order && status == GUSTO_OK)
        status = sort_rows(context, &j, twice);
    if (!*in_order || status) {
        gu_free(&context->allocator, rows->start);
        rows->start = NULL;
    }
    gu_free(&context->allocator, j.bound);
    gu_free(&context->allocator, j.begin);
    gu_free(&context->allocator, j.unique);
    gu_free(&context->allocator, j.fault);
    return status;
}
