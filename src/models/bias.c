/* See bias.h. */
#include "models/bias.h"

#include <string.h>

void gu_bias_solve(const gusto_context *context, const gusto_rows *rows, double mu, double l2, const gusto_real *c, gusto_real *b)
{
    gu_bias_go_on(context, rows, mu, l2, c, NULL, b);
}

void gu_bias_go_on(const gusto_context *context, const gusto_rows *rows, double mu, double l2, const gusto_real *c,
                   const gu_bias_start *start, gusto_real *b)
{
#pragma omp parallel for schedule(dynamic, 64) num_threads(gu_threads(context))
    for (int32_t r = 0; r < rows->n_rows; r++) {
        if (start && !start->only[r])
            continue;
        double sum = start && start->recalled[r] > 0 ? l2 * (double)start->b0[start->old[r]] : 0, weight = l2;
        for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
            const double w = rows->weight ? (double)rows->weight[e] : 1;
            sum += w * ((double)rows->value[e] - mu - (double)c[rows->column[e]]);
            weight += w;
        }
        b[r] = weight > 0 ? (gusto_real)(sum / weight) : 0;
    }
}

double gu_bias_mean(const gusto_rows *rows, double plain, double *total)
{
    double sum = 0, weight = 0;
    if (total)
        *total = (double)rows->nnz;
    if (!rows->weight)
        return plain;
    for (int64_t e = 0; e < rows->nnz; e++) {
        sum += (double)rows->weight[e] * (double)rows->value[e];
        weight += (double)rows->weight[e];
    }
    if (total)
        *total = weight > 0 ? weight : 1;
    return weight > 0 ? sum / weight : plain;
}

void gu_bias_fit(const gusto_context *context, const gusto_rows *by_user, const gusto_rows *by_item, double mu, double l2_user,
                 double l2_item, int sweeps, gusto_real *bu, gusto_real *bi)
{
    memset(bu, 0, (size_t)by_user->n_rows * sizeof *bu);
    for (int s = 0; s < sweeps; s++) {
        gu_bias_solve(context, by_item, mu, l2_item, bu, bi);
        gu_bias_solve(context, by_user, mu, l2_user, bi, bu);
    }
}
