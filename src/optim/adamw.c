/* AdamW: Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2, the decay multiplied by the rate as usual).
 *
 *   m <- b1 m + (1 - b1) g
 *   v <- b2 v + (1 - b2) g^2
 *   x <- (1 - rate decay) x - rate m^ / (sqrt(v^) + eps),   m^ = m / (1 - b1^t),  v^ = v / (1 - b2^t)
 *
 * A penalty that comes with the gradient is divided by sqrt(v) like the rest of it, so that rows with large gradients are hardly
 * regularized; this one is not. It adds to whatever regularization the model puts into g.
 * t counts the steps of this row. A row that is not touched keeps x, m and v: it is not decayed either, so that a row decays with
 * how often it moves. */
#include "kernels/kernels.h"
#include "optim/moments.h"

#include <gusto/optimizer.h>

enum { BETA1, BETA2, EPSILON, WEIGHT_DECAY, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [BETA1] = {"beta1", GUSTO_OPTION_REAL, 0.9, 0, 0.999999, NULL, "decay of the mean gradient"},
    [BETA2] = {"beta2", GUSTO_OPTION_REAL, 0.999, 0, 0.9999999, NULL, "decay of the mean squared gradient"},
    [EPSILON] = {"epsilon", GUSTO_OPTION_REAL, 1e-8, 1e-12, 1, NULL, "added to the root, in units of the gradient"},
    [WEIGHT_DECAY] = {"weight_decay", GUSTO_OPTION_REAL, 0.01, 0, 10, NULL, "a step multiplies its row by 1 - rate weight_decay"},
};

typedef struct plan {
    void (*kernel)(int64_t n, const gusto_real c[5], gusto_real *x, const gusto_real *g, gusto_real *m, gusto_real *v);
    gusto_real decay;
    gu_moments moments;
} plan;

static void prepare(const gusto_context *context, const double *values, void *memory)
{
    plan *p = memory;
    p->kernel = gu_kernels_of(context)->adam;
    p->decay = (gusto_real)values[WEIGHT_DECAY];
    gu_moments_init(&p->moments, values[BETA1], values[BETA2], values[EPSILON]);
}

static void update(const void *memory, gusto_real rate, int64_t step, size_t n, gusto_real *restrict x,
                   const gusto_real *restrict g, gusto_real *const *slot)
{
    const plan *p = memory;
    gusto_real  c[5];
    gu_moments_step(&p->moments, rate, step, 1 - rate * p->decay, c);
    p->kernel((int64_t)n, c, x, g, slot[0], slot[1]);
}

const gusto_optimizer_type gu_optimizer_adamw = {
    .size = sizeof(gusto_optimizer_type),
    .name = "adamw",
    .summary = "Adam with decoupled weight decay (Loshchilov & Hutter 2019)",
    .rate = 0.004,
    .n_slots = 2,
    .plan_size = sizeof(plan),
    .options = options,
    .n_options = N_OPTIONS,
    .prepare = prepare,
    .update = update,
};
