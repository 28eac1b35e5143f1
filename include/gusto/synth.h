/* Synthetic ratings of a real shape. */
#ifndef GUSTO_SYNTH_H
#define GUSTO_SYNTH_H

#include "ratings.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zipf item popularity, lognormal user activity, a low-rank truth plus noise, stars clipped to 0.5..5 and rounded to halves. */
typedef struct gusto_synth_options {
    size_t  size; /* sizeof(gusto_synth_options) */
    int32_t n_users, n_items;
    int64_t n_ratings; /* distinct pairs, at most half of n_users x n_items */
    int     rank;      /* of the truth; 16 */
    double  noise;     /* standard deviation of the noise in stars; .7 */
    double  zipf;      /* exponent of item popularity; .9 */
    double  sigma;     /* of the logarithm of user activity; 1.1 */
} gusto_synth_options;

GUSTO_API gusto_synth_options gusto_synth_options_default(void);

/* By the context's seed; same bytes at any thread count.   The caller destroys *out.   Errors: GUSTO_EARG, GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_ratings_synth(gusto_context *context, const gusto_synth_options *options, gusto_ratings **out);

#ifdef __cplusplus
}
#endif
#endif
