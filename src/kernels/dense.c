/* The masked residual of a dense batch: between the GEMM that predicts and the two GEMMs that make gradients of it. */
#include "kernels/loss.h"
#include "kernels/variant.h"

typedef struct totals {
    wide    residual, loss;
    int64_t met;
} totals;

/* m elements; lanes past them are made NaN, missing like any other. */
VEC_INLINE void block(int m, gu_loss loss, vec base, const gusto_real *bias, const gusto_real *r, gusto_real *x,
                      gusto_real *column_sum, totals *sum)
{
    vec rating = vec_get(r, m);
    if (m < GU_LANES)
        rating = vec_select(mask_first(m), rating, vec_set(NAN));
    const mask missing = vec_is_nan(rating);
    const vec  zero = vec_zero(), start = bias ? vec_add(base, vec_get(bias, m)) : base;
    compared   c = compare(loss, vec_add(start, vec_get(x, m)), rating);

    c.residual = vec_select(missing, zero, c.residual);
    c.loss[0] = vec_select(missing, zero, c.loss[0]);
    c.loss[1] = vec_select(missing, zero, c.loss[1]);
    vec_put(x, c.residual, m);
    if (column_sum)
        vec_put(column_sum, vec_add(vec_get(column_sum, m), c.residual), m);
    sum->residual = wide_add(sum->residual, c.residual);
    sum->loss = wide_fma(sum->loss, c.loss[0], c.loss[1]);
    sum->met += GU_LANES - __builtin_popcount(mask_bits(missing));
}

VEC_INLINE void row(int64_t n, gu_loss loss, vec base, const gusto_real *bias, const gusto_real *r, gusto_real *x,
                    gusto_real *column_sum, totals *sum)
{
    EACH_VECTOR(n, block(m, loss, base, bias ? bias + j : NULL, r + j, x + j, column_sum ? column_sum + j : NULL, sum));
}

int64_t VARIANT(residual_dense)(int64_t n, gu_loss loss, gusto_real base, const gusto_real *bias, const gusto_real *r,
                                gusto_real *x, gusto_real *column_sum, double sums[2])
{
    totals    sum = {wide_zero(), wide_zero(), 0};
    const vec start = vec_set(base);
    if (loss == GU_LOSS_SQUARED)
        row(n, GU_LOSS_SQUARED, start, bias, r, x, column_sum, &sum);
    else
        row(n, GU_LOSS_LOGISTIC, start, bias, r, x, column_sum, &sum);
    sums[0] = wide_fold(sum.residual);
    sums[1] = wide_fold(sum.loss);
    return sum.met;
}
