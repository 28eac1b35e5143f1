/* A user as the row of what he has had: what the linear models score from. The items are those that the state keeps as seen; with option
 * keep_seen off they are tensors of their own. Tensors: X.start [n_users + 1], X.item [nnz], X.value [nnz]. */
#ifndef GU_USER_ROWS_H
#define GU_USER_ROWS_H

#include "models/model_type.h"

typedef struct gu_user_rows {
    const int64_t    *start; /* [n_users + 1] */
    const int32_t    *item;  /* [nnz], ascending within a row */
    const gusto_real *value; /* [nnz], or NULL: 1 */
} gu_user_rows;

/* Keeps the rows of ratings in the state, with values or without. At most three tensors.   Errors: GUSTO_ENOMEM. */
gusto_status gu_user_rows_keep(gusto_context *context, const gusto_ratings *ratings, bool values, gu_state *state);

/* Errors: GUSTO_EFORMAT if a loaded state lacks them, or they do not fit. */
gusto_status gu_user_rows_check(gusto_context *context, const gu_state *state, bool values);

/* Bytes that they add to a state. */
int64_t gu_user_rows_memory(const gusto_model *model, int64_t n_users, int64_t nnz, bool values);

/* What the state keeps. */
gu_user_rows gu_user_rows_of(const gu_state *state);

/* The value of the pair, 0 if it is not there. */
gusto_real gu_user_rows_value(const gu_user_rows *rows, int32_t user, int32_t item);

/* Members of a model type whose row of a user is what he has had: n_items numbers, the value (or 1, unless option use_values is set) where
 * he has had the item, else 0. */
int64_t      gu_user_rows_width(const gusto_model *model);
gusto_status gu_user_rows_fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                                  const gusto_real *value, const gusto_real *weight, gusto_real *row);

/* What a score is explained by in models that score x S: what the user has had. x [n_items]: his row, of training unless `row` is what was folded in. */
gusto_reasons gu_user_rows_reasons(const gusto_model *model);
void          gu_user_rows_spread(const gusto_model *model, int32_t user, const gusto_real *row, gusto_real *x);

static inline gusto_real gu_user_rows_at(const gu_user_rows *rows, int64_t e)
{
    return rows->value ? rows->value[e] : 1;
}

#endif
