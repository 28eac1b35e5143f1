/* Splits of ratings into a training and a held-out part. Both parts keep all users and items and the dictionaries of the whole.
 * Every rating is in exactly one part. By the context's seed; the cut does not depend on the number of threads. */
#ifndef GUSTO_SPLIT_H
#define GUSTO_SPLIT_H

#include "ratings.h"

#ifdef __cplusplus
extern "C" {
#endif

/* round(fraction x nnz) ratings drawn at random are held out.   0 < fraction < 1.
 * The caller destroys *train and *test.   Errors: GUSTO_EARG, GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_split_fraction(gusto_context *context, const gusto_ratings *ratings, double fraction,
                                            gusto_ratings **train, gusto_ratings **test);

/* round(fraction x n) of each user's n ratings drawn at random are held out, but never all of them.   Else as above. */
GUSTO_API gusto_status gusto_split_user_fraction(gusto_context *context, const gusto_ratings *ratings, double fraction,
                                                 gusto_ratings **train, gusto_ratings **test);

/* Cold items: all ratings of round(fraction x n_items) items drawn at random are held out.   Else as above. */
GUSTO_API gusto_status gusto_split_items(gusto_context *context, const gusto_ratings *ratings, double fraction,
                                         gusto_ratings **train, gusto_ratings **test);

/* Fold `fold` of n_folds is held out, 0 <= fold < n_folds, 2 <= n_folds <= nnz. The folds of one seed partition the ratings,
 * and their sizes differ by at most one. */
GUSTO_API gusto_status gusto_split_kfold(gusto_context *context, const gusto_ratings *ratings, int n_folds, int fold,
                                         gusto_ratings **train, gusto_ratings **test);

/* The last n of each user's ratings by time (ties: higher item) are held out, for users with more than n.
 * Errors: GUSTO_EARG without times. */
GUSTO_API gusto_status gusto_split_leave_last_out(gusto_context *context, const gusto_ratings *ratings, int n,
                                                  gusto_ratings **train, gusto_ratings **test);

/* The ratings later than the (1 - fraction) quantile of all times are held out: nothing in train is later than
 * anything in test. */
GUSTO_API gusto_status gusto_split_time(gusto_context *context, const gusto_ratings *ratings, double fraction,
                                        gusto_ratings **train, gusto_ratings **test);

#ifdef __cplusplus
}
#endif
#endif
