/* Learning rates as a function of the step. A seam like the optimizer. */
#ifndef GUSTO_RATE_H
#define GUSTO_RATE_H

#include "context.h"
#include "option.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where training stands. A rate is a pure function of this and of its state.
 * Its own time, in epochs, is  epoch + step / steps_per_epoch - start,  never negative. */
typedef struct gusto_clock {
    int64_t epoch;           /* from 0 */
    int64_t n_epochs;        /* that the fit was asked for */
    int64_t step;            /* batches done in this epoch */
    int64_t steps_per_epoch; /* at least 1 */
    double  start;           /* epochs before the rate's own time began: those of the warm-up. Set by the trainer. */
} gusto_clock;

enum { GUSTO_RATE_STATE = 4 };

typedef struct gusto_rate_type {
    size_t              size;
    const char         *name, *summary;
    const gusto_option *options;
    int                 n_options;

    /* The factor on the base learning rate at this time, finite and not negative.   values [n_options]; state as left by
     * `observe`. */
    double (*factor)(const double *values, const double *state, const gusto_clock *clock);

    /* NULL, or called after every epoch: loss is the mean training loss, metric the validation metric (lower is better; NaN
     * without a validation set). state [GUSTO_RATE_STATE] starts as zeros and is kept in checkpoints. */
    void (*observe)(const double *values, double *state, const gusto_clock *clock, double loss, double metric);
} gusto_rate_type;

GUSTO_API const gusto_rate_type *gusto_rate_find(const char *name);
GUSTO_API const gusto_rate_type *gusto_rate_at(int t);

#ifdef __cplusplus
}
#endif
#endif
