/* The sparse way: fetch the rows that the batch names, and no others.
 *
 * First pass, by user: residuals (SDDMM) and grad P (SpMM) in one kernel, since both read the same rows of Q. The user's row is copied aside
 * and moves at once: nobody else needs its new value, and its optimizer state is fetched once. Second pass, by item: grad Q (SpMM) from the
 * residuals and the rows of P as they were, which now lie close together. Between the passes all threads meet. A row is moved by the one thread that owns
 * its tile, so there are no atomics, and no order in which threads come matters.
 *
 * Limit: memory. Of k = 64 and Adam, a user row costs 256 bytes each to read and write P, m and v; with batches of 65,536 out of 20 M ratings over
 * 138,493 users there are .5 to .6 user rows a rating. */
#include "train/bilinear.h"

#include "core/memory.h"

#include <string.h>

enum { MOST_LD = 8192 / sizeof(gusto_real), AHEAD = 3 };

/* Asks for a row and its state. */
static inline void prefetch_row(const gu_param *param, int n_slots, int64_t row)
{
    const int64_t offset = row * param->ld;
    for (int64_t j = 0; j < param->ld; j += GU_LANES) {
        __builtin_prefetch(param->data + offset + j, 1);
        for (int s = 0; s < n_slots; s++)
            __builtin_prefetch(param->slot[s] + offset + j, 1);
    }
}

typedef struct job {
    const gu_bilinear  *b;
    const gu_prepared  *p;
    double              rate;
    const gu_entry_list list;
} job;

static void move_bias(const gu_bilinear *b, const gu_param *bias, int64_t row, int64_t step, double rate, double sum, int64_t n,
                      int64_t total)
{
    gusto_real g = (gusto_real)sum;
    gu_bilinear_move(b, bias, row, step, rate, &g, n, total, b->set.l2_bias);
}

/* Users first..last-1 of the batch. g [ld]: scratch. Returns the loss. */
static double user_tile(const job *j, int64_t first, int64_t last, gusto_real *g)
{
    const gu_bilinear *b = j->b;
    const gu_prepared *p = j->p;
    const int64_t      ld = b->P->ld;
    const int          n_slots = b->params.optimizer->n_slots;
    double             loss = 0;
    for (int64_t r = first; r < last; r++) {
        if (r + AHEAD < p->n_users)
            prefetch_row(b->P, n_slots, p->user[r + AHEAD]);
        const int64_t     u = p->user[r], begin = p->user_start[r], end = p->user_start[r + 1];
        const gusto_real *row = b->P->data + u * ld;
        const gusto_real  base = b->set.mu + (b->bu ? b->bu->data[u] : 0);
        double            sums[2];
        b->kernels->residual_row(&j->list, begin, end, row, base, p->residual, g, sums);
        loss += sums[1];

        memcpy(b->old_rows + r * ld, row, (size_t)ld * sizeof *row);
        const int64_t step = ++b->P->steps[u];
        gu_bilinear_move(b, b->P, u, step, j->rate, g, end - begin, b->user_count[u], b->set.l2);
        if (b->bu)
            move_bias(b, b->bu, u, step, j->rate, sums[0], end - begin, b->user_count[u]);
    }
    return loss;
}

static void item_tile(const job *j, int64_t first, int64_t last, gusto_real *g)
{
    const gu_bilinear *b = j->b;
    const gu_prepared *p = j->p;
    const int          n_slots = b->params.optimizer->n_slots;
    for (int64_t r = first; r < last; r++) {
        if (r + AHEAD < p->n_items)
            prefetch_row(b->Q, n_slots, p->item[r + AHEAD]);
        const int64_t i = p->item[r], begin = p->item_start[r], end = p->item_start[r + 1];
        const double  sum = b->kernels->spmm_row(begin, end, p->n, p->local, p->position, p->residual, b->Q->ld, b->old_rows, g);
        const int64_t step = ++b->Q->steps[i];
        gu_bilinear_move(b, b->Q, i, step, j->rate, g, end - begin, b->item_count[i], b->set.l2);
        if (b->bi)
            move_bias(b, b->bi, i, step, j->rate, sum, end - begin, b->item_count[i]);
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
#pragma omp for schedule(dynamic, 1)
        for (int64_t t = 0; t < p->n_user_tiles; t++)
            b->tile_loss[t] = user_tile(&j, p->user_tile[t], p->user_tile[t + 1], g);
#pragma omp for schedule(dynamic, 1)
        for (int64_t t = 0; t < p->n_item_tiles; t++)
            item_tile(&j, p->item_tile[t], p->item_tile[t + 1], g);
    }

    *loss = 0;
    for (int64_t t = 0; t < p->n_user_tiles; t++)
        *loss += b->tile_loss[t];
    return GUSTO_OK;
}
