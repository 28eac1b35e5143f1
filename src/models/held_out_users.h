/* Means over held-out pairs that take the scores of all items for a user. */
#ifndef GU_HELD_OUT_USERS_H
#define GU_HELD_OUT_USERS_H

#include "models/model_type.h"

/* What the pairs begin .. end - 1 of one user come to: sums[0] of what is measured, sums[1] of how much of it. The user and one of the
 * items at least are known. score [n_items]: his, may be overwritten. Called from several threads. */
typedef void (*gu_held_out_user_fn)(const gusto_context *context, const void *arg, const gu_held_out *pairs, int64_t begin,
                                    int64_t end, int64_t n_items, gusto_real *score, double sums[2]);

/* sum of sums[0] / sum of sums[1] over the users, in order; NaN without any. pairs: as from gu_held_out_of, those of a user together.
 * Errors: GUSTO_ENOMEM. */
gusto_status gu_held_out_by_user(gusto_context *context, const gusto_model *model, const gu_held_out *pairs,
                                 gu_held_out_user_fn measure, const void *arg, double *mean);

#endif
