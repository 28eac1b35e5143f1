/* User x item blocks: users and items are dealt to a grid anew in every epoch; a batch is batch_size ratings of one block.
 *
 * The factors that a block needs fit a cache where all of them do not, so the traffic of a batch shrinks with the size of its
 * block; in return a step sees only some users and items, each more often. Row and column sums of the grid are even (see deal.c).
 */
#include "schedule/deal.h"

#include <gusto/schedule.h>

enum { USER_BLOCKS, ITEM_BLOCKS, N_OPTIONS };

static const gusto_option options[N_OPTIONS] = {
    [USER_BLOCKS] = {"user_blocks", GUSTO_OPTION_INT, 4, 1, 4096, NULL, "parts that users are dealt to"},
    [ITEM_BLOCKS] = {"item_blocks", GUSTO_OPTION_INT, 4, 1, 4096, NULL, "parts that items are dealt to"},
};

static gusto_status deal(gusto_context *context, const double *values, uint64_t seed, int64_t epoch, const gusto_shape *shape,
                         gusto_parts *parts)
{
    parts->n_user_parts = (int32_t)values[USER_BLOCKS];
    parts->n_item_parts = (int32_t)values[ITEM_BLOCKS];
    gusto_status status = gu_deal_blocks(context, seed, GU_STREAM_USER_PARTS, epoch, shape->n_users, shape->user_count,
                                         parts->n_user_parts, parts->user_part);
    if (status == GUSTO_OK)
        status = gu_deal_blocks(context, seed, GU_STREAM_ITEM_PARTS, epoch, shape->n_items, shape->item_count,
                                parts->n_item_parts, parts->item_part);
    return status;
}

const gusto_schedule_type gu_schedule_blocks = {
    .size = sizeof(gusto_schedule_type),
    .name = "blocks",
    .summary = "batches out of user x item blocks, dealt anew every epoch",
    .cut = true,
    .options = options,
    .n_options = N_OPTIONS,
    .deal = deal,
};
