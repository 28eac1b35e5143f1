/* What models that are trained by train/loop.h have in common. */
#ifndef GU_BY_GRADIENTS_H
#define GU_BY_GRADIENTS_H

#include "models/model_type.h"

/* Trains an objective, all of which is set but its facts. Leaves the history in `state`, which has the features. Without validation pairs nothing is
 * validated.   Returns and errors: gu_train. */
gusto_status gu_by_gradients_train(gusto_context *context, const gusto_model *model, const gu_training *training,
                                   const gusto_ratings *ratings, const gu_held_out *validation, gu_objective *objective,
                                   const gusto_fit_options *fit, gu_state *state);

/* A model that is trained: as gu_objective, with what its tensors and its measure take. */
typedef struct gu_by_gradients {
    void      *self;
    gu_params *params;
    gusto_status (*begin)(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches);
    gusto_status (*step)(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n);

    /* Makes the model's tensors from the parameters. NULL: they are the parameters. */
    void (*finish)(gusto_context *context, void *self);

    /* The validation metric of held-out pairs by the model as it stands, lower is better. */
    gusto_status (*measure)(gusto_context *context, void *self, const gusto_model *model, const gu_held_out *pairs,
                            double *metric);
} gu_by_gradients;

/* Trains it, validates on the pairs that `fit` holds out, and leaves the tensors of the last good parameters in `state`, also when it diverges or
 * is cancelled.   Returns and errors: gu_train. */
gusto_status gu_by_gradients_fit(gusto_context *context, const gusto_model *model, const gu_training *training,
                                 const gusto_ratings *ratings, const gu_by_gradients *how, const gusto_fit_options *fit,
                                 gu_state *state);

/* For models whose batches are whole rows of `side`, "users" or "items": schedule entries (the default) and that of the side take batch_size rows in
 * shuffled order, full takes all n_rows. Sets batch_size to what a batch has.   Errors: GUSTO_EOPTION: other schedules. */
gusto_status gu_by_gradients_rows(gusto_context *context, const char *side, int64_t n_rows, gu_training *training);
int64_t      gu_by_gradients_batch(const gu_training *training, int64_t n_rows);

/* What of training's options has no effect with them: rows of a table of conditions. */
#define GU_ROWS_CONDITIONS                                                                              \
    {"gradient", NULL, NULL}, {"way", NULL, NULL}, {"crossover", NULL, NULL}, {"entries.", NULL, NULL}, \
    {                                                                                                   \
        "blocks.", NULL, NULL                                                                           \
    }

/* The n rows in the order that an epoch takes them in, by (seed, epoch). order [n]. */
void gu_by_gradients_shuffle(uint64_t seed, int64_t epoch, int64_t n, int32_t *order);

#endif
