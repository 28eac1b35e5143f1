/* Item rows: a batch is all ratings of some items, drawn at random, about batch_size ratings together.
 *
 * An item moves once an epoch, on the whole of its gradient; users move in nearly every batch. Items are fewer and their counts
 * more uneven than those of users: one popular item can be a batch of several times batch_size. */
#include "schedule/deal.h"

#include <gusto/schedule.h>

static gusto_status deal(gusto_context *context, const double *values, uint64_t seed, int64_t epoch, const gusto_shape *shape,
                         gusto_parts *parts)
{
    (void)context;
    (void)values;
    parts->n_user_parts = 1;
    parts->n_item_parts =
        gu_deal_runs(seed, GU_STREAM_ITEM_PARTS, epoch, shape->n_items, shape->item_count, shape->batch_size, parts->item_part);
    return GUSTO_OK;
}

const gusto_schedule_type gu_schedule_items = {
    .size = sizeof(gusto_schedule_type),
    .name = "items",
    .summary = "all ratings of some items, about batch_size together",
    .deal = deal,
};
