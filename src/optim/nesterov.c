/* Nesterov momentum (Nesterov 1983; Sutskever et al. 2013, eq. 3-4, in the variables of Bengio et al. 2013, eq. 7).
 *
 * In the original variables y the gradient is taken ahead of the point:
 *
 *   v <- mu v - rate g(y + mu v);   y <- y + v
 *
 * The trainer has the gradient where the parameters are. So x holds the point ahead, x = y + mu v, which moves by
 *
 *   v <- mu v - rate g(x)
 *   x <- x + mu v - rate g(x)
 *
 * and comes to rest where y does. A row that is not touched keeps v: it neither moves nor decays. */
#include "kernels/kernels.h"

#include <gusto/optimizer.h>

enum { MU, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [MU] = {"mu", GUSTO_OPTION_REAL, 0.9, 0, 0.9999, NULL, "share of the velocity that is kept"},
};

typedef struct plan {
    void (*kernel)(int64_t n, gusto_real rate, gusto_real mu, gusto_real *x, const gusto_real *g, gusto_real *v);
    gusto_real mu;
} plan;

static void prepare(const gusto_context *context, const double *values, void *memory)
{
    *(plan *)memory = (plan){.kernel = gu_kernels_of(context)->nesterov, .mu = (gusto_real)values[MU]};
}

static void update(const void *memory, gusto_real rate, int64_t step, size_t n, gusto_real *restrict x,
                   const gusto_real *restrict g, gusto_real *const *slot)
{
    (void)step;
    const plan *p = memory;
    p->kernel((int64_t)n, rate, p->mu, x, g, slot[0]);
}

const gusto_optimizer_type gu_optimizer_nesterov = {
    .size = sizeof(gusto_optimizer_type),
    .name = "nesterov",
    .summary = "momentum with the gradient taken ahead (Nesterov 1983)",
    .rate = 0.004,
    .n_slots = 1,
    .plan_size = sizeof(plan),
    .options = options,
    .n_options = N_OPTIONS,
    .prepare = prepare,
    .update = update,
};
