/* What models that rank validate on. */
#ifndef GU_HELD_OUT_NDCG_H
#define GU_HELD_OUT_NDCG_H

#include "models/model_type.h"

/* 1 - mean NDCG@10 over the users of the pairs whom the model knows, those items left out that they have in `rows`, the training ratings; NaN
 * without any. Lower is better. pairs: as from gu_held_out_of, those of a user together.   Cost: scores of all items for each user.
 * Errors: GUSTO_ENOMEM. */
gusto_status gu_held_out_ndcg(gusto_context *context, const gusto_model *model, const gu_held_out *pairs, const gusto_rows *rows,
                              double *out);

/* The metric of a validation set, lower is better: gu_held_out_rmse of a model whose scores are ratings, else as above.   Errors: GUSTO_ENOMEM. */
gusto_status gu_validate(gusto_context *context, const gusto_model *model, const gu_held_out *pairs, const gusto_rows *rows,
                         double *out);

#endif
