/* Schedules: which ratings make a batch, and in what order, in an epoch.
 *
 * A schedule deals users and items to parts. A (user part, item part) pair with any ratings is a batch; if the schedule says
 * `cut`, the ratings of a part are dealt at random to batches of exactly batch_size (the last one of a part smaller). Batches
 * then come in a shuffled order. All of it is a pure function of (seed, epoch): any epoch can be asked for without the ones
 * before it. */
#ifndef GUSTO_SCHEDULE_H
#define GUSTO_SCHEDULE_H

#include "context.h"
#include "option.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a schedule may look at. */
typedef struct gusto_shape {
    int32_t        n_users, n_items;
    int64_t        nnz;
    const int32_t *user_count, *item_count; /* ratings of each user [n_users] and item [n_items] */
    int64_t        batch_size;              /* at least 1 */
} gusto_shape;

/* What it answers. */
typedef struct gusto_parts {
    int32_t  n_user_parts, n_item_parts; /* at least 1 each */
    int32_t *user_part;                  /* [n_users], the trainer's; filled with 0 before */
    int32_t *item_part;                  /* [n_items], the same */
    int64_t  run; /* cut: so many neighbouring ratings of a part, in the order of users, stay together; 1 before, at least 1 */
} gusto_parts;

typedef struct gusto_schedule_type {
    size_t              size; /* sizeof(gusto_schedule_type) */
    const char         *name, *summary;
    bool                cut;         /* parts are cut at random into batches of batch_size */
    bool                whole_users; /* a batch holds all ratings of its users: a row of a dense matrix is then never cut */
    const gusto_option *options;
    int                 n_options;

    /* Deals users and items to parts for this epoch (from 0).   values [n_options].   Cost: O(n_users + n_items).
     * context: for memory and messages; the seed is the argument, not the context's.   Errors: GUSTO_ENOMEM. */
    gusto_status (*deal)(gusto_context *context, const double *values, uint64_t seed, int64_t epoch, const gusto_shape *shape,
                         gusto_parts *parts);
} gusto_schedule_type;

/* The schedule of that name, or NULL; the t-th, or NULL past the end. */
GUSTO_API const gusto_schedule_type *gusto_schedule_find(const char *name);
GUSTO_API const gusto_schedule_type *gusto_schedule_at(int t);

#ifdef __cplusplus
}
#endif
#endif
