/* See warmup.h. */
#include "rate/warmup.h"

#include "rate/clock.h"

#include <math.h>

double gu_rate_factor(const gusto_rate_type *type, const double *values, double warmup_epochs, const double *state,
                      const gusto_clock *clock)
{
    gusto_clock own = *clock;
    own.start = 0;
    const double now = gu_clock_now(&own);
    if (now < warmup_epochs) {
        own.epoch = own.step = 0;
        const double ramp = (now + 1 / (double)clock->steps_per_epoch) / warmup_epochs;
        return fmin(ramp, 1) * type->factor(values, state, &own);
    }
    own.start = warmup_epochs;
    return type->factor(values, state, &own);
}

void gu_rate_observe(const gusto_rate_type *type, const double *values, double warmup_epochs, double *state,
                     const gusto_clock *clock, double loss, double metric)
{
    if (!type->observe || (double)clock->epoch < warmup_epochs)
        return;
    gusto_clock own = *clock;
    own.start = warmup_epochs;
    type->observe(values, state, &own, loss, metric);
}
