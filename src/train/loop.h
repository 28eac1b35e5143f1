/* The epoch loop: schedule x rate x optimizer, early stopping, checkpoints, history. It knows nothing of any model: an objective gives it
 * batches, takes steps and validates. */
#ifndef GU_LOOP_H
#define GU_LOOP_H

#include "core/options.h"
#include "train/params.h"

#include <gusto/container.h>
#include <gusto/optimizer.h>
#include <gusto/rate.h>
#include <gusto/schedule.h>
#include <gusto/train.h>

/* What is trained. */
typedef struct gu_objective {
    void      *self;
    gu_params *params;

    /* Makes the batches of an epoch (from 0). */
    gusto_status (*begin)(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches);

    /* Takes the step of the j-th batch. *loss: the sum of the losses of its ratings; *n: how many. */
    gusto_status (*step)(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n);

    /* The validation metric, lower is better. NULL: there is no validation set. */
    gusto_status (*validate)(gusto_context *context, void *self, double *metric);

    /* What a fit that resumes must have in common with the one whose checkpoint it is: the model, its options, the seed, the ratings. The most telling
     * first. Borrowed; none are needed where there is no checkpoint. */
    const gusto_metadata *facts;
    int                   n_facts;
} gu_objective;

/* How it is trained: the options of every model that is trained by gradients. */
typedef struct gu_training {
    int64_t                     epochs, batch_size, patience;
    double                      learning_rate, warmup, clip, min_delta;
    int64_t                     most; /* a row's gradient counts as at most so many of its ratings in a batch: 0 sum, 1 mean */
    int                         way;  /* gu_way */
    double                      crossover; /* density from which on dense ways are chosen; negative: as measured */
    const gusto_optimizer_type *optimizer;
    const gusto_rate_type      *rate;
    const gusto_schedule_type  *schedule;
    const double               *optimizer_values, *rate_values, *schedule_values;
} gu_training;

/* The option groups of training: the first is its own, then one for each optimizer, rate and schedule that has options.
 * `own`: a table with defaults of the model's choice, made by gu_training_options. groups [GU_MAX_GROUPS]. Returns how many. */
enum { GU_MAX_GROUPS = 40 };
int gu_training_groups(const gusto_option *own, gu_option_group *groups);

/* The table of training's own options; its defaults suit mf. *n: how many. */
const gusto_option *gu_training_options(int *n);

/* Reads the options. optimizer, values: the embedder's own, or NULL. */
void gu_training_read(const gu_options *options, const gusto_optimizer_type *optimizer, const double *values, gu_training *out);

/* What the loop leaves behind. */
typedef struct gu_history {
    gusto_epoch *epoch; /* [n], owned */
    int64_t      n;
    gusto_status unsaved; /* what the last checkpoint that was due failed with; GUSTO_OK: nothing */
} gu_history;

/* Trains. A checkpoint that cannot be written is warned of and costs no training.
 * Returns GUSTO_OK, GUSTO_CONVERGED, GUSTO_CANCELLED; GUSTO_EDIVERGED with the last good parameters; or another error. */
gusto_status gu_train(gusto_context *context, const gu_training *training, gu_objective *objective, const gusto_fit_options *fit,
                      gu_history *history);

/* ---- checkpoints (checkpoint.c) ---- */

/* The state of the loop beside the parameters. */
typedef struct gu_loop_state {
    int64_t epoch;            /* epochs done */
    int64_t best_epoch, kept; /* kept: whether `kept` of the parameters is filled */
    double  best;             /* least validation metric */
    double  rate_state[GUSTO_RATE_STATE];
} gu_loop_state;

gusto_status gu_checkpoint_write(gusto_context *context, const char *path, const gu_objective *objective,
                                 const gu_loop_state *state, const gu_history *history);

/* Errors: GUSTO_EFORMAT; GUSTO_EARG if it is of another fit, naming the facts that differ and what they are in both. Parameters may be part-filled on error.
 * history->epoch: room for state->epoch entries is allocated. */
gusto_status gu_checkpoint_read(gusto_context *context, const char *path, const gu_objective *objective, int64_t n_epochs,
                                gu_loop_state *state, gu_history *history);

#endif
