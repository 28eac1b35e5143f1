/* The batches of one epoch: the ratings, moved so that each batch lies together, sorted by user and then by item. */
#ifndef GU_BATCHES_H
#define GU_BATCHES_H

#include "core/context.h"

#include <gusto/ratings.h>
#include <gusto/schedule.h>

typedef struct gu_entry {
    int32_t    user, item;
    gusto_real value;
} gu_entry;

typedef struct gu_batches {
    /* set once */
    gusto_rows                 rows;
    const gusto_schedule_type *schedule;
    const double              *values; /* of the schedule's options, borrowed */
    uint64_t                   seed;
    gusto_shape                shape;

    /* of the current epoch */
    int64_t     n;      /* batches */
    int64_t    *start;  /* [n + 1] */
    int32_t    *order;  /* [n]: the batch that comes j-th */
    gu_entry   *entry;  /* [nnz], NULL until the first epoch that asks for entries */
    gusto_real *weight; /* [nnz], NULL without weights */
    gusto_parts parts;
} gu_batches;

/* rows: ratings by user, borrowed, as are user_count [n_users] and item_count [n_items].   Errors: GUSTO_ENOMEM. */
gusto_status gu_batches_init(gusto_context *context, const gusto_rows *rows, const int32_t *user_count, const int32_t *item_count,
                             const gusto_schedule_type *schedule, const double *values, int64_t batch_size, gu_batches *out);
void         gu_batches_clear(const gusto_allocator *allocator, gu_batches *batches);

/* Makes the batches of an epoch (from 0).   Cost: two reads and one write of the ratings, in parallel.   Errors: GUSTO_ENOMEM. */
gusto_status gu_batches_epoch(gusto_context *context, gu_batches *batches, int64_t epoch);

/* Deals the users of an epoch only: batch b is the users whose user_part is b, in parts. For schedules with one item part that are not
 * cut, when rows of a dense matrix are taken whole.   n becomes the number of user parts. */
gusto_status gu_batches_deal(gusto_context *context, gu_batches *batches, int64_t epoch);

#endif
