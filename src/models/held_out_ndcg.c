/* See held_out_ndcg.h. */
#include "models/held_out_ndcg.h"

#include "models/gain.h"
#include "models/held_out_users.h"

#include <math.h>

enum { CUT = 10 };

static void user_ndcg(const gusto_context *context, const void *arg, const gu_held_out *pairs, int64_t begin, int64_t end,
                      int64_t n_items, gusto_real *score, double sums[2])
{
    const gusto_rows *rows = arg;
    const int32_t     user = pairs->user[begin];
    int64_t           n = 0;
    for (int64_t e = begin; e < end; e++)
        n += pairs->item[e] >= 0;
    gusto_real best[CUT];
    int32_t    item[CUT];
    gu_top     top = {.k = CUT, .score = best, .item = item};
    for (int64_t e = rows->start[user]; e < rows->start[user + 1]; e++)
        score[rows->column[e]] = -(gusto_real)INFINITY;
    gu_kernels_of(context)->top_push(&top, n_items, score, 0);
    gu_top_sort(&top);
    bool hit[CUT] = {false};
    for (int place = 0; place < top.n; place++)
        for (int64_t e = begin; e < end; e++)
            hit[place] |= pairs->item[e] == item[place];
    sums[0] = gu_gain(top.n, hit, n < CUT ? n : CUT);
    sums[1] = 1;
}

gusto_status gu_held_out_ndcg(gusto_context *context, const gusto_model *model, const gu_held_out *pairs, const gusto_rows *rows,
                              double *out)
{
    const gusto_status status = gu_held_out_by_user(context, model, pairs, user_ndcg, rows, out);
    if (status == GUSTO_OK)
        *out = 1 - *out;
    return status;
}

gusto_status gu_validate(gusto_context *context, const gusto_model *model, const gu_held_out *pairs, const gusto_rows *rows,
                         double *out)
{
    return gu_model_scale(model) == GU_SCALE_RATINGS ? gu_held_out_rmse(context, model, pairs, out)
                                                     : gu_held_out_ndcg(context, model, pairs, rows, out);
}
