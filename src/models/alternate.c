/* See alternate.h. */
#include "models/alternate.h"

#include "core/memory.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { FIRST_EXTRAPOLATED = 2 }; /* sweeps before it, from 0: their steps are too unlike */

/* Where extrapolation stands. */
typedef struct extrapolation {
    double      beta;
    gusto_real *before; /* [n_items x ld]: the items at the end of the last sweep; NULL without extrapolation */
    bool        known;  /* `before` has been filled by an earlier sweep */
} extrapolation;

/* V <- V + beta (V - before), before <- V. */
static void extrapolate(const gusto_context *context, const gu_half *items, double beta, gusto_real *before)
{
    gusto_real *V = items->X;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int32_t i = 0; i < items->rows->n_rows; i++)
        for (int64_t j = i * items->ld; j < (i + 1) * items->ld; j++) {
            const gusto_real now = V[j], to = now + (gusto_real)beta * (now - before[j]);
            V[j] = items->nonnegative && to < 0 ? 0 : to;
            before[j] = now;
        }
}

/* One sweep. *objective: at its end, with regularization; *penalty: what of it that is. */
static gusto_status sweep(gusto_context *context, const gu_alternation *a, double *objective, double *penalty)
{
    const gu_half *halves[2] = {&a->users, &a->items};
    gu_half_sums   sums[2] = {{0, 0}, {0, 0}};
    gusto_status   status = GUSTO_OK;
    for (int side = 0; side < 2 && status == GUSTO_OK; side++) {
        const gu_half *half = halves[side];
        if (a->gram > 0)
            status = gu_half_gram(context, half->rows->n_columns, half->ld, half->Y, a->gram, a->G);
        if (status == GUSTO_OK)
            status = gu_half_solve(context, half, side ? "item" : "user", &sums[side]);
    }
    *objective = a->constant + sums[1].value + sums[0].penalty;
    *penalty = sums[0].penalty + sums[1].penalty;
    return status;
}

gusto_status gu_alternate_first(gusto_context *context, const gu_alternation *a, const uint8_t *new_user, const uint8_t *new_item)
{
    const gu_half *halves[2] = {&a->users, &a->items};
    const uint8_t *marks[2] = {new_user, new_item};
    gusto_status   status = GUSTO_OK;
    for (int side = 0; side < 2 && status == GUSTO_OK; side++) {
        gu_half             half = *halves[side];
        const gu_half_start start = {.only = marks[side]};
        half.start = &start;
        half.solver = GU_HALF_EXACT;
        if (!marks[side])
            continue;
        if (a->gram > 0)
            status = gu_half_gram(context, half.rows->n_columns, half.ld, half.Y, a->gram, a->G);
        if (status == GUSTO_OK)
            status = gu_half_solve(context, &half, side ? "item" : "user", NULL);
    }
    return status;
}

/* A sweep, extrapolated if it is time, and made again without if that has not paid. */
static gusto_status guarded_sweep(gusto_context *context, const gu_alternation *a, int64_t s, double last, extrapolation *e,
                                  double *objective, double *penalty)
{
    const gu_half *items = &a->items;
    const size_t   size = (size_t)items->rows->n_rows * (size_t)items->ld * sizeof *e->before;
    const bool     extrapolated = e->known && s >= FIRST_EXTRAPOLATED;
    if (e->before) {
        extrapolate(context, items, extrapolated ? e->beta : 0, e->before);
        e->known = true;
    }
    gusto_status status = sweep(context, a, objective, penalty);
    if (status == GUSTO_OK && extrapolated && !(*objective <= last)) {
        memcpy(items->X, e->before, size);
        e->beta /= 2;
        status = sweep(context, a, objective, penalty);
    }
    return status;
}

gusto_status gu_alternate(gusto_context *context, const gu_alternation *a, gu_sweeps *sweeps)
{
    extrapolation e = {.beta = a->extrapolation};
    if (e.beta > 0 && !(e.before = gu_new_zero(context, a->items.rows->n_rows * a->items.ld, gusto_real)))
        return GUSTO_ENOMEM;
    double       last = INFINITY;
    gusto_status status = GUSTO_OK;
    for (int64_t s = 0; s < sweeps->n && status == GUSTO_OK; s++) {
        double       objective = 0, penalty = 0;
        const double begin = omp_get_wtime();
        status = guarded_sweep(context, a, s, last, &e, &objective, &penalty);
        if (status == GUSTO_OK && s + 1 == sweeps->n && a->gram > 0) /* fold-in reads it */
            status = gu_half_gram(context, a->users.rows->n_columns, a->users.ld, a->users.Y, a->gram, a->G);
        last = objective;
        if (status == GUSTO_OK)
            status = gu_sweeps_end(context, sweeps, s, a->scale * (objective - (a->without_ridge ? penalty : 0)), (double)NAN,
                                   omp_get_wtime() - begin);
    }
    if (status == GUSTO_CANCELLED && a->gram > 0) {
        const gusto_status end = gu_half_gram(context, a->users.rows->n_columns, a->users.ld, a->users.Y, a->gram, a->G);
        status = end < 0 ? end : status;
    }
    gu_free(&context->allocator, e.before);
    return status;
}

int64_t gu_alternate_memory(int64_t k, int64_t width, bool extrapolates, int64_t n_users, int64_t n_items, int64_t nnz)
{
    const int64_t before = extrapolates ? n_items * gu_padded(k) : 0;
    return ((n_users + n_items) * width + before) * (int64_t)sizeof(gusto_real) +
           gu_half_memory(k, n_users > n_items ? n_users : n_items) + nnz * (int64_t)(sizeof(int32_t) + sizeof(gusto_real)) +
           n_items * (int64_t)sizeof(int64_t);
}
