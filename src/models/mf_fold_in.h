/* The row of a new user of a factorization, with the items held fixed. */
#ifndef GU_MF_FOLD_IN_H
#define GU_MF_FOLD_IN_H

#include "kernels/kernels.h"

#include <gusto/container.h>

typedef struct gu_fold_in_problem {
    gu_loss             loss;
    bool                nonnegative, biases, by_count;
    double              l2, l2_bias, low, high;
    gusto_real          mu;
    const gusto_tensor *Q;
    const gusto_real   *bi; /* or NULL */
} gu_fold_in_problem;

/* row [k + 1]: factors and bias. item, value, weight [n]: checked.   Errors: GUSTO_ENOMEM, GUSTO_ESINGULAR. */
gusto_status gu_fold_in(gusto_context *context, const gu_fold_in_problem *problem, int64_t n, const int32_t *item,
                        const gusto_real *value, const gusto_real *weight, gusto_real *row);

#endif
