/* The inside of ratings, and the ways to make them that the library keeps to itself. */
#ifndef GU_RATINGS_H
#define GU_RATINGS_H

#include "core/context.h"
#include "data/rows.h"

#include <gusto/ratings.h>

#include <stdatomic.h>

/* Rows made at the first call that asks for them, maybe with another context than the ratings. */
typedef struct gu_index {
    gusto_allocator allocator;
    gu_rows         rows;
} gu_index;

struct gusto_ratings {
    gusto_allocator allocator;
    int32_t         n_users, n_items;
    int64_t         nnz;
    gusto_ids      *user_ids, *item_ids;
    gusto_real      low, high;
    double          mean;

    const gusto_real *dense; /* [n_users x ld]; NULL: sparse */
    gusto_real       *own_dense;
    int64_t           ld;
    gusto_rows        sparse;
    gu_rows           own_sparse;
    void             *keepalive; /* what the arrays lie in if they are not ours; release(keepalive) at the end, unless NULL */
    void (*release)(void *keepalive);

    _Atomic(gu_index *) by_user; /* of dense ratings */
    _Atomic(gu_index *) by_item;
};

/* Ratings from rows whose arrays become theirs; *rows is zeroed. On failure they stay the caller's.
 * rows: checked by the caller or right by construction.   Errors: GUSTO_ENOMEM. */
gusto_status gu_ratings_take(gusto_context *context, gu_rows *rows, gusto_ids *user_ids, gusto_ids *item_ids,
                             gusto_ratings **out);

/* Sparse ratings whose arrays lie in something else, e.g. a file's map, which the ratings release when they are destroyed.
 * rows: checked.   On failure keepalive stays the caller's.   Errors: as gusto_ratings_from_csr. */
gusto_status gu_ratings_adopt(gusto_context *context, const gusto_rows *rows, void *keepalive, void (*release)(void *keepalive),
                              gusto_ratings **out);

/* The same for dense ratings.   Errors: as gusto_ratings_from_dense. */
gusto_status gu_ratings_adopt_dense(gusto_context *context, int32_t n_users, int32_t n_items, int64_t ld, const gusto_real *value,
                                    void *keepalive, void (*release)(void *keepalive), gusto_ratings **out);

/* gusto_ratings_from_entries for a reader, which names lines and not entries: an error that is about entries has no message, but
 * their numbers (from 0) in *fault, second -1 if it is about one; it is all -1 for other errors, which have a message. */
gusto_status gu_ratings_from_entries(gusto_context *context, const gusto_entries *entries, gusto_duplicates duplicates,
                                     gu_twice *fault, gusto_ratings **out);

/* gusto_ratings_by_user and gusto_ratings_by_item in one.   Errors: GUSTO_ENOMEM. */
gusto_status gu_ratings_both_ways(gusto_context *context, const gusto_ratings *ratings, gusto_rows *by_user, gusto_rows *by_item);

/* The same for entries that the library read and so need no check, and that it may use up: their arrays become the ratings' where they come by
 * user, each row sorted where it lies. The caller clears them in any case.
 * Cost: beside the entries, nothing but where rows begin if they come by user; else as gu_rows_from_pairs. */
gusto_status gu_ratings_take_entries(gusto_context *context, gusto_entries *entries, gusto_duplicates duplicates, gu_twice *fault,
                                     gusto_ratings **out);

/* Makes gusto_entries_clear free the arrays, which must be gu_alloc's, and release the dictionaries.   Errors: GUSTO_ENOMEM. */
gusto_status gu_entries_own(gusto_context *context, gusto_entries *entries);

/* A split by marks: ratings e, by user, with mark[e] == 0 are for training, those with 1 held out; both parts as in gusto/split.h. */
gusto_status gu_split_marked(gusto_context *context, const gusto_ratings *ratings, const uint8_t *mark, gusto_ratings **train,
                             gusto_ratings **test);

#endif
