/* See held_out_softmax.h. */
#include "models/held_out_softmax.h"

#include "core/memory.h"

#include <math.h>
#include <omp.h>

/* The pairs begin .. end - 1 of one user. score, room: scratch. */
static double user_loss(const gusto_context *context, const gusto_model *model, const gu_held_out *pairs, int64_t begin,
                        int64_t end, gusto_real *score, gusto_real *room, int64_t *met)
{
    const int32_t user = pairs->user[begin];
    if (user < 0)
        return 0;
    const int64_t n_items = model->state.n_items;
    model->type->score(context, model, 1, &user, room, score);
    double most = -INFINITY, sum = 0, loss = 0;
    for (int64_t i = 0; i < n_items; i++)
        most = fmax(most, (double)score[i]);
    for (int64_t i = 0; i < n_items; i++)
        sum += exp((double)score[i] - most);
    for (int64_t e = begin; e < end; e++)
        if (pairs->item[e] >= 0) {
            loss += most + log(sum) - (double)score[pairs->item[e]];
            ++*met;
        }
    return loss;
}

gusto_status gu_held_out_softmax(gusto_context *context, const gusto_model *model, const gu_held_out *pairs, double *out)
{
    const int64_t n_items = model->state.n_items, width = model->type->row_width(model), one = n_items + width;
    const int     threads = gu_threads(context);
    int64_t      *bound = gu_new(context, pairs->n + 1, int64_t), n_users = 0;
    double       *loss = gu_new(context, pairs->n, double);
    int64_t      *met = gu_new_zero(context, pairs->n, int64_t);
    gusto_real   *memory = gu_new(context, threads * one, gusto_real);
    const bool    complete = bound && loss && met && memory;
    if (complete) {
        for (int64_t e = 0; e < pairs->n; e++)
            if (e == 0 || pairs->user[e] != pairs->user[e - 1])
                bound[n_users++] = e;
        bound[n_users] = pairs->n;
#pragma omp parallel for schedule(dynamic, 8) num_threads(threads)
        for (int64_t u = 0; u < n_users; u++) {
            gusto_real *own = memory + omp_get_thread_num() * one;
            loss[u] = user_loss(context, model, pairs, bound[u], bound[u + 1], own, own + n_items, &met[u]);
        }
        double  sum = 0;
        int64_t n = 0;
        for (int64_t u = 0; u < n_users; u++) {
            sum += loss[u];
            n += met[u];
        }
        *out = n ? sum / (double)n : NAN;
    }
    gu_free(&context->allocator, bound);
    gu_free(&context->allocator, loss);
    gu_free(&context->allocator, met);
    gu_free(&context->allocator, memory);
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}
