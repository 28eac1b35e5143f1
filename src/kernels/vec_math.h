/* exp and log1p over vectors, for the logistic loss, with the same bits in every variant: libm's differ from one to the next.
 *
 * exp(y), y <= 0:   y = n log 2 + r, |r| <= log 2 / 2, with log 2 in two parts so that r is exact to rounding; exp(r) = 1 + r + r^2 E(r);
 *                   times 2^n. Below VEC_EXP_LEAST it stays at exp(VEC_EXP_LEAST), the least normal numbers: no denormals.
 * log1p(t), 0..1:   log(1 + t) = 2 atanh(u), u = t / (2 + t) <= 1/3;  2 atanh(u) = 2 u + 2 u^3 L(u^2). No table, no case.
 *
 * E and L interpolate at the Chebyshev points of their ranges. Errors measured in tests/unit/kernels/math.c, over a million points, against
 * libm in long double: exp 0.97 ulp, log1p 1.86 (single) and 1.95 (double). */
#ifndef GU_VEC_MATH_H
#define GU_VEC_MATH_H

#include "kernels/vec.h"

#ifdef GUSTO_DOUBLE
#define VEC_EXP_LEAST -708.0
#define VEC_LOG2_HIGH 0x1.62e42fefa3800p-1 /* 11 low bits are zero: n times it is exact */
#define VEC_LOG2_LOW  0x1.ef35793c76730p-45
static const gusto_real vec_exp_terms[] = {
    2.09147553258932022e-9,
    2.5105312729622101787e-8,
    2.7557273478718580474e-7,
    2.7557255170000887438e-6,
    2.48015873256774619e-5,
    1.9841269875002278793e-4,
    1.3888888888883711167e-3,
    8.3333333333260831202e-3,
    4.1666666666666669783e-2,
    1.6666666666666671030e-1,
    0.5,
};
static const gusto_real vec_log_terms[] = {
    8.0820228059717661105e-2, 4.4003692430723369411e-2, 6.0005364047953562676e-2, 6.6570721048274680752e-2,
    7.6927850324793115517e-2, 9.0908947180664290846e-2, 1.1111111358713931495e-1, 1.4285714283554378581e-1,
    2.0000000000007291337e-1, 3.3333333333333329281e-1,
};
#else
#define VEC_EXP_LEAST -87.0f
#define VEC_LOG2_HIGH 0x1.62e400p-1f /* 7 low bits are zero: n times it is exact */
#define VEC_LOG2_LOW  0x1.7f7d1cp-20f
static const gusto_real vec_exp_terms[] = {
    1.9891080463998842e-4f, 1.3933730715792083e-3f, 8.3333108446478626e-3f,
    4.1666464197405692e-2f, 1.6666666681704215e-1f, 5.0000000135387299e-1f,
};
static const gusto_real vec_log_terms[] = {
    1.1612164612011674e-1f, 1.0853287900440186e-1f, 1.4296178997151419e-1f, 1.9999853165964859e-1f, 3.3333333660263706e-1f,
};
#endif

/* Horner's rule, the highest power first. */
#define VEC_POLYNOMIAL(terms, x) vec_polynomial((int)(sizeof(terms) / sizeof *(terms)), terms, x)

VEC_INLINE vec vec_polynomial(int n, const gusto_real *terms, vec x)
{
    vec sum = vec_set(terms[0]);
    for (int j = 1; j < n; j++)
        sum = vec_fma(sum, x, vec_set(terms[j]));
    return sum;
}

/* exp(y) for y <= 0. NaN stays NaN. */
VEC_INLINE vec vec_exp_negative(vec y)
{
    y = vec_max(vec_set(VEC_EXP_LEAST), y);
    const vec z = vec_fma(y, vec_set(REAL(1.44269504088896340736)), vec_set(VEC_MAGIC));
    const vec n = vec_sub(z, vec_set(VEC_MAGIC));
    const vec r = vec_fnma(n, vec_set(VEC_LOG2_LOW), vec_fnma(n, vec_set(VEC_LOG2_HIGH), y));
    const vec tail = vec_fma(vec_mul(r, r), VEC_POLYNOMIAL(vec_exp_terms, r), r);
    return vec_mul(vec_add(vec_set(1), tail), vec_power_of_two(z));
}

/* log(1 + t) for 0 <= t <= 1. NaN stays NaN. */
VEC_INLINE vec vec_log1p_unit(vec t)
{
    const vec u = vec_div(t, vec_add(vec_set(2), t));
    const vec w = vec_mul(u, u), twice = vec_add(u, u);
    return vec_fma(vec_mul(twice, w), VEC_POLYNOMIAL(vec_log_terms, w), twice);
}

#endif
