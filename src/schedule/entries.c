/* Shuffled entries: all ratings are one part, dealt at random to batches of exactly batch_size.
 *
 * Every batch is an unbiased sample of the ratings, and touches as many users and items as it can: the least noise a step, the
 * most memory traffic. */
#include <gusto/schedule.h>

static gusto_status deal(gusto_context *context, const double *values, uint64_t seed, int64_t epoch, const gusto_shape *shape,
                         gusto_parts *parts)
{
    (void)context;
    (void)values;
    (void)seed;
    (void)epoch;
    (void)shape;
    parts->n_user_parts = parts->n_item_parts = 1;
    return GUSTO_OK;
}

const gusto_schedule_type gu_schedule_entries = {
    .size = sizeof(gusto_schedule_type),
    .name = "entries",
    .summary = "shuffled ratings, batch_size at a time",
    .cut = true,
    .deal = deal,
};
