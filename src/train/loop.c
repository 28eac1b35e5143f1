/* See loop.h.
 *
 * What `kept` of the parameters holds: with a validation set the best state so far, without one the state after the last whole epoch.
 * Either is what a diverged fit falls back to; the first is also what early stopping, and any end of training, restores. */
#include "train/loop.h"

#include "core/memory.h"
#include "rate/warmup.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static const double PROGRESS_SECONDS = 0.05; /* a callback within an epoch comes at most that often */

typedef struct loop {
    gusto_context           *context;
    const gu_training       *training;
    gu_objective            *objective;
    const gusto_fit_options *fit;
    gu_history              *history;
    gu_loop_state            state;
    gusto_clock              clock;
    double                   last_report;
} loop;

static bool report(loop *l, int64_t done, int64_t total, const gusto_epoch *finished)
{
    if (!l->fit->progress)
        return false;
    const double now = omp_get_wtime();
    if (!finished && now - l->last_report < PROGRESS_SECONDS)
        return false;
    l->last_report = now;
    const gusto_progress progress = {.size = sizeof progress,
                                     .epoch = l->clock.epoch + 1,
                                     .n_epochs = l->clock.n_epochs,
                                     .done = done,
                                     .total = total,
                                     .finished = finished};
    return l->fit->progress(l->fit->user, &progress);
}

/* Says what diverged, and puts the last good state back. */
static gusto_status diverged(loop *l, int64_t batch)
{
    const gu_param *param;
    int64_t         row;
    const bool      found = gu_params_not_finite(l->context, l->objective->params, &param, &row);
    gu_params_restore(l->context, l->objective->params);
    if (found)
        return gu_error(l->context, GUSTO_EDIVERGED,
                        "epoch %lld: parameter %s, row %lld became NaN or infinite; a lower learning_rate or a clip may help",
                        (long long)l->clock.epoch + 1, param->name, (long long)row);
    return gu_error(l->context, GUSTO_EDIVERGED,
                    "epoch %lld: the loss of batch %lld became NaN or infinite; a lower learning_rate or a clip may help",
                    (long long)l->clock.epoch + 1, (long long)batch + 1);
}

/* One epoch. *epoch is filled but for the validation metric. */
static gusto_status run_epoch(loop *l, gusto_epoch *epoch)
{
    const double begin = omp_get_wtime();
    int64_t      n_batches, n_ratings = 0;
    double       loss = 0;
    gusto_status status = l->objective->begin(l->context, l->objective->self, l->clock.epoch, &n_batches);
    if (status < 0)
        return status;

    l->clock.steps_per_epoch = n_batches > 0 ? n_batches : 1;
    for (int64_t j = 0; j < n_batches && status == GUSTO_OK; j++) {
        double  batch_loss;
        int64_t n;
        l->clock.step = j;
        epoch->rate = l->training->learning_rate * gu_rate_factor(l->training->rate, l->training->rate_values,
                                                                  l->training->warmup, l->state.rate_state, &l->clock);
        status = l->objective->step(l->context, l->objective->self, j, epoch->rate, &batch_loss, &n);
        if (status < 0)
            return status;
        if (!isfinite(batch_loss))
            return diverged(l, j);
        loss += batch_loss;
        n_ratings += n;
        if (report(l, j + 1, n_batches, NULL))
            status = GUSTO_CANCELLED;
    }

    const gu_param *param;
    int64_t         row;
    if (gu_params_not_finite(l->context, l->objective->params, &param, &row))
        return diverged(l, n_batches - 1);

    epoch->epoch = l->clock.epoch + 1;
    epoch->loss = n_ratings ? loss / (double)n_ratings : 0;
    epoch->seconds = omp_get_wtime() - begin;
    epoch->ratings_per_second = epoch->seconds > 0 ? (double)n_ratings / epoch->seconds : 0;
    return status;
}

/* After an epoch: validation, what is kept, the rate's state. Returns GUSTO_CONVERGED when patience is at its end. */
static gusto_status judge(loop *l, gusto_epoch *epoch)
{
    gusto_status status = GUSTO_OK;
    epoch->validation = NAN;
    if (l->objective->validate) {
        status = l->objective->validate(l->context, l->objective->self, &epoch->validation);
        if (status < 0)
            return status;
        if (!l->state.kept || epoch->validation < l->state.best - l->training->min_delta) {
            l->state.best = epoch->validation;
            l->state.best_epoch = epoch->epoch;
            l->state.kept = 1;
            gu_params_keep(l->context, l->objective->params);
        }
        if (l->training->patience > 0 && epoch->epoch - l->state.best_epoch >= l->training->patience)
            status = GUSTO_CONVERGED;
    } else {
        gu_params_keep(l->context, l->objective->params);
    }
    gu_rate_observe(l->training->rate, l->training->rate_values, l->training->warmup, l->state.rate_state, &l->clock, epoch->loss,
                    epoch->validation);
    return status;
}

/* One that cannot be written, on a full disk say, costs no training: the next is tried when it is due. */
static void checkpoint(loop *l, gusto_status so_far)
{
    const gusto_fit_options *fit = l->fit;
    const int64_t            every = fit->checkpoint_every > 0 ? fit->checkpoint_every : 1;
    if (!fit->checkpoint || (l->state.epoch % every != 0 && l->state.epoch < l->training->epochs && so_far == GUSTO_OK))
        return;
    l->history->unsaved = gu_checkpoint_write(l->context, fit->checkpoint, l->objective, &l->state, l->history);
    if (l->history->unsaved < 0)
        gu_log(l->context, GUSTO_LOG_WARNING, "epoch %lld: no checkpoint, training goes on: %s", (long long)l->state.epoch,
               l->context->message);
}

static gusto_status run(loop *l)
{
    gusto_status status = GUSTO_OK;
    while (l->state.epoch < l->training->epochs && status == GUSTO_OK) {
        gusto_epoch *epoch = &l->history->epoch[l->history->n];
        *epoch = (gusto_epoch){0};
        l->clock.epoch = l->state.epoch;
        status = run_epoch(l, epoch);
        if (status != GUSTO_OK)
            return status; /* a cancelled epoch is not in the history: it was not whole */

        status = judge(l, epoch);
        if (status < 0)
            return status;
        l->history->n++;
        l->state.epoch++;

        checkpoint(l, status);
        if (report(l, l->clock.steps_per_epoch, l->clock.steps_per_epoch, epoch) && status == GUSTO_OK)
            status = GUSTO_CANCELLED;
    }
    return status;
}

gusto_status gu_train(gusto_context *context, const gu_training *training, gu_objective *objective, const gusto_fit_options *fit,
                      gu_history *history)
{
    loop l = {.context = context, .training = training, .objective = objective, .fit = fit, .history = history};
    l.clock.n_epochs = training->epochs;
    l.state.best = INFINITY;
    *history = (gu_history){.epoch = gu_new(context, training->epochs, gusto_epoch)};
    if (!history->epoch)
        return GUSTO_ENOMEM;

    gu_params_keep(context, objective->params);
    gusto_status status = GUSTO_OK;
    if (fit->resume)
        status = gu_checkpoint_read(context, fit->resume, objective, training->epochs, &l.state, history);
    const bool stood_still = objective->validate && training->patience > 0 && l.state.epoch > 0 &&
                             l.state.epoch - l.state.best_epoch >= training->patience;
    if (status == GUSTO_OK)
        status = stood_still ? GUSTO_CONVERGED : run(&l);

    if (status >= 0 && objective->validate && l.state.kept && status != GUSTO_CANCELLED)
        gu_params_restore(context, objective->params);
    return status;
}
