/* Ratings: what users did with items.
 *
 * Sparse ratings are kept by user (CSR), each row ascending by item, and on demand by item (CSC). Dense ratings are
 * row-major with NaN for a missing one. Ratings never change after they are made; many threads may read them. */
#ifndef GUSTO_RATINGS_H
#define GUSTO_RATINGS_H

#include "ids.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gusto_ratings gusto_ratings;

/* What to do with the second rating of a (user, item) pair. */
typedef enum gusto_duplicates {
    GUSTO_DUPLICATES_ERROR, /* GUSTO_EDUPLICATE, naming the pair */
    GUSTO_DUPLICATES_LAST,  /* the one with the greatest time if there are times (ties: the later entry), else the last entry */
    GUSTO_DUPLICATES_MEAN,  /* mean of the values and weights, the latest time */
    GUSTO_DUPLICATES_SUM    /* sum of the values, mean of the weights, the latest time */
} gusto_duplicates;

/* Ratings as a list, in any order: entry e is (user[e], item[e], value[e]).
 * A reader makes one that owns its arrays; a caller may fill one that points to his own. */
typedef struct gusto_entries {
    size_t           size; /* sizeof(gusto_entries) */
    int64_t          n;
    int32_t          n_users, n_items;    /* ids are below these */
    int32_t         *user, *item;         /* [n]; -1 only where a reader was given a dictionary that lacks the id */
    gusto_real      *value;               /* [n], finite; NULL: every value is 1 */
    gusto_real      *weight;              /* [n], finite and not negative; NULL: every weight is 1 */
    int64_t         *time;                /* [n], any unit that ascends; NULL: no times */
    gusto_ids       *user_ids, *item_ids; /* NULL: the identity. Shared, not stolen. */
    gusto_allocator *owner; /* NULL: the arrays are the caller's; else made by the library, freed by gusto_entries_clear */
} gusto_entries;

/* Frees what the library put there and zeroes the struct, but for its size. */
GUSTO_API void gusto_entries_clear(gusto_entries *entries);

/* Rows by users (CSR) or by items (CSC) as arrays, read only. row r holds [start[r], start[r + 1]), ascending by column. */
typedef struct gusto_rows {
    int32_t           n_rows, n_columns;
    int64_t           nnz;
    const int64_t    *start;  /* [n_rows + 1] */
    const int32_t    *column; /* [nnz] */
    const gusto_real *value;  /* [nnz], never NULL unless nnz is 0 */
    const gusto_real *weight; /* [nnz], or NULL */
    const int64_t    *time;   /* [nnz], or NULL */
} gusto_rows;

/* Sparse ratings from a list; its dictionaries are retained.
 * entries: copied.   Cost: O(n) in parallel, 4 bytes an entry beside the result.
 * Errors: GUSTO_EDUPLICATE, GUSTO_EID (id out of range), GUSTO_EARG (value or weight not finite): the message names the entry. */
GUSTO_API gusto_status gusto_ratings_from_entries(gusto_context *context, const gusto_entries *entries,
                                                  gusto_duplicates duplicates, gusto_ratings **out);

/* Sparse ratings from rows by user.   rows: copied or borrowed. Columns must ascend within a row.
 * Errors: GUSTO_ESHAPE (start not ascending), GUSTO_EID, GUSTO_EDUPLICATE, GUSTO_EARG: the message names row and position. */
GUSTO_API gusto_status gusto_ratings_from_csr(gusto_context *context, const gusto_rows *rows, gusto_ownership ownership,
                                              gusto_ratings **out);

/* The same from rows by item (row r is item r, columns are users). Always copied. */
GUSTO_API gusto_status gusto_ratings_from_csc(gusto_context *context, const gusto_rows *rows, gusto_ratings **out);

/* Dense ratings: value [n_users x ld] row-major, ld >= n_items, NaN = missing.   Copied or borrowed.
 * Errors: GUSTO_ESHAPE, GUSTO_EARG (infinite, naming row and column). */
GUSTO_API gusto_status gusto_ratings_from_dense(gusto_context *context, int32_t n_users, int32_t n_items, int64_t ld,
                                                const gusto_real *value, gusto_ownership ownership, gusto_ratings **out);

/* Frees the ratings. NULL is allowed. */
GUSTO_API void gusto_ratings_destroy(gusto_ratings *ratings);

/* Replaces the dictionaries (either may be NULL: the identity). They are retained.
 * Errors: GUSTO_ESHAPE unless each counts as many ids as there are rows. */
GUSTO_API gusto_status gusto_ratings_set_ids(gusto_context *context, gusto_ratings *ratings, gusto_ids *user_ids,
                                             gusto_ids *item_ids);

GUSTO_API int32_t    gusto_ratings_n_users(const gusto_ratings *ratings);
GUSTO_API int32_t    gusto_ratings_n_items(const gusto_ratings *ratings);
GUSTO_API int64_t    gusto_ratings_nnz(const gusto_ratings *ratings);
GUSTO_API bool       gusto_ratings_is_dense(const gusto_ratings *ratings);
GUSTO_API gusto_ids *gusto_ratings_user_ids(const gusto_ratings *ratings); /* borrowed; NULL: the identity */
GUSTO_API gusto_ids *gusto_ratings_item_ids(const gusto_ratings *ratings);

/* Least and greatest value (0 and 0 without ratings), and the mean, summed in double in a fixed order. */
GUSTO_API void   gusto_ratings_range(const gusto_ratings *ratings, gusto_real *low, gusto_real *high);
GUSTO_API double gusto_ratings_mean(const gusto_ratings *ratings);

/* The ratings by user, or by item. Borrowed, valid as long as the ratings.
 * Dense ratings are converted once; the index by item is made at the first call and kept (8 bytes a rating more).
 * Safe to call from several threads.   Errors: GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_ratings_by_user(gusto_context *context, const gusto_ratings *ratings, gusto_rows *out);
GUSTO_API gusto_status gusto_ratings_by_item(gusto_context *context, const gusto_ratings *ratings, gusto_rows *out);

/* The dense array: *ld numbers a row. Borrowed.   Errors: GUSTO_EUNSUPPORTED if the ratings are sparse. */
GUSTO_API gusto_status gusto_ratings_dense(gusto_context *context, const gusto_ratings *ratings, const gusto_real **value,
                                           int64_t *ld);

#ifdef __cplusplus
}
#endif
#endif
