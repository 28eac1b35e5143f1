/* AdaGrad, diagonal (Duchi, Hazan & Singer 2011, figure 1).
 *
 *   s <- s + g^2
 *   x <- x - rate g / (sqrt(s) + eps)
 *
 * s only grows, so steps shrink like 1 / sqrt(steps of this row): made for sparse data, where a rare row keeps long steps.
 * A row that is not touched has had a gradient of zero: leaving it out is exact, not an approximation. */
#include "kernels/kernels.h"

#include <gusto/optimizer.h>

enum { EPSILON, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [EPSILON] = {"epsilon", GUSTO_OPTION_REAL, 1e-8, 1e-12, 1, NULL, "added to the root, in units of the gradient"},
};

typedef struct plan {
    void (*kernel)(int64_t n, gusto_real rate, gusto_real eps, gusto_real *x, const gusto_real *g, gusto_real *s);
    gusto_real eps;
} plan;

static void prepare(const gusto_context *context, const double *values, void *memory)
{
    *(plan *)memory = (plan){.kernel = gu_kernels_of(context)->adagrad, .eps = (gusto_real)values[EPSILON]};
}

static void update(const void *memory, gusto_real rate, int64_t step, size_t n, gusto_real *restrict x,
                   const gusto_real *restrict g, gusto_real *const *slot)
{
    (void)step;
    const plan *p = memory;
    p->kernel((int64_t)n, rate, p->eps, x, g, slot[0]);
}

const gusto_optimizer_type gu_optimizer_adagrad = {
    .size = sizeof(gusto_optimizer_type),
    .name = "adagrad",
    .summary = "steps by the sum of squared gradients (Duchi et al. 2011)",
    .rate = 0.05,
    .n_slots = 1,
    .plan_size = sizeof(plan),
    .options = options,
    .n_options = N_OPTIONS,
    .prepare = prepare,
    .update = update,
};
