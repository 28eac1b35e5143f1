/* Adam (Kingma & Ba 2015, algorithm 1).
 *
 *   m <- b1 m + (1 - b1) g          first moment
 *   v <- b2 v + (1 - b2) g^2        second moment
 *   x <- x - rate m^ / (sqrt(v^) + eps),   m^ = m / (1 - b1^t),  v^ = v / (1 - b2^t)
 *
 * t counts the steps of this row, not of the run: a row that is seldom touched keeps its early, larger steps
 * ("lazy" Adam). With one global t its first step would be damped as if it had moved all along.
 * A row that is not touched keeps m and v: it neither moves nor decays. */
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
    void (*kernel)(int64_t n, const gusto_real c[5], gusto_real *x, const gusto_real *g, gusto_real *m, gusto_real *v);
    gu_moments moments;
} plan;

static void prepare(const gusto_context *context, const double *values, void *memory)
{
    plan *p = memory;
    p->kernel = gu_kernels_of(context)->adam;
    gu_moments_init(&p->moments, values[BETA1], values[BETA2], values[EPSILON]);
}

static void update(const void *memory, gusto_real rate, int64_t step, size_t n, gusto_real *restrict x,
                   const gusto_real *restrict g, gusto_real *const *slot)
{
    const plan *p = memory;
    gusto_real  c[5];
    gu_moments_step(&p->moments, rate, step, 1, c);
    p->kernel((int64_t)n, c, x, g, slot[0], slot[1]);
}

const gusto_optimizer_type gu_optimizer_adam = {
    .size = sizeof(gusto_optimizer_type),
    .name = "adam",
    .summary = "adaptive moments, per-row step count (Kingma & Ba 2015)",
    .rate = 0.004,
    .n_slots = 2,
    .plan_size = sizeof(plan),
    .options = options,
    .n_options = N_OPTIONS,
    .prepare = prepare,
    .update = update,
};
