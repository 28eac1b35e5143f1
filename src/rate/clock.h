/* The clock of a rate, read in epochs. Time runs evenly within an epoch, step by step. */
#ifndef GU_CLOCK_H
#define GU_CLOCK_H

#include <gusto/rate.h>

/* Epochs of the rate's own time that have passed before this step. */
static inline double gu_clock_now(const gusto_clock *clock)
{
    return (double)clock->epoch + (double)clock->step / (double)clock->steps_per_epoch - clock->start;
}

/* The same at the last step of the fit. */
static inline double gu_clock_last(const gusto_clock *clock)
{
    return (double)clock->n_epochs - 1 / (double)clock->steps_per_epoch - clock->start;
}

#endif
