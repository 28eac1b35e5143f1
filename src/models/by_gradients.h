/* What models that are trained by train/loop.h have in common. */
#ifndef GU_BY_GRADIENTS_H
#define GU_BY_GRADIENTS_H

#include "models/model_type.h"

/* Trains an objective, all of which is set but its fingerprint, which is that of options, seed, ratings and validation values: a checkpoint of
 * another fit cannot be resumed. Without validation pairs nothing is validated.   Returns and errors: gu_train. */
gusto_status gu_by_gradients_train(gusto_context *context, const gusto_model *model, const gu_training *training,
                                   const gusto_ratings *ratings, const gu_held_out *validation, gu_objective *objective,
                                   const gusto_fit_options *fit, gu_history *history);

/* The n rows in the order that an epoch takes them in, by (seed, epoch). order [n]. */
void gu_by_gradients_shuffle(uint64_t seed, int64_t epoch, int64_t n, int32_t *order);

#endif
