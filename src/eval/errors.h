/* rmse and mae. */
#ifndef GU_ERRORS_H
#define GU_ERRORS_H

#include "eval/test_set.h"

typedef struct gu_errors {
    double rmse, mae;
} gu_errors;

/* Predicts every test pair; users and items that training did not see go to the model as -1, for its fallback.
 * clip: predictions are cut to the range of the training ratings.   Errors: what gusto_model_predict returns, GUSTO_ENOMEM. */
gusto_status gu_errors_measure(gusto_context *context, const gusto_model *model, const gu_test_set *test, bool clip,
                               gu_errors *out);

#endif
