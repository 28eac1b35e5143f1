/* The inside of features, and what a fit does with them. */
#ifndef GU_FEATURES_H
#define GU_FEATURES_H

#include "data/rows.h"

#include <gusto/features.h>

#include <stdatomic.h>

struct gusto_features {
    gusto_allocator allocator;
    atomic_int      owners;
    gusto_ids      *ids, *names;
    gu_rows         rows;
};

/* Features from rows whose arrays become theirs; *rows is zeroed. On failure they stay the caller's. Dictionaries are retained.
 * rows: checked by the caller or right by construction.   Errors: GUSTO_ENOMEM. */
gusto_status gu_features_take(gusto_context *context, gu_rows *rows, gusto_ids *ids, gusto_ids *names, gusto_features **out);

/* One more owner; each calls gusto_features_destroy.   Returns features. NULL is allowed. */
gusto_features *gu_features_retain(gusto_features *features);

/* One dictionary for the ids of two, which count n_a and n_b (NULL: the identity), and the row in it of each: row [n_a + n_b], those of a
 * first. *out is NULL, the identity, if both are; *n counts it. The caller releases *out.   Errors: GUSTO_ENOMEM, GUSTO_EOVERFLOW. */
gusto_status gu_ids_union(gusto_context *context, gusto_ids *a, int32_t n_a, gusto_ids *b, int32_t n_b, gusto_ids **out,
                          int32_t *n, int32_t *row);

/* How one side is renumbered: row r of n_before becomes row[r] of n_after, which ids names (NULL: the identity). */
typedef struct gu_renumbering {
    gusto_ids     *ids;
    int32_t        n_before, n_after;
    const int32_t *row;
} gu_renumbering;

/* The same ratings, sparse, in another numbering.   *out: the caller destroys it.   Errors: GUSTO_ENOMEM. */
gusto_status gu_ratings_renumber(gusto_context *context, const gusto_rows *rows, const gu_renumbering *users,
                                 const gu_renumbering *items, gusto_ratings **out);

/* The ratings with the users and items that only features know. Either features may be NULL.
 * *out: NULL if there are none; else new ratings (sparse), which the caller destroys.   Errors: GUSTO_ENOMEM, GUSTO_EOVERFLOW. */
gusto_status gu_ratings_extend(gusto_context *context, const gusto_ratings *ratings, const gusto_features *user_features,
                               const gusto_features *item_features, gusto_ratings **out);

#endif
