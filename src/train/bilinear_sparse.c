/* The sparse way: fetch the rows that the batch names, and no others.
 *
 * First pass, by user: residuals (SDDMM) and grad P (SpMM) in one kernel, since both read the same rows of Q. The user's row is copied aside
 * and moves at once: nobody else needs its new value, and its optimizer state is fetched once. Second pass, by item: grad Q (SpMM) from the
 * residuals and the rows of P as they were, which now lie close together. Between the passes all threads meet. A row is moved by the one thread that owns
 * its tile, so there are no atomics, and no order in which threads come matters. Tiles go to threads in one piece each, so that a row tends
 * to stay with a thread from batch to batch, and its state in that thread's cache.
 *
 * Limit: memory. Of k = 64 and Adam, a user row costs 256 bytes each to read and write P, m and v; with batches of 65,536 out of 20 M ratings over
 * 138,493 users there are .5 to .6 user rows a rating. */
#include "train/bilinear.h"

#include "core/memory.h"

#include <string.h>

enum { MOST_LD = 8192 / sizeof(gusto_real) };

typedef struct job {
    const gu_bilinear  *b;
    const gu_prepared  *p;
    double              rate;
    const gu_entry_list list;
} job;

/* Users first..last-1 of the batch. g [ld]: scratch. Returns the loss. */
static double user_tile(const job *j, int64_t first, int64_t last, gusto_real *g)
{
    const gu_bilinear *b = j->b;
    const gu_prepared *p = j->p;
    const int64_t      ld = b->P->ld;
    double             loss = 0;
    for (int64_t r = first; r < last; r++) {
        if (r + GU_ROWS_AHEAD < p->n_users)
            gu_bilinear_prefetch(b, b->P, b->bu, b->user_count, p->user[r + GU_ROWS_AHEAD]);
        const int64_t     u = p->user[r], begin = p->user_start[r], end = p->user_start[r + 1], n = end - begin;
        const gusto_real *row = b->P->data + u * ld;
        const gusto_real  base = b->set.mu + (b->bu ? b->bu->data[u] : 0);
        const gusto_real  ridge = gu_bilinear_ridge(b, n, b->user_count[u], b->set.l2);
        double            sums[2];
        b->kernels->residual_row(&j->list, begin, end, row, base, ridge, p->residual, g, sums);
        loss += sums[1];

        memcpy(b->old_rows + r * ld, row, (size_t)ld * sizeof *row);
        const int64_t step = ++b->P->steps[u];
        gu_bilinear_move(b, b->P, u, step, j->rate, g, n);
        if (b->bu)
            gu_bilinear_move_bias(b, b->bu, u, step, j->rate, sums[0], n, b->user_count[u]);
    }
    return loss;
}

static void item_tile(const job *j, int64_t first, int64_t last, gusto_real *g)
{
    const gu_bilinear *b = j->b;
    const gu_prepared *p = j->p;
    const int64_t      ld = b->Q->ld;
    for (int64_t r = first; r < last; r++) {
        if (r + GU_ROWS_AHEAD < p->n_items)
            gu_bilinear_prefetch(b, b->Q, b->bi, b->item_count, p->item[r + GU_ROWS_AHEAD]);
        const int64_t    i = p->item[r], begin = p->item_start[r], end = p->item_start[r + 1], n = end - begin;
        const gusto_real ridge = gu_bilinear_ridge(b, n, b->item_count[i], b->set.l2);
        const double     sum = b->kernels->spmm_row(begin, end, p->n, p->local, p->position, p->residual, ld, b->old_rows, ridge,
                                                    b->Q->data + i * ld, g);
        const int64_t    step = ++b->Q->steps[i];
        gu_bilinear_move(b, b->Q, i, step, j->rate, g, n);
        if (b->bi)
            gu_bilinear_move_bias(b, b->bi, i, step, j->rate, sum, n, b->item_count[i]);
    }
}

gusto_status gu_step_sparse(gusto_context *context, gu_bilinear *b, gu_prepared *p, double rate, double *loss)
{
    const job     j = {b,
                       p,
                       rate,
                       {.n = p->n,
                        .column = p->column,
                        .value = p->value,
                        .weight = p->weight,
                        .Q = b->Q->data,
                        .bias = b->bi ? b->bi->data : NULL,
                        .ld = b->Q->ld,
                        .loss = b->set.loss}};
    const int64_t most = p->n_user_tiles > p->n_item_tiles ? p->n_user_tiles : p->n_item_tiles;

#pragma omp parallel num_threads(gu_threads(context)) if (most > 1)
    {
        _Alignas(GU_ALIGN) gusto_real g[MOST_LD];
#pragma omp for schedule(static)
        for (int64_t t = 0; t < p->n_user_tiles; t++)
            b->tile_loss[t] = user_tile(&j, p->user_tile[t], p->user_tile[t + 1], g);
#pragma omp for schedule(static)
        for (int64_t t = 0; t < p->n_item_tiles; t++)
            item_tile(&j, p->item_tile[t], p->item_tile[t + 1], g);
    }

    *loss = 0;
    for (int64_t t = 0; t < p->n_user_tiles; t++)
        *loss += b->tile_loss[t];
    return GUSTO_OK;
}
