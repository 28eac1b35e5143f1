/* AMSGrad (Reddi, Kale & Kumar 2018, algorithm 2), with Adam's corrections for the start at zero.
 *
 *   m <- b1 m + (1 - b1) g
 *   v <- b2 v + (1 - b2) g^2
 *   w <- max(w, v)
 *   x <- x - rate m^ / (sqrt(w^) + eps),   m^ = m / (1 - b1^t),  w^ = w / (1 - b2^t)
 *
 * Adam can fail to converge where rare large gradients are forgotten too soon; w remembers the largest v. The paper leaves the
 * corrections out; without them the first steps of every row would be short of Adam's or beyond them, depending on b1 and b2.
 * t counts the steps of this row. A row that is not touched keeps m, v and w. */
#include "kernels/kernels.h"
#include "optim/moments.h"

#include <gusto/optimizer.h>

enum { BETA1, BETA2, EPSILON, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [BETA1] = {"beta1", GUSTO_OPTION_REAL, 0.9, 0, 0.999999, NULL, "decay of the mean gradient"},
    [BETA2] = {"beta2", GUSTO_OPTION_REAL, 0.999, 0, 0.9999999, NULL, "decay of the mean squared gradient"},
    [EPSILON] = {"epsilon", GUSTO_OPTION_REAL, 1e-8, 1e-12, 1, NULL, "added to the root, in units of the gradient"},
};

typedef struct plan {
    void (*kernel)(int64_t n, const gusto_real c[5], gusto_real *x, const gusto_real *g, gusto_real *m, gusto_real *v,
                   gusto_real *w);
    gu_moments moments;
} plan;

static void prepare(const gusto_context *context, const double *values, void *memory)
{
    plan *p = memory;
    p->kernel = gu_kernels_of(context)->amsgrad;
    gu_moments_init(&p->moments, values[BETA1], values[BETA2], values[EPSILON]);
}

static void update(const void *memory, gusto_real rate, int64_t step, size_t n, gusto_real *restrict x,
                   const gusto_real *restrict g, gusto_real *const *slot)
{
    const plan *p = memory;
    gusto_real  c[5];
    gu_moments_step(&p->moments, rate, step, 1, c);
    p->kernel((int64_t)n, c, x, g, slot[0], slot[1], slot[2]);
}

const gusto_optimizer_type gu_optimizer_amsgrad = {
    .size = sizeof(gusto_optimizer_type),
    .name = "amsgrad",
    .summary = "Adam whose steps never grow back (Reddi et al. 2018)",
    .rate = 0.004,
    .n_slots = 3,
    .plan_size = sizeof(plan),
    .options = options,
    .n_options = N_OPTIONS,
    .prepare = prepare,
    .update = update,
};
