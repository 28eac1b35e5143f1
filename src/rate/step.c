/* A drop every so many epochs:  factor = drop^floor(t / every),  t in epochs. */
#include "rate/clock.h"

#include <math.h>

enum { EVERY, FACTOR, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [EVERY] = {"every", GUSTO_OPTION_INT, 10, 1, 1000000, NULL, "epochs between drops"},
    [FACTOR] = {"factor", GUSTO_OPTION_REAL, 0.5, 1e-6, 1, NULL, "what a drop multiplies the rate by"},
};

static double factor(const double *values, const double *state, const gusto_clock *clock)
{
    (void)state;
    return pow(values[FACTOR], floor(gu_clock_now(clock) / values[EVERY]));
}

const gusto_rate_type gu_rate_step = {
    .size = sizeof(gusto_rate_type),
    .name = "step",
    .summary = "drops by a factor every so many epochs",
    .options = options,
    .n_options = N_OPTIONS,
    .factor = factor,
};
