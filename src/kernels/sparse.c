/* The sparse kernels. See rows.h for how. */
#include "kernels/loss.h"
#include "kernels/rows.h"
#include "kernels/variant.h"

VEC_INLINE void products(int64_t n, int64_t n_rows, const int32_t *row, const int64_t *start, const gusto_real *P,
                         const gathered *from, gusto_real *out)
{
    for (int64_t r = 0; r < n_rows; r++)
        gather_dots(n, P + (row ? row[r] : r) * from->ld, from, start[r], start[r + 1] - start[r], out + start[r]);
}

void VARIANT(sddmm)(int64_t n_rows, const int32_t *row, const int64_t *start, const int32_t *column, int64_t ld,
                    const gusto_real *P, const gusto_real *Q, gusto_real *out)
{
    if (n_rows == 0)
        return;
    const gathered from = {Q, ld, column, start[n_rows]};
    BY_LENGTH(ld / GU_LANES, n, products(n, n_rows, row, start, P, &from, out));
}

/* Residuals of m entries from e on, under the squared loss. A row has few entries in a batch: plain numbers, since a vector stored and read
 * back one by one would wait for itself. The same operations in the same order as `compare`. */
VEC_INLINE void squared_residuals(const gu_entry_list *list, int64_t e, int m, gusto_real base, const gusto_real *dots,
                                  gusto_real *residual, double sums[2])
{
    for (int j = 0; j < m; j++) {
        const gusto_real start = list->bias ? base + list->bias[list->column[e + j]] : base;
        const gusto_real d = start + dots[j] - list->value[e + j], w = list->weight ? list->weight[e + j] : 1;
        residual[e + j] = w * d;
        sums[0] += (double)residual[e + j];
        sums[1] = fma((double)w * (double)d, (double)d, sums[1]);
    }
}

/* The same under any loss. dots [GU_LANES] */
VEC_INLINE void residuals(const gu_entry_list *list, int64_t e, int m, gusto_real base, const gusto_real *dots,
                          gusto_real *residual, double sums[2])
{
    vec start = vec_set(base);
    if (list->bias) {
        gusto_real bias[GU_LANES] = {0};
        for (int j = 0; j < m; j++)
            bias[j] = list->bias[list->column[e + j]];
        start = vec_add(start, vec_load(bias));
    }
    const vec      weight = list->weight ? vec_get(list->weight + e, m) : vec_set(1);
    const compared c = compare(list->loss, vec_add(start, vec_load(dots)), vec_get(list->value + e, m));
    vec_put(residual + e, vec_mul(weight, c.residual), m);

    /* Sums go entry after entry: a vector of them would change with where the row begins in its group. */
    gusto_real loss[2][GU_LANES], weights[GU_LANES];
    vec_store(loss[0], c.loss[0]);
    vec_store(loss[1], c.loss[1]);
    vec_store(weights, weight);
    for (int j = 0; j < m; j++) {
        sums[0] += (double)residual[e + j];
        sums[1] = fma((double)weights[j] * (double)loss[0][j], (double)loss[1][j], sums[1]);
    }
}

VEC_INLINE void row_gradient(int64_t n, const gu_entry_list *list, int64_t begin, int64_t end, const gusto_real *p,
                             gusto_real base, gusto_real ridge, gusto_real *residual, gusto_real *g, double sums[2])
{
    const gathered from = {list->Q, list->ld, list->column, list->n};
    begin_row(n, ridge, p, g);
    sums[0] = sums[1] = 0;
    for (int64_t e = begin; e < end; e += GU_LANES) {
        const int  m = end - e < GU_LANES ? (int)(end - e) : GU_LANES;
        gusto_real dots[GU_LANES];
        gather_dots(n, p, &from, e, m, dots);
        if (list->loss == GU_LOSS_SQUARED) {
            squared_residuals(list, e, m, base, dots, residual, sums);
        } else {
            for (int j = m; j < GU_LANES; j++)
                dots[j] = 0;
            residuals(list, e, m, base, dots, residual, sums);
        }
        gather_add(n, residual + e, &from, e, m, g);
    }
}

void VARIANT(residual_row)(const gu_entry_list *list, int64_t begin, int64_t end, const gusto_real *p, gusto_real base,
                           gusto_real ridge, gusto_real *residual, gusto_real *g, double sums[2])
{
    BY_LENGTH(list->ld / GU_LANES, n, row_gradient(n, list, begin, end, p, base, ridge, residual, g, sums));
}

VEC_INLINE double row_product(int64_t n, const gathered *from, int64_t begin, int64_t end, const int32_t *pos,
                              const gusto_real *a, gusto_real ridge, const gusto_real *x, gusto_real *g)
{
    double sum = 0;
    begin_row(n, ridge, x, g);
    for (int64_t e = begin; e < end; e += GU_LANES) {
        const int  m = end - e < GU_LANES ? (int)(end - e) : GU_LANES;
        gusto_real factor[GU_LANES];
        for (int j = 0; j < m; j++) {
            prefetch_row(n, from, e + j + ROWS_AHEAD);
            if (pos && e + j + 2 * ROWS_AHEAD < from->n_total)
                __builtin_prefetch(a + pos[e + j + 2 * ROWS_AHEAD]);
            factor[j] = a[pos ? pos[e + j] : e + j];
            sum += (double)factor[j];
        }
        gather_add(n, factor, from, e, m, g);
    }
    return sum;
}

double VARIANT(spmm_row)(int64_t begin, int64_t end, int64_t n_total, const int32_t *row, const int32_t *pos, const gusto_real *a,
                         int64_t ld, const gusto_real *X, gusto_real ridge, const gusto_real *x, gusto_real *g)
{
    const gathered from = {X, ld, row, n_total};
    double         sum = 0;
    BY_LENGTH(ld / GU_LANES, n, sum = row_product(n, &from, begin, end, pos, a, ridge, x, g));
    return sum;
}
