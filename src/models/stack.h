/* Stacked generalization (Wolpert 1992; Breiman 1996): how the predictions of several models are weighed, learned from predictions of ratings that
 * the models did not see. Weights are linear in what is known of a pair, here the logarithms of how many ratings its user and its
 * item have (feature-weighted linear stacking, Sill et al. 2009). */
#ifndef GU_STACK_H
#define GU_STACK_H

#include "core/context.h"

enum { GU_STACK_MEMBERS = 32, GU_STACK_TRAITS = 3 };

/* What is known of a pair: 1, the user's and the item's log(1 + count), each less a centre and cut to a range. */
typedef struct gu_traits {
    double centre[2], low[2], high[2]; /* of users, of items */
} gu_traits;

/* trait [GU_STACK_TRAITS] of a pair whose user and item have so many ratings. */
void gu_traits_of(const gu_traits *traits, int64_t user_count, int64_t item_count, double *trait);

/* Numbers that a rating of `n_members` predictions is explained by: the predictions less the mean, and a constant, each times each trait.
 * Number t * (n_members + 1) + m is member m times trait t; m = n_members is the constant. */
static inline int gu_stack_width(int n_members)
{
    return GU_STACK_TRAITS * (n_members + 1);
}

/* The sums that a least-squares problem comes down to. */
typedef struct gu_sums {
    int     width;
    double  n, yy;
    double *G; /* [width x width], the upper triangle; owned */
    double *b; /* [width] */
} gu_sums;

/* Errors: GUSTO_ENOMEM. */
gusto_status gu_sums_init(gusto_context *context, int width, gu_sums *out);
void         gu_sums_clear(const gusto_allocator *allocator, gu_sums *normal);

/* target += sign * source. */
void gu_sums_add(gu_sums *target, double sign, const gu_sums *source);

/* Pairs that weights are learned from. */
typedef struct gu_stack_pairs {
    int64_t           n;
    int               n_members;
    const int32_t    *user, *item;             /* [n] */
    const gusto_real *value;                   /* [n] */
    const gusto_real *prediction;              /* [n_members x n]: of models that have not seen these values */
    const int32_t    *user_count, *item_count; /* by user, by item: ratings that those models have seen */
    double            mean;
} gu_stack_pairs;

/* Adds the pairs; `bin`, unless NULL: only those with bin[e] == which. In stripes that do not depend on threads.   Errors: GUSTO_ENOMEM. */
gusto_status gu_sums_add_pairs(gusto_context *context, const gu_stack_pairs *pairs, const gu_traits *traits, const uint8_t *bin,
                               uint8_t which, gu_sums *normal);

/* Sum of squared errors of weights w [width] over what the sums are of. */
double gu_sums_error(const gu_sums *normal, const double *w);

typedef struct gu_stack_settings {
    bool   nonnegative; /* non-negative least squares (Lawson & Hanson 1974); weights do not vary then */
    bool   vary;
    double l2, l2_vary; /* ridge of the weights towards equal ones; of the varying weights towards the fixed ones */
} gu_stack_settings;

/* The weights w [gu_stack_width].   room: for gu_stack_room(n_members) doubles.   Errors: GUSTO_ESINGULAR. */
gusto_status gu_stack_solve(gusto_context *context, const gu_sums *normal, int n_members, const gu_stack_settings *set,
                            double *room, double *w);
int64_t      gu_stack_room(int n_members);

/* Ridges for which weights learned without a fold do best on it, over all folds; where a setting is 0.
 * *error: mean squared error at the best, of weights that did not see the fold.   Errors: GUSTO_ENOMEM, GUSTO_ESINGULAR. */
gusto_status gu_stack_choose(gusto_context *context, int n_folds, const gu_sums *fold, int n_members, gu_stack_settings *set,
                             double *error);

#endif
