/* Batches of sparse rows. */
#include "core/memory.h"
#include "core/rng.h"
#include "net/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

gusto_status gu_input_room(gusto_context *context, int64_t n_rows, int64_t n_columns, int64_t nnz, gu_input *out)
{
    *out = (gu_input){.n_columns = n_columns};
    out->start = gu_new(context, n_rows + 1, int64_t);
    out->column = gu_new(context, nnz, int32_t);
    out->value = gu_new(context, nnz, gusto_real);
    out->column_start = gu_new(context, n_columns + 2, int64_t);
    out->row = gu_new(context, nnz, int32_t);
    out->position = gu_new(context, nnz, int32_t);
    const bool complete = out->start && out->column && out->value && out->column_start && out->row && out->position;
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
    *input = (gu_input){0};
}

/* Row r of `from`, appended. */
static void take_row(const gusto_rows *from, int64_t r, const gu_input_how *how, gu_input *out)
{
    const gusto_real kept = (gusto_real)(1 / (1 - how->dropout));
    const int64_t    first = out->nnz;
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
        out->column[out->nnz] = c;
        out->value[out->nnz++] = x;
    }
    const gusto_real by = how->unit && square > 0 ? (gusto_real)(1 / sqrt(square)) : 1;
    for (int64_t e = first; e < out->nnz; e++)
        out->value[e] *= by;
}

/* The entries by column, stably. */
static void transpose(gu_input *x)
{
    int64_t *next = x->column_start + 1; /* shifted by one, so that it ends up as the starts */
    memset(x->column_start, 0, ((size_t)x->n_columns + 2) * sizeof *next);
    for (int64_t e = 0; e < x->nnz; e++)
        next[x->column[e] + 1]++;
    for (int64_t c = 0; c < x->n_columns; c++)
        next[c + 1] += next[c];
    for (int64_t r = 0; r < x->n_rows; r++)
        for (int64_t e = x->start[r]; e < x->start[r + 1]; e++) {
            const int64_t at = next[x->column[e]]++;
            x->row[at] = (int32_t)r;
            x->position[at] = (int32_t)e;
        }
}

void gu_input_take(const gusto_rows *from, int64_t n, const int32_t *which, const gu_input_how *how, gu_input *out)
{
    out->n_rows = n;
    out->nnz = 0;
    for (int64_t j = 0; j < n; j++) {
        out->start[j] = out->nnz;
        take_row(from, which ? which[j] : j, how, out);
    }
    out->start[n] = out->nnz;
    transpose(out);
}

int64_t gu_input_most(const gusto_rows *rows, int64_t n)
{
    int64_t most = 0;
    for (int32_t r = 0; r < rows->n_rows; r++)
        most = rows->start[r + 1] - rows->start[r] > most ? rows->start[r + 1] - rows->start[r] : most;
    return n < rows->n_rows && n * most < rows->nnz ? n * most : rows->nnz;
}
