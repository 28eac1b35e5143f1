/* Linear warm-up before any rate (Goyal et al. 2017, section 2.2): the trainer asks for a factor here, not of the rate itself. */
#ifndef GU_WARMUP_H
#define GU_WARMUP_H

#include <gusto/rate.h>

/* The factor on the base learning rate. With s = warmup_epochs * steps_per_epoch, step j = 0, 1, ... of the warm-up takes
 * (j + 1) / s of the rate's factor at its start; then the rate's own time begins.
 * warmup_epochs: not negative, may have a fraction; 0 for none.   state [GUSTO_RATE_STATE].   clock->start is not read. */
double gu_rate_factor(const gusto_rate_type *type, const double *values, double warmup_epochs, const double *state,
                      const gusto_clock *clock);

/* Tells the rate of an epoch that has ended, if it listens. An epoch that began within the warm-up is not told: its loss says
 * nothing of the rate that follows. Arguments as in gusto_rate_type. */
void gu_rate_observe(const gusto_rate_type *type, const double *values, double warmup_epochs, double *state,
                     const gusto_clock *clock, double loss, double metric);

#endif
