/* Half a cosine from 1 at the first step to `floor` at the last (Loshchilov & Hutter 2017, eq. 5, without restarts):
 *
 *   factor = floor + (1 - floor) (1 + cos(pi p)) / 2,   p = t / (t of the last step)
 *
 * A fit of a single step is at its first. */
#include "rate/clock.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

enum { FLOOR, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [FLOOR] = {"floor", GUSTO_OPTION_REAL, 0, 0, 1, NULL, "factor at the last step"},
};

static double factor(const double *values, const double *state, const gusto_clock *clock)
{
    (void)state;
    const double now = gu_clock_now(clock), last = gu_clock_last(clock);
    const double p = last > 0 ? fmin(now / last, 1) : 0; /* a resumed fit may be asked for fewer epochs than it has done */
    return values[FLOOR] + (1 - values[FLOOR]) * (1 + cos(pi * p)) / 2;
}

const gusto_rate_type gu_rate_cosine = {
    .size = sizeof(gusto_rate_type),
    .name = "cosine",
    .summary = "half a cosine, to a floor at the last step (Loshchilov & Hutter 2017)",
    .options = options,
    .n_options = N_OPTIONS,
    .factor = factor,
};
