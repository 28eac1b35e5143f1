/* What stands between the layers of a net, and the softmax at its end. */
#include "kernels/variant.h"
#include "kernels/vec_math.h"

/* 1 / (1 + exp(-x)) without overflow, as in loss.h. */
VEC_INLINE vec sigmoid(vec x)
{
    const vec one = vec_set(1);
    const vec t = vec_exp_negative(vec_minus_abs(x));
    return vec_div(vec_select(vec_less(x, vec_zero()), t, one), vec_add(one, t));
}

/* 2 sigmoid(2 x) - 1 */
VEC_INLINE vec hyperbolic(vec x)
{
    const vec s = sigmoid(vec_add(x, x));
    return vec_sub(vec_add(s, s), vec_set(1));
}

void VARIANT(activate)(gu_activation which, int64_t n, gusto_real *x)
{
    switch (which) {
    case GU_ACTIVATION_RELU:
        VARIANT(positive)(n, x);
        break;
    case GU_ACTIVATION_SIGMOID:
        EACH_VECTOR(n, vec_put(x + j, sigmoid(vec_get(x + j, m)), m));
        break;
    case GU_ACTIVATION_TANH:
        EACH_VECTOR(n, vec_put(x + j, hyperbolic(vec_get(x + j, m)), m));
        break;
    case GU_ACTIVATION_NONE:
        break;
    }
}

VEC_INLINE vec slope(gu_activation which, vec y)
{
    const vec one = vec_set(1);
    if (which == GU_ACTIVATION_RELU)
        return vec_select(vec_less(vec_zero(), y), one, vec_zero());
    return which == GU_ACTIVATION_SIGMOID ? vec_mul(y, vec_sub(one, y)) : vec_fnma(y, y, one);
}

void VARIANT(activate_back)(gu_activation which, int64_t n, const gusto_real *y, gusto_real *g)
{
    if (which == GU_ACTIVATION_NONE)
        return;
    EACH_VECTOR(n, vec_put(g + j, vec_mul(vec_get(g + j, m), slope(which, vec_get(y + j, m))), m));
}

VEC_INLINE vec exp_below(vec x, vec most, int m)
{
    const vec e = vec_exp_negative(vec_sub(x, most));
    return m == GU_LANES ? e : vec_select(mask_first(m), e, vec_zero());
}

double VARIANT(softmax)(int64_t n, gusto_real total, gusto_real *x)
{
    gusto_real most = x[0];
    for (int64_t j = 0; j < n; j++)
        most = x[j] > most ? x[j] : most;
    const vec top = vec_set(most);
    wide      sum = wide_zero();
    EACH_VECTOR(n, const vec e = exp_below(vec_get(x + j, m), top, m); vec_put(x + j, e, m); sum = wide_add(sum, e));
    const double all = wide_fold(sum);
    VARIANT(scale)(n, (gusto_real)((double)total / all), x);
    return (double)most + log(all);
}
