/* What models under softmax validate on. */
#ifndef GU_HELD_OUT_SOFTMAX_H
#define GU_HELD_OUT_SOFTMAX_H

#include "models/model_type.h"

/* Mean of -log softmax(scores of the user over all items)_i over the pairs whose user and item the model knows; NaN without any. Lower is better.
 * pairs: as from gu_held_out_of, those of a user together.   Cost: scores of all items for each user.   Errors: GUSTO_ENOMEM. */
gusto_status gu_held_out_softmax(gusto_context *context, const gusto_model *model, const gu_held_out *pairs, double *out);

#endif
