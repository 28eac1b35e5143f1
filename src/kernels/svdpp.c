/* One user's ratings under SVD++, one after another. See models/svdpp.c for what p, z and g are.
 *
 * p, z and g stay in registers where the row is short (rows.h): per rating a row of Q is read and written, nothing else. */
#include "kernels/rows.h"
#include "kernels/variant.h"

VEC_INLINE void step_row(int64_t n, const gu_svdpp_rates *by, gusto_real error, const gusto_real *z, gusto_real *q, gusto_real *p,
                         gusto_real *g)
{
    const vec e = vec_set(by->rate * error), raw = vec_set(error), keep = vec_set(1 - by->rate * by->l2);
    for (int64_t v = 0; v < n * GU_LANES; v += GU_LANES) {
        const vec qv = vec_load(q + v), pv = vec_load(p + v);
        vec_store(g + v, vec_fma(raw, qv, vec_load(g + v)));
        vec_store(q + v, vec_fma(e, vec_add(pv, vec_load(z + v)), vec_mul(keep, qv)));
        vec_store(p + v, vec_fma(e, qv, vec_mul(keep, pv)));
    }
}

VEC_INLINE double user(int64_t n, const gu_svdpp_rates *by, const gu_entry_list *list, int64_t begin, int64_t end, gusto_real mu,
                       gusto_real *Q, gusto_real *bi, const gusto_real *z, gusto_real *bu, gusto_real *p, gusto_real *g)
{
    const gathered from = {Q, list->ld, list->column, list->n};
    gusto_real     b = *bu;
    double         loss = 0;
    for (int64_t e = begin; e < end; e++) {
        prefetch_row_to_write(n, &from, e + ROWS_AHEAD);
        const int32_t i = list->column[e];
        gusto_real   *q = Q + i * list->ld;
        vec           sum = vec_zero();
        for (int64_t v = 0; v < n * GU_LANES; v += GU_LANES)
            sum = vec_fma(vec_add(vec_load(p + v), vec_load(z + v)), vec_load(q + v), sum);
        const gusto_real d = list->value[e] - (mu + b + bi[i] + vec_fold(sum));
        const gusto_real weight = list->weight ? list->weight[e] : 1, error = weight * d;
        loss = fma((double)error, (double)d, loss);
        b += by->rate_bias * (error - by->l2_bias * b);
        bi[i] += by->rate_bias * (error - by->l2_bias * bi[i]);
        step_row(n, by, error, z, q, p, g);
    }
    *bu = b;
    return loss;
}

double VARIANT(svdpp_user)(const gu_svdpp_rates *by, const gu_entry_list *list, int64_t begin, int64_t end, gusto_real mu,
                           gusto_real *Q, gusto_real *bi, const gusto_real *z, gusto_real *bu, gusto_real *p, gusto_real *g)
{
    double loss = 0;
    BY_LENGTH(list->ld / GU_LANES, n, loss = user(n, by, list, begin, end, mu, Q, bi, z, bu, p, g));
    return loss;
}
