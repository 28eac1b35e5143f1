/* User rows: a batch is all ratings of some users, drawn at random, about batch_size ratings together.
 *
 * A user moves once an epoch, on the whole of its gradient, and its row is read once; items move in nearly every batch.
 * The dense way likes it: a batch is rows of the rating matrix. */
#include "schedule/deal.h"

#include <gusto/schedule.h>

static gusto_status deal(gusto_context *context, const double *values, uint64_t seed, int64_t epoch, const gusto_shape *shape,
                         gusto_parts *parts)
{
    (void)context;
    (void)values;
    parts->n_user_parts =
        gu_deal_runs(seed, GU_STREAM_USER_PARTS, epoch, shape->n_users, shape->user_count, shape->batch_size, parts->user_part);
    parts->n_item_parts = 1;
    return GUSTO_OK;
}

const gusto_schedule_type gu_schedule_users = {
    .size = sizeof(gusto_schedule_type),
    .name = "users",
    .summary = "all ratings of some users, about batch_size together",
    .whole_users = true,
    .deal = deal,
};
