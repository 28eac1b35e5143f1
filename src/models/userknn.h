/* Fold-in of userknn: members of its type. */
#ifndef GU_USERKNN_H
#define GU_USERKNN_H

#include "models/knn.h"

/* n_users + 1, or 0 where a model that ranks does not hold the ratings that its likeness is measured on. */
int64_t      gu_userknn_width(const gusto_model *model);
gusto_status gu_userknn_fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                                const gusto_real *value, const gusto_real *weight, gusto_real *row);

#endif
