/* See held_out_ndcg.h. */
#include "models/held_out_ndcg.h"

#include "core/memory.h"

#include <math.h>
#include <omp.h>

enum { CUT = 10 };

/* NDCG of the pairs begin .. end - 1 of one user, or NaN. score, room: scratch. */
static double user_ndcg(const gusto_context *context, const gusto_model *model, const gu_held_out *pairs, int64_t begin,
                        int64_t end, const gusto_rows *rows, gusto_real *score, gusto_real *room)
{
    const int32_t user = pairs->user[begin];
    int64_t       n = 0;
    for (int64_t e = begin; e < end; e++)
        n += pairs->item[e] >= 0;
    if (user < 0 || n == 0)
        return NAN;
    gusto_real best[CUT];
    int32_t    item[CUT];
    gu_top     top = {.k = CUT, .score = best, .item = item};
    model->type->score(context, model, 1, &user, room, score);
    for (int64_t e = rows->start[user]; e < rows->start[user + 1]; e++)
        score[rows->column[e]] = -(gusto_real)INFINITY;
    gu_kernels_of(context)->top_push(&top, model->state.n_items, score, 0);
    gu_top_sort(&top);
    double gain = 0, ideal = 0;
    for (int place = 0; place < top.n; place++)
        for (int64_t e = begin; e < end; e++)
            if (pairs->item[e] == item[place])
                gain += 1 / log2(place + 2);
    for (int place = 0; place < CUT && place < n; place++)
        ideal += 1 / log2(place + 2);
    return gain / ideal;
}

gusto_status gu_held_out_ndcg(gusto_context *context, const gusto_model *model, const gu_held_out *pairs, const gusto_rows *rows,
                              double *out)
{
    const int64_t n_items = model->state.n_items, width = model->type->row_width(model), one = gu_padded(n_items + width);
    const int     threads = gu_threads(context);
    int64_t      *bound = gu_new(context, pairs->n + 1, int64_t), n_users = 0;
    double       *ndcg = gu_new(context, pairs->n, double);
    gusto_real   *memory = gu_new(context, threads * one, gusto_real);
    const bool    complete = bound && ndcg && memory;
    if (complete) {
        for (int64_t e = 0; e < pairs->n; e++)
            if (e == 0 || pairs->user[e] != pairs->user[e - 1])
                bound[n_users++] = e;
        bound[n_users] = pairs->n;
#pragma omp parallel for schedule(dynamic, 8) num_threads(threads)
        for (int64_t u = 0; u < n_users; u++) {
            gusto_real *own = memory + omp_get_thread_num() * one;
            ndcg[u] = user_ndcg(context, model, pairs, bound[u], bound[u + 1], rows, own, own + n_items);
        }
        double  sum = 0;
        int64_t n = 0;
        for (int64_t u = 0; u < n_users; u++)
            if (!isnan(ndcg[u])) {
                sum += ndcg[u];
                n++;
            }
        *out = n ? 1 - sum / (double)n : NAN;
    }
    gu_free(&context->allocator, bound);
    gu_free(&context->allocator, ndcg);
    gu_free(&context->allocator, memory);
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}
