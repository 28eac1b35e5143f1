/* Decay as one over time, from step to step (Robbins & Monro 1951):  factor = 1 / (1 + decay t),  t in epochs.
 * The sum of all factors diverges and the sum of their squares does not, which is what convergence proofs of SGD ask for. */
#include "rate/clock.h"

enum { DECAY, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [DECAY] = {"decay", GUSTO_OPTION_REAL, 0.1, 0, 1e6, NULL, "per epoch: the rate is halved after 1 / decay epochs"},
};

static double factor(const double *values, const double *state, const gusto_clock *clock)
{
    (void)state;
    return 1 / (1 + values[DECAY] * gu_clock_now(clock));
}

const gusto_rate_type gu_rate_inverse_time = {
    .size = sizeof(gusto_rate_type),
    .name = "inverse-time",
    .summary = "1 / (1 + decay * epochs) (Robbins & Monro 1951)",
    .options = options,
    .n_options = N_OPTIONS,
    .factor = factor,
};
