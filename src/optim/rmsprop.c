/* RMSProp (Tieleman & Hinton 2012, lecture 6e).
 *
 *   s <- rho s + (1 - rho) g^2
 *   x <- x - rate g / (sqrt(s) + eps)
 *
 * s starts at zero and is not corrected for it: the first step of a row is 1 / sqrt(1 - rho) times as long as a later one
 * (3.2 times at rho = .9). A row that is not touched keeps s: its scale is that of its own last gradients. */
#include "kernels/kernels.h"

#include <gusto/optimizer.h>

enum { RHO, EPSILON, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [RHO] = {"rho", GUSTO_OPTION_REAL, 0.9, 0, 0.999999, NULL, "decay of the mean squared gradient"},
    [EPSILON] = {"epsilon", GUSTO_OPTION_REAL, 1e-8, 1e-12, 1, NULL, "added to the root, in units of the gradient"},
};

typedef struct plan {
    void (*kernel)(int64_t n, gusto_real rate, gusto_real rho, gusto_real eps, gusto_real *x, const gusto_real *g, gusto_real *s);
    gusto_real rho, eps;
} plan;

static void prepare(const gusto_context *context, const double *values, void *memory)
{
    *(plan *)memory = (plan){
        .kernel = gu_kernels_of(context)->rmsprop,
        .rho = (gusto_real)values[RHO],
        .eps = (gusto_real)values[EPSILON],
    };
}

static void update(const void *memory, gusto_real rate, int64_t step, size_t n, gusto_real *restrict x,
                   const gusto_real *restrict g, gusto_real *const *slot)
{
    (void)step;
    const plan *p = memory;
    p->kernel((int64_t)n, rate, p->rho, p->eps, x, g, slot[0]);
}

const gusto_optimizer_type gu_optimizer_rmsprop = {
    .size = sizeof(gusto_optimizer_type),
    .name = "rmsprop",
    .summary = "steps by the mean squared gradient (Tieleman & Hinton 2012)",
    .rate = 0.005,
    .n_slots = 1,
    .plan_size = sizeof(plan),
    .options = options,
    .n_options = N_OPTIONS,
    .prepare = prepare,
    .update = update,
};
