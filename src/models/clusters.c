/* See clusters.h. */
#include "models/clusters.h"

#include "core/memory.h"
#include "core/rng.h"
#include "data/ratings.h"
#include "data/rows.h"
#include "models/bias.h"

#include <math.h>
#include <string.h>

enum { BIAS_SWEEPS = 10 };

static void take_off(const gusto_context *context, double mu, const gusto_real *own, const gusto_real *other,
                     gu_residual_rows *side)
{
    const gusto_rows *rows = &side->rows;
#pragma omp parallel for schedule(dynamic, 64) num_threads(gu_threads(context))
    for (int32_t r = 0; r < rows->n_rows; r++) {
        double squares = 0;
        for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
            const double w = rows->weight ? (double)rows->weight[e] : 1;
            const double x = (double)rows->value[e] - mu - (double)own[r] - (double)other[rows->column[e]];
            side->weight[e] = (gusto_real)w;
            side->residual[e] = (gusto_real)(w * x);
            squares += w * x * x;
        }
        side->square[r] = squares;
    }
}

gusto_status gu_residuals_init(gusto_context *context, const gusto_ratings *ratings, double l2_user, double l2_item,
                               gu_state *state, gu_residuals *out)
{
    *out = (gu_residuals){0};
    gusto_status status = gu_ratings_both_ways(context, ratings, &out->side[0].rows, &out->side[1].rows);
    for (int s = 0; s < 2 && status == GUSTO_OK; s++) {
        gu_residual_rows *side = &out->side[s];
        side->weight = gu_new(context, side->rows.nnz, gusto_real);
        side->residual = gu_new(context, side->rows.nnz, gusto_real);
        side->square = gu_new(context, side->rows.n_rows, double);
        if (!side->weight || !side->residual || !side->square)
            status = GUSTO_ENOMEM;
    }
    if (status < 0) {
        gu_residuals_clear(&context->allocator, out);
        return status;
    }
    gusto_real *mu = gu_state_real(state, "mu"), *bu = gu_state_real(state, "bu"), *bi = gu_state_real(state, "bi");
    mu[0] = (gusto_real)gu_bias_mean(&out->side[0].rows, state->mean, NULL);
    gu_bias_fit(context, &out->side[0].rows, &out->side[1].rows, (double)mu[0], l2_user, l2_item, BIAS_SWEEPS, bu, bi);
    take_off(context, (double)mu[0], bu, bi, &out->side[0]);
    take_off(context, (double)mu[0], bi, bu, &out->side[1]);
    return GUSTO_OK;
}

void gu_residuals_clear(const gusto_allocator *allocator, gu_residuals *residuals)
{
    for (int s = 0; s < 2; s++) {
        gu_free(allocator, residuals->side[s].weight);
        gu_free(allocator, residuals->side[s].residual);
        gu_free(allocator, residuals->side[s].square);
    }
    *residuals = (gu_residuals){0};
}

void gu_assign_randomly(const gusto_context *context, const gu_assignment *how, uint64_t seed, uint32_t which, int64_t n,
                        gusto_real *Z)
{
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t r = 0; r < n; r++) {
        gusto_real *z = Z + r * how->ld;
        memset(z, 0, (size_t)how->ld * sizeof *z);
        for (int64_t s = 0; s < how->starts; s++) {
            uint32_t word[4];
            gu_random(seed, GU_STREAM_CLUSTERS, (uint64_t)r, (which << 16) + (uint32_t)s, word);
            z[s * how->clusters + (int64_t)(((uint64_t)word[0] * (uint64_t)how->clusters) >> 32)] = (gusto_real)how->total;
        }
    }
}

double gu_assign_row(const gu_assignment *how, gusto_real *row)
{
    double expected = 0;
    for (int64_t s = 0; s < how->starts; s++) {
        gusto_real *x = row + s * how->clusters;
        int64_t     nearest = 0;
        double      sum = 0, distance = 0;
        for (int64_t k = 1; k < how->clusters; k++)
            if (x[k] < x[nearest])
                nearest = k;
        const double least = (double)x[nearest];
        for (int64_t k = 0; k < how->clusters; k++) {
            const double d = (double)x[k];
            const double w = how->temperature > 0 ? exp((least - d) / how->temperature) : k == nearest;
            sum += w;
            distance += w * d;
            x[k] = (gusto_real)w;
        }
        for (int64_t k = 0; k < how->clusters; k++)
            x[k] = (gusto_real)((double)x[k] * how->total / sum);
        expected += distance / sum;
    }
    return expected;
}

void gu_gather_rows(const gusto_context *context, const gu_residual_rows *from, int64_t ld, const gusto_real *X,
                    const gusto_real *Y, gusto_real *a, gusto_real *b)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    const gusto_rows *rows = &from->rows;
#pragma omp parallel for schedule(dynamic, 16) num_threads(gu_threads(context))
    for (int32_t r = 0; r < rows->n_rows; r++) {
        const int64_t begin = rows->start[r], end = rows->start[r + 1];
        kernels->spmm_row(begin, end, rows->nnz, rows->column, NULL, from->residual, ld, X, 0, X, a + r * ld);
        kernels->spmm_row(begin, end, rows->nnz, rows->column, NULL, from->weight, ld, Y, 0, Y, b + r * ld);
    }
}

gu_residual_rows gu_residual_row_of(const gusto_context *context, const gu_state *state, double l2_user, int64_t n,
                                    const int32_t *item, const gusto_real *value, const gusto_real *weight, int64_t start[2],
                                    gusto_real *room, gusto_real *bias)
{
    const double      mu = (double)gu_state_real(state, "mu")[0];
    const gusto_real *bi = gu_state_real(state, "bi");
    gu_residual_rows  one = {
         .rows = gu_single_row(state->n_items, n, item, value, weight, start), .weight = room, .residual = room + n};
    gu_bias_solve(context, &one.rows, mu, l2_user, bi, bias);
    for (int64_t e = 0; e < n; e++) {
        one.weight[e] = weight ? weight[e] : 1;
        one.residual[e] = (gusto_real)((double)one.weight[e] * ((double)value[e] - mu - (double)*bias - (double)bi[item[e]]));
    }
    return one;
}
