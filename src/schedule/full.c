/* Full batch: one step an epoch, on the gradient of all ratings. batch_size is not read. */
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

const gusto_schedule_type gu_schedule_full = {
    .size = sizeof(gusto_schedule_type),
    .name = "full",
    .summary = "all ratings in one step",
    .whole_users = true,
    .deal = deal,
};
