/* See held_out_users.h. */
#include "models/held_out_users.h"

#include "core/memory.h"

#include <math.h>
#include <omp.h>

static bool knows_one(const gu_held_out *pairs, int64_t begin, int64_t end)
{
    for (int64_t e = begin; e < end; e++)
        if (pairs->item[e] >= 0)
            return pairs->user[begin] >= 0;
    return false;
}

/* Where each user's pairs begin: bound [n + 1]. Returns the number of users. */
static int64_t cut(const gu_held_out *pairs, int64_t *bound)
{
    int64_t n = 0;
    for (int64_t e = 0; e < pairs->n; e++)
        if (e == 0 || pairs->user[e] != pairs->user[e - 1])
            bound[n++] = e;
    bound[n] = pairs->n;
    return n;
}

gusto_status gu_held_out_by_user(gusto_context *context, const gusto_model *model, const gu_held_out *pairs,
                                 gu_held_out_user_fn measure, const void *arg, double *mean)
{
    const int64_t n_items = model->state.n_items, one = gu_padded(n_items + gu_model_room_width(model));
    const int     threads = gu_threads(context);
    int64_t      *bound = gu_new(context, pairs->n + 1, int64_t);
    double       *sums = gu_new_zero(context, 2 * pairs->n, double);
    gusto_real   *memory = gu_new(context, threads * one, gusto_real);
    const bool    complete = bound && sums && memory;
    if (complete) {
        const int64_t n_users = cut(pairs, bound);
#pragma omp parallel for schedule(dynamic, 8) num_threads(threads)
        for (int64_t u = 0; u < n_users; u++) {
            gusto_real *score = memory + omp_get_thread_num() * one;
            if (!knows_one(pairs, bound[u], bound[u + 1]))
                continue;
            model->type->score(context, model, 1, &pairs->user[bound[u]], score + n_items, score);
            measure(context, arg, pairs, bound[u], bound[u + 1], n_items, score, sums + 2 * u);
        }
        double sum = 0, n = 0;
        for (int64_t u = 0; u < n_users; u++) {
            sum += sums[2 * u];
            n += sums[2 * u + 1];
        }
        *mean = n > 0 ? sum / n : NAN;
    }
    gu_free(&context->allocator, bound);
    gu_free(&context->allocator, sums);
    gu_free(&context->allocator, memory);
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}
