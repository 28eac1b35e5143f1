/* Biases of users and items by alternating closed form (baseline.c says what they minimize): a model of its own, and what others start from. */
#ifndef GU_BIAS_H
#define GU_BIAS_H

#include "core/context.h"

#include <gusto/ratings.h>

/* b[r] of every row, given the other side's c: sum w (r - mu - c) / (l2 + sum w). Every row is one task. */
void gu_bias_solve(const gusto_context *context, const gusto_rows *rows, double mu, double l2, const gusto_real *c,
                   gusto_real *b);

/* The same where a fit goes on: rows with only[r] != 0; where recalled[r] > 0 the ridge is towards the start b0[old[r]]. */
typedef struct gu_bias_start {
    const uint8_t    *only;
    const int32_t    *recalled, *old;
    const gusto_real *b0;
} gu_bias_start;

/* start: NULL: as gu_bias_solve. */
void gu_bias_go_on(const gusto_context *context, const gusto_rows *rows, double mu, double l2, const gusto_real *c,
                   const gu_bias_start *start, gusto_real *b);

/* The mean with weights; without, `plain`. *total, unless NULL: the sum of the weights (1 if that is 0); without, the ratings. */
double gu_bias_mean(const gusto_rows *rows, double plain, double *total);

/* Alternates items and users `sweeps` times from zero; the users come last, so that bu is what fold-in would give. */
void gu_bias_fit(const gusto_context *context, const gusto_rows *by_user, const gusto_rows *by_item, double mu, double l2_user,
                 double l2_item, int sweeps, gusto_real *bu, gusto_real *bi);

#endif
