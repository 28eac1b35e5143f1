/* What ends each sweep of a model that is not trained by train/loop.h: history, validation, progress. */
#ifndef GU_SWEEPS_H
#define GU_SWEEPS_H

#include "models/model_type.h"

typedef struct gu_sweeps {
    const gusto_model       *model;
    const gusto_fit_options *fit;
    gu_state                *state;
    int64_t                  n;          /* sweeps in all */
    int64_t                  nnz;        /* ratings that a sweep goes over */
    gu_held_out              validation; /* owned */
    gusto_rows               rows;       /* training, by user, where scores are no ratings: set after init */
} gu_sweeps;

/* Makes room for the history of n sweeps, and takes the validation set over.   Errors: GUSTO_ENOMEM. */
gusto_status gu_sweeps_init(gusto_context *context, const gusto_model *model, const gusto_fit_options *fit, int64_t n,
                            int64_t nnz, gu_state *state, gu_sweeps *out);
void         gu_sweeps_clear(const gusto_allocator *allocator, gu_sweeps *sweeps);

/* Ends sweep s (from 0): validates the state as it is, writes the history, reports.
 * loss: mean over the training ratings; rate: NaN where there is none; seconds: what the sweep took.
 * Returns GUSTO_CANCELLED if the callback says so.   Errors: GUSTO_ENOMEM. */
gusto_status gu_sweeps_end(gusto_context *context, gu_sweeps *sweeps, int64_t s, double loss, double rate, double seconds);

#endif
