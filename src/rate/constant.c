/* The base learning rate throughout:  factor = 1. */
#include <gusto/rate.h>

static double factor(const double *values, const double *state, const gusto_clock *clock)
{
    (void)values;
    (void)state;
    (void)clock;
    return 1;
}

const gusto_rate_type gu_rate_constant = {
    .size = sizeof(gusto_rate_type),
    .name = "constant",
    .summary = "the base learning rate throughout",
    .factor = factor,
};
