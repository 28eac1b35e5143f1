/* The two losses over vectors. */
#ifndef GU_LOSS_H
#define GU_LOSS_H

#include "kernels/vec_math.h"

/* A prediction compared with a rating: the residual, and the loss as a product that is taken in double. */
typedef struct compared {
    vec residual;
    vec loss[2]; /* loss = loss[0] loss[1] */
} compared;

/* LOGISTIC: with t = exp(-|x|), s is 1 / (1 + t) for x >= 0 and t / (1 + t) below, and -log(1 - s) = max(x, 0) + log1p(t): neither
 * overflows nor cancels. Hence the loss max(x, 0) - r x + log1p(t). */
VEC_INLINE compared compare(gu_loss loss, vec x, vec r)
{
    if (loss == GU_LOSS_SQUARED) {
        const vec d = vec_sub(x, r);
        return (compared){d, {d, d}};
    }
    const vec one = vec_set(1), zero = vec_zero();
    const vec t = vec_exp_negative(vec_minus_abs(x));
    const vec s = vec_div(vec_select(vec_less(x, zero), t, one), vec_add(one, t));
    const vec straight = vec_fnma(r, x, vec_max(zero, x));
    return (compared){vec_sub(s, r), {vec_add(straight, vec_log1p_unit(t)), one}};
}

#endif
