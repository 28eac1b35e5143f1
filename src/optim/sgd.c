/* Stochastic gradient descent (Robbins & Monro 1951).
 *
 *   x <- x - rate g
 *
 * No state. A row that is not touched does not move. */
#include "kernels/kernels.h"

#include <gusto/optimizer.h>

typedef struct plan {
    void (*kernel)(int64_t n, gusto_real rate, gusto_real *x, const gusto_real *g);
} plan;

static void prepare(const gusto_context *context, const double *values, void *memory)
{
    (void)values;
    *(plan *)memory = (plan){.kernel = gu_kernels_of(context)->sgd};
}

static void update(const void *memory, gusto_real rate, int64_t step, size_t n, gusto_real *restrict x,
                   const gusto_real *restrict g, gusto_real *const *slot)
{
    (void)step;
    (void)slot;
    ((const plan *)memory)->kernel((int64_t)n, rate, x, g);
}

const gusto_optimizer_type gu_optimizer_sgd = {
    .size = sizeof(gusto_optimizer_type),
    .name = "sgd",
    .summary = "stochastic gradient descent (Robbins & Monro 1951)",
    .rate = 0.04,
    .n_slots = 0,
    .plan_size = sizeof(plan),
    .options = NULL,
    .n_options = 0,
    .prepare = prepare,
    .update = update,
};
