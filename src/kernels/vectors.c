/* Vectors of any length. See kernels.h for the order of sums. */
#include "kernels/variant.h"
#include "kernels/vec.h"

gusto_real VARIANT(dot)(int64_t n, const gusto_real *x, const gusto_real *y)
{
    vec sum = vec_zero();
    EACH_VECTOR(n, sum = vec_fma(vec_get(x + j, m), vec_get(y + j, m), sum));
    return vec_fold(sum);
}

void VARIANT(axpy)(int64_t n, gusto_real a, const gusto_real *x, gusto_real *y)
{
    const vec factor = vec_set(a);
    EACH_VECTOR(n, vec_put(y + j, vec_fma(factor, vec_get(x + j, m), vec_get(y + j, m)), m));
}

void VARIANT(scale)(int64_t n, gusto_real a, gusto_real *x)
{
    const vec factor = vec_set(a);
    EACH_VECTOR(n, vec_put(x + j, vec_mul(factor, vec_get(x + j, m)), m));
}

void VARIANT(positive)(int64_t n, gusto_real *x)
{
    const vec zero = vec_zero();
    EACH_VECTOR(n, vec_put(x + j, vec_max(zero, vec_get(x + j, m)), m));
}

double VARIANT(sum_squares)(int64_t n, const gusto_real *x)
{
    wide sum = wide_zero();
    EACH_VECTOR(n, const vec v = vec_get(x + j, m); sum = wide_fma(sum, v, v));
    return wide_fold(sum);
}

/* x - x is 0 for finite x, else NaN. */
static inline uint32_t bad_lanes(vec x)
{
    return mask_bits(vec_is_nan(vec_sub(x, x)));
}

int64_t VARIANT(not_finite)(int64_t n, const gusto_real *x)
{
    EACH_VECTOR(n, const uint32_t bad = bad_lanes(vec_get(x + j, m)); if (bad) return j + __builtin_ctz(bad));
    return -1;
}
