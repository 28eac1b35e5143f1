/* The ranking metrics: every user is scored once against all items, his list taken, and every metric computed from it. */
#ifndef GU_RANKING_H
#define GU_RANKING_H

#include "eval/metrics.h"
#include "eval/test_set.h"

/* The users to be ranked: known to the model, with at least one relevant held-out item and, if there are lists of candidates,
 * with a candidate.
 * user [test->rows.n_rows]: their rows in the test set, ascending.   Returns how many. */
int64_t gu_ranked_users(const gu_test_set *test, const gusto_evaluate_options *options, int32_t *user);

/* metric [n]: all of a ranking kind.   value [n].   user [n_users]: from gu_ranked_users, at least one.
 * Errors: GUSTO_ENOMEM, GUSTO_EUNSUPPORTED (the model did not keep who had what, and it is needed), GUSTO_EARG (a metric has no
 * value for any user), what gusto_model_score returns. */
gusto_status gu_rank(gusto_context *context, const gusto_model *model, const gu_test_set *test,
                     const gusto_evaluate_options *options, int64_t n_users, const int32_t *user, int n, const gu_metric *metric,
                     double *value);

#endif
