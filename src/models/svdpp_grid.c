/* See svdpp_grid.h. */
#include "models/svdpp_grid.h"

#include "core/memory.h"
#include "core/rng.h"
#include "data/rows.h"
#include "train/grid.h"

#include <string.h>

/* order [n]: users by descending count, equal ones in shuffled order. first [most + 2]: scratch. */
static void by_count(uint64_t seed, int32_t n, const int64_t *start, int64_t most, int64_t *first, int32_t *order)
{
    gu_permutation shuffled;
    gu_permutation_init(&shuffled, seed, GU_STREAM_USER_PARTS, 0, (uint64_t)n);
    memset(first, 0, ((size_t)most + 2) * sizeof *first);
    for (int32_t r = 0; r < n; r++)
        first[most - (start[r + 1] - start[r]) + 1]++;
    for (int64_t c = 0; c <= most; c++)
        first[c + 1] += first[c];
    for (int32_t j = 0; j < n; j++) {
        const int32_t r = (int32_t)gu_permutation_at(&shuffled, (uint64_t)j);
        order[first[most - (start[r + 1] - start[r])]++] = r;
    }
}

/* Deals users to blocks like cards, in order of count. */
static gusto_status deal_users(gusto_context *context, gu_svdpp_grid *w)
{
    const int32_t n = w->rows.n_rows, blocks = GU_SVDPP_GROUPS * GU_SVDPP_SIDE;
    int64_t       most = 0, at = 0;
    for (int32_t u = 0; u < n; u++)
        most = w->rows.start[u + 1] - w->rows.start[u] > most ? w->rows.start[u + 1] - w->rows.start[u] : most;
    int64_t *first = gu_new(context, most + 2, int64_t);
    int32_t *order = gu_new(context, n, int32_t);
    w->ones = gu_new(context, most, gusto_real);
    const bool complete = first && order && w->ones;
    if (complete) {
        for (int64_t j = 0; j < most; j++)
            w->ones[j] = 1;
        by_count(context->seed, n, w->rows.start, most, first, order);
        for (int32_t b = 0; b < blocks; b++) {
            w->user_start[b] = at;
            for (int32_t j = b; j < n; j += blocks)
                w->user[at++] = order[j];
        }
        w->user_start[blocks] = at;
    }
    gu_free(&context->allocator, first);
    gu_free(&context->allocator, order);
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}

static gusto_status deal_items(gusto_context *context, gu_svdpp_grid *w)
{
    int32_t     *user_count = NULL, *item_count = NULL;
    gusto_status status = gu_rows_count(context, &w->rows, &user_count, &item_count);
    if (status == GUSTO_OK)
        status = gu_grid_deal(context, w->rows.n_columns, item_count, GU_SVDPP_SIDE, w->item_block);
    gu_free(&context->allocator, user_count);
    gu_free(&context->allocator, item_count);
    return status;
}

static void count_row(const gu_svdpp_grid *w, int64_t block, int64_t j)
{
    int64_t count[GU_SVDPP_SIDE] = {0};
    for (int64_t e = w->rows.start[w->user[j]]; e < w->rows.start[w->user[j] + 1]; e++)
        count[w->item_block[w->rows.column[e]]]++;
    for (int items = 0; items < GU_SVDPP_SIDE; items++)
        w->run[gu_svdpp_run(w, block, j, items)] = count[items];
}

/* Moves the ratings of the user at position j to where they are used. */
static void lay_out_row(const gu_svdpp_grid *w, int64_t block, int64_t j)
{
    int64_t next[GU_SVDPP_SIDE];
    for (int items = 0; items < GU_SVDPP_SIDE; items++)
        next[items] = w->run[gu_svdpp_run(w, block, j, items)];
    for (int64_t e = w->rows.start[w->user[j]]; e < w->rows.start[w->user[j] + 1]; e++) {
        const int64_t to = next[w->item_block[w->rows.column[e]]]++;
        w->column[to] = w->rows.column[e];
        w->value[to] = w->rows.value[e];
        if (w->weight)
            w->weight[to] = w->rows.weight[e];
    }
}

static void lay_out(const gusto_context *context, gu_svdpp_grid *w)
{
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t block = 0; block < GU_SVDPP_GROUPS * GU_SVDPP_SIDE; block++)
        for (int64_t j = w->user_start[block]; j < w->user_start[block + 1]; j++)
            count_row(w, block, j);
    int64_t n = 0;
    for (int64_t r = 0; r < w->rows.n_rows * GU_SVDPP_SIDE; r++) {
        const int64_t count = w->run[r];
        w->run[r] = n;
        n += count;
    }
    w->run[w->rows.n_rows * GU_SVDPP_SIDE] = n;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t block = 0; block < GU_SVDPP_GROUPS * GU_SVDPP_SIDE; block++)
        for (int64_t j = w->user_start[block]; j < w->user_start[block + 1]; j++)
            lay_out_row(w, block, j);
}

gusto_status gu_svdpp_grid_init(gusto_context *context, const gusto_rows *rows, int64_t k, gu_svdpp_grid *w)
{
    w->rows = *rows;
    const int64_t n_users = w->rows.n_rows, nnz = w->rows.nnz;
    w->kernels = gu_kernels_of(context);
    w->k = k;
    w->ld = gu_padded(k);
    w->p = gu_new_zero(context, n_users * w->ld, gusto_real);
    w->z = gu_new(context, n_users * w->ld, gusto_real);
    w->g = gu_new(context, n_users * w->ld, gusto_real);
    w->user = gu_new(context, n_users, int32_t);
    w->item_block = gu_new(context, w->rows.n_columns, uint8_t);
    w->bu = gu_new_zero(context, n_users, gusto_real);
    w->run = gu_new(context, n_users * GU_SVDPP_SIDE + 1, int64_t);
    w->column = gu_new(context, nnz, int32_t);
    w->value = gu_new(context, nnz, gusto_real);
    w->weight = w->rows.weight ? gu_new(context, nnz, gusto_real) : NULL;
    w->loss = gu_new(context, GU_SVDPP_GROUPS * GU_SVDPP_SIDE * GU_SVDPP_SIDE, double);
    w->most = gu_svdpp_most_of_group(n_users);
    w->z_part = gu_new(context, GU_SVDPP_SIDE * w->most * w->ld, gusto_real);
    if (!w->p || !w->z || !w->g || !w->z_part || !w->user || !w->item_block || !w->bu || !w->run || !w->column || !w->value ||
        !w->loss || (w->rows.weight && !w->weight))
        return GUSTO_ENOMEM;
    gusto_status status = deal_users(context, w);
    if (status == GUSTO_OK)
        status = deal_items(context, w);
    if (status == GUSTO_OK)
        lay_out(context, w);
    return status;
}

void gu_svdpp_grid_clear(const gusto_allocator *allocator, gu_svdpp_grid *w)
{
    gu_free(allocator, w->p);
    gu_free(allocator, w->z);
    gu_free(allocator, w->g);
    gu_free(allocator, w->z_part);
    gu_free(allocator, w->ones);
    gu_free(allocator, w->user);
    gu_free(allocator, w->item_block);
    gu_free(allocator, w->bu);
    gu_free(allocator, w->run);
    gu_free(allocator, w->column);
    gu_free(allocator, w->value);
    gu_free(allocator, w->weight);
    gu_free(allocator, w->loss);
}
