/* See held_out_softmax.h. */
#include "models/held_out_softmax.h"

#include "models/held_out_users.h"

#include <math.h>

static void user_loss(const gusto_context *context, const void *arg, const gu_held_out *pairs, int64_t begin, int64_t end,
                      int64_t n_items, gusto_real *score, double sums[2])
{
    (void)context, (void)arg;
    double most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n_items; i++)
        most = fmax(most, (double)score[i]);
    for (int64_t i = 0; i < n_items; i++)
        sum += exp((double)score[i] - most);
    for (int64_t e = begin; e < end; e++)
        if (pairs->item[e] >= 0) {
            sums[0] += most + log(sum) - (double)score[pairs->item[e]];
            sums[1]++;
        }
}

gusto_status gu_held_out_softmax(gusto_context *context, const gusto_model *model, const gu_held_out *pairs, double *out)
{
    return gu_held_out_by_user(context, model, pairs, user_loss, NULL, out);
}
