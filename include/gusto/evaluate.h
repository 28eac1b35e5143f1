/* Evaluation: how well a fitted model does on held-out ratings. The formulas are in docs/metrics.md. */
#ifndef GUSTO_EVALUATE_H
#define GUSTO_EVALUATE_H

#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gusto_evaluate_options {
    size_t size;      /* sizeof(gusto_evaluate_options) */
    bool   no_clip;   /* rmse, mae: do not clip predictions to the training range */
    bool   keep_seen; /* ranking: let lists hold training items */
    double relevant;  /* ranking: a held-out item counts from this value on; -INFINITY (the default): every held-out item */
    /* ranking: the items that the lists of the model's user u are made of, candidate_item[candidate_start[u]] and so on up to
     * candidate_start[u + 1] - 1, in any order; users without one are not ranked. NULL (the default): all items. */
    const int64_t *candidate_start; /* [n_users + 1] */
    const int32_t *candidate_item;
} gusto_evaluate_options;

GUSTO_API gusto_evaluate_options gusto_evaluate_options_default(void);

/* What was evaluated. */
typedef struct gusto_evaluation {
    int64_t n_ratings;    /* test pairs */
    int64_t unseen_users; /* pairs whose user training did not see (scored by the fallback, or by his features) */
    int64_t unseen_items; /* pairs whose item training did not see */
    int64_t ranked_users; /* users whom training saw, or who have features, with a relevant held-out item; items of theirs that
                           * training did not see count as missed */
} gusto_evaluation;

/* Computes n metrics: "rmse", "mae", or a ranking metric with its cut-off, "ndcg@10"; "auc" takes none.
 * values [n], caller's.   summary: may be NULL.   Each user is scored once, however many metrics.
 * Errors: GUSTO_EARG (unknown metric; names the nearest), GUSTO_EUNFIT. Sums are in double, in a fixed order. */
GUSTO_API gusto_status gusto_evaluate(gusto_context *context, const gusto_model *model, const gusto_ratings *test,
                                      const gusto_evaluate_options *options, int n, const char *const *metrics, double *values,
                                      gusto_evaluation *summary);

/* Name and one-line definition of the t-th metric, without cut-off. Returns NULL past the end. */
GUSTO_API const char *gusto_metric_at(int t, const char **definition, bool *takes_cutoff);

#ifdef __cplusplus
}
#endif
#endif
