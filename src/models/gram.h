/* Products of sparse rows with each other: what the closed-form and the coordinate solvers start from. */
#ifndef GU_GRAM_H
#define GU_GRAM_H

#include "core/context.h"

#include <gusto/ratings.h>

/* What stands in the matrix. */
typedef struct gu_gram_of {
    const gusto_rows *rows;    /* whose products are wanted */
    const gusto_rows *columns; /* the same ratings the other way round */
    bool              values;  /* take the values; else 1 for a pair */
    const gusto_real *weight;  /* [n_columns], or NULL: 1 */
    bool              add;     /* to what is there; else that is overwritten */
} gu_gram_of;

/* Upper triangle of G [n_rows x ld] <- sum over columns c of weight_c x_rc x_sc, or has it added; the rest is untouched.   Each row of G is one thread's, the sum in the
 * order of columns.   Cost: the sum over columns of the square of their length, halved.   It is a stage of a watch (core/watch.h). */
void gu_gram(const gusto_context *context, const gu_gram_of *of, gusto_real *G, int64_t ld);

/* The strict lower triangle from the upper. */
void gu_mirror(const gusto_context *context, int64_t n, gusto_real *G, int64_t ld);

#endif
