/* Exponential decay, from step to step:  factor = f^t,  t in epochs. After a whole epoch the rate is f times what it was. */
#include "rate/clock.h"

#include <math.h>

enum { FACTOR, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [FACTOR] = {"factor", GUSTO_OPTION_REAL, 0.95, 1e-6, 1, NULL, "what an epoch multiplies the rate by"},
};

static double factor(const double *values, const double *state, const gusto_clock *clock)
{
    (void)state;
    return pow(values[FACTOR], gu_clock_now(clock));
}

const gusto_rate_type gu_rate_exponential = {
    .size = sizeof(gusto_rate_type),
    .name = "exponential",
    .summary = "decays by a factor per epoch, a little every step",
    .options = options,
    .n_options = N_OPTIONS,
    .factor = factor,
};
