/* See sparse.h. */
#include "models/sparse.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "core/watch.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 128 };

/* What a block of rows leaves until it is appended. */
typedef struct block {
    int64_t     most;  /* kept in a row */
    int32_t    *index; /* [BLOCK x most] */
    gusto_real *value;
    int64_t    *count; /* [BLOCK] */
} block;

static int ascending(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* The positive numbers of a row, at most b->most of them; best [most]: scratch. */
static void select_row(const gu_kernels *kernels, const block *b, int64_t slot, int32_t n, const gusto_real *row,
                       gusto_real *best)
{
    int32_t    *index = b->index + slot * b->most;
    gusto_real *value = b->value + slot * b->most;
    int64_t     count = 0;
    if (b->most >= n) {
        for (int32_t c = 0; c < n; c++)
            if (row[c] > 0)
                index[count++] = c;
    } else {
        gu_top top = {.k = (int)b->most, .score = best, .item = index};
        kernels->top_push(&top, n, row, 0);
        for (int j = 0; j < top.n; j++)
            if (row[index[j]] > 0)
                index[count++] = index[j];
        qsort(index, (size_t)count, sizeof *index, ascending);
    }
    for (int64_t j = 0; j < count; j++)
        value[j] = row[index[j]];
    b->count[slot] = count;
}

static gusto_status append(gusto_context *context, const block *b, int64_t first, int64_t n, int64_t *room, gu_sparse *out)
{
    for (int64_t slot = 0; slot < n; slot++)
        out->start[first + slot + 1] = out->start[first + slot] + b->count[slot];
    const int64_t needed = out->start[first + n];
    if (needed > *room) {
        const int64_t more = needed + needed / 2;
        int32_t      *index = gu_grow(context, out->index, out->nnz, more, sizeof *index);
        if (!index)
            return GUSTO_ENOMEM;
        out->index = index;
        gusto_real *value = gu_grow(context, out->value, out->nnz, more, sizeof *value);
        if (!value)
            return GUSTO_ENOMEM;
        out->value = value;
        *room = more;
    }
    for (int64_t slot = 0; slot < n; slot++) {
        const size_t  count = (size_t)b->count[slot];
        const int64_t at = out->start[first + slot];
        if (count) {
            memcpy(out->index + at, b->index + slot * b->most, count * sizeof *out->index);
            memcpy(out->value + at, b->value + slot * b->most, count * sizeof *out->value);
        }
    }
    out->nnz = needed;
    return GUSTO_OK;
}

static int64_t most_of(int64_t n_columns, int keep)
{
    return keep > 0 && keep < n_columns ? keep : n_columns;
}

static int64_t thread_room(int64_t n_columns, int64_t most, int64_t scratch)
{
    return gu_padded(n_columns) + gu_padded(most) + gu_padded(scratch);
}

static gusto_status build(gusto_context *context, gu_sparse_row row, const void *self, int64_t scratch, const block *b,
                          gusto_real *memory, gu_sparse *out)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    const int64_t     one = thread_room(out->n_columns, b->most, scratch);
    int64_t           room = 0;
    gusto_status      status = GUSTO_OK;
    gu_watch_units(context, out->n_rows);
    for (int64_t first = 0; status == GUSTO_OK && first < out->n_rows; first += BLOCK) {
        const int64_t n = gu_tile_end(out->n_rows, BLOCK, first / BLOCK) - first;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
        for (int64_t slot = 0; slot < n; slot++) {
            if (gu_watch_done(context, 1))
                continue;
            gusto_real *own = memory + omp_get_thread_num() * one, *best = own + gu_padded(out->n_columns);
            memset(own, 0, (size_t)out->n_columns * sizeof *own);
            row(self, first + slot, own, best + gu_padded(b->most));
            select_row(kernels, b, slot, out->n_columns, own, best);
        }
        if (gu_watch_stopped(context))
            return GUSTO_CANCELLED;
        status = append(context, b, first, n, &room, out);
    }
    return status;
}

gusto_status gu_sparse_build(gusto_context *context, int64_t n_rows, int32_t n_columns, int keep, gu_sparse_row row,
                             const void *self, int64_t scratch, gu_sparse *out)
{
    const int64_t most = most_of(n_columns, keep);
    *out = (gu_sparse){.n_rows = n_rows, .n_columns = n_columns, .start = gu_new_zero(context, n_rows + 1, int64_t)};
    block        b = {.most = most,
                      .index = gu_new(context, BLOCK * most, int32_t),
                      .value = gu_new(context, BLOCK * most, gusto_real),
                      .count = gu_new(context, BLOCK, int64_t)};
    gusto_real  *memory = gu_new_zero(context, gu_threads(context) * thread_room(n_columns, most, scratch), gusto_real);
    gusto_status status = GUSTO_ENOMEM;
    if (out->start && b.index && b.value && b.count && memory)
        status = build(context, row, self, scratch, &b, memory, out);
    gu_free(&context->allocator, b.index);
    gu_free(&context->allocator, b.value);
    gu_free(&context->allocator, b.count);
    gu_free(&context->allocator, memory);
    return status;
}

int64_t gu_sparse_memory(int64_t n_rows, int64_t n_columns, int keep, int64_t scratch)
{
    const int64_t most = most_of(n_columns, keep), pair = (int64_t)(sizeof(int32_t) + sizeof(gusto_real));
    return 5 * n_rows * most * pair / 2 + BLOCK * most * pair +
           omp_get_max_threads() * thread_room(n_columns, most, scratch) * (int64_t)sizeof(gusto_real);
}

gusto_status gu_sparse_transpose(gusto_context *context, const gu_sparse *matrix, gu_sparse *out)
{
    *out = (gu_sparse){.n_rows = matrix->n_columns,
                       .n_columns = (int32_t)matrix->n_rows,
                       .nnz = matrix->nnz,
                       .start = gu_new_zero(context, matrix->n_columns + INT64_C(2), int64_t),
                       .index = gu_new(context, matrix->nnz, int32_t),
                       .value = gu_new(context, matrix->nnz, gusto_real)};
    if (!out->start || !out->index || !out->value)
        return GUSTO_ENOMEM;
    int64_t *next = out->start + 1; /* shifted by one, so that it ends up as the starts */
    for (int64_t e = 0; e < matrix->nnz; e++)
        next[matrix->index[e] + 1]++;
    for (int32_t c = 0; c < matrix->n_columns; c++)
        next[c + 1] += next[c];
    for (int64_t r = 0; r < matrix->n_rows; r++)
        for (int64_t e = matrix->start[r]; e < matrix->start[r + 1]; e++) {
            const int64_t at = next[matrix->index[e]]++;
            out->index[at] = (int32_t)r;
            out->value[at] = matrix->value[e];
        }
    return GUSTO_OK;
}

void gu_sparse_clear(const gusto_allocator *allocator, gu_sparse *matrix)
{
    gu_free(allocator, matrix->start);
    gu_free(allocator, matrix->index);
    gu_free(allocator, matrix->value);
    *matrix = (gu_sparse){0};
}

/* ---- in a state ---- */

gusto_status gu_sparse_keep(gusto_context *context, const gu_sparse *matrix, gu_state *state)
{
    int64_t    *start = gu_state_add(context, state, "S.start", GUSTO_I64, matrix->n_rows + 1, 1, 1);
    int32_t    *index = start ? gu_state_add(context, state, "S.index", GUSTO_I32, matrix->nnz, 1, 1) : NULL;
    gusto_real *value = index ? gu_state_add(context, state, "S.value", GU_DTYPE_REAL, matrix->nnz, 1, 1) : NULL;
    if (!value)
        return GUSTO_ENOMEM;
    memcpy(start, matrix->start, ((size_t)matrix->n_rows + 1) * sizeof *start);
    if (matrix->nnz) {
        memcpy(index, matrix->index, (size_t)matrix->nnz * sizeof *index);
        memcpy(value, matrix->value, (size_t)matrix->nnz * sizeof *value);
    }
    return GUSTO_OK;
}

gusto_status gu_sparse_expect(gusto_context *context, const gu_state *state, int64_t n_rows, int32_t n_columns)
{
    const gusto_status status = gu_state_expect_rows(context, state, "S.start", "S.index", n_rows, n_columns);
    return status < 0 ? status : gu_state_expect(context, state, "S.value", gu_state_tensor(state, "S.index")->rows, 1);
}

gu_sparse gu_sparse_of(const gu_state *state)
{
    const gusto_tensor *start = gu_state_tensor(state, "S.start"), *index = gu_state_tensor(state, "S.index");
    return (gu_sparse){.n_rows = start->rows - 1,
                       .nnz = index->rows,
                       .start = (int64_t *)start->data,
                       .index = (int32_t *)index->data,
                       .value = gu_state_real(state, "S.value")};
}

gusto_real gu_sparse_at(const gu_sparse *matrix, int64_t r, int32_t c)
{
    int64_t low = matrix->start[r], high = matrix->start[r + 1];
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (matrix->index[middle] < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low < matrix->start[r + 1] && matrix->index[low] == c ? matrix->value[low] : 0;
}
