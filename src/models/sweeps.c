/* See sweeps.h. */
#include "models/sweeps.h"

#include "core/memory.h"
#include "models/held_out_ndcg.h"

#include <math.h>

gusto_status gu_sweeps_init(gusto_context *context, const gusto_model *model, const gusto_fit_options *fit, int64_t n,
                            int64_t nnz, gu_state *state, gu_sweeps *out)
{
    *out = (gu_sweeps){.model = model, .fit = fit, .state = state, .n = n, .nnz = nnz};
    state->history.epoch = gu_new_zero(context, n, gusto_epoch);
    if (!state->history.epoch)
        return GUSTO_ENOMEM;
    return fit->validation ? gu_held_out_of(context, fit->validation, state, &out->validation) : GUSTO_OK;
}

void gu_sweeps_clear(const gusto_allocator *allocator, gu_sweeps *sweeps)
{
    gu_held_out_clear(allocator, &sweeps->validation);
}

gusto_status gu_sweeps_end(gusto_context *context, gu_sweeps *sweeps, int64_t s, double loss, double rate, double seconds)
{
    gu_state    *state = sweeps->state;
    gusto_epoch *epoch = &state->history.epoch[state->history.n];
    *epoch = (gusto_epoch){.epoch = s + 1, .loss = loss, .validation = NAN, .rate = rate, .seconds = seconds};
    epoch->ratings_per_second = seconds > 0 ? (double)sweeps->nnz / seconds : 0;
    if (sweeps->validation.n) {
        const gusto_model  view = {.type = sweeps->model->type, .options = sweeps->model->options, .state = *state};
        const gusto_status status = gu_validate(context, &view, &sweeps->validation, &sweeps->rows, &epoch->validation);
        if (status < 0)
            return status;
    }
    state->history.n++;
    const gusto_progress progress = {
        .size = sizeof progress, .epoch = s + 1, .n_epochs = sweeps->n, .done = 1, .total = 1, .finished = epoch};
    const bool stop = sweeps->fit->progress && sweeps->fit->progress(sweeps->fit->user, &progress);
    return stop ? GUSTO_CANCELLED : GUSTO_OK;
}
