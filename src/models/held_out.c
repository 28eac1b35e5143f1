/* Pairs of a held-out set, in the numbering of a model. */
#include "core/memory.h"
#include "core/tiles.h"
#include "data/ids.h"
#include "models/model_type.h"

#include <math.h>

enum { TILE = 1 << 14 };

gusto_status gu_held_out_of(gusto_context *context, const gusto_ratings *ratings, const gu_state *state, gu_held_out *out)
{
    *out = (gu_held_out){0};
    gusto_rows         rows;
    const gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status < 0)
        return status;
    out->n = rows.nnz;
    out->user = gu_new(context, rows.nnz, int32_t);
    out->item = gu_new(context, rows.nnz, int32_t);
    out->value = gu_new(context, rows.nnz, gusto_real);
    int32_t   *user_map = gu_new(context, rows.n_rows, int32_t), *item_map = gu_new(context, rows.n_columns, int32_t);
    const bool complete = out->user && out->item && out->value && user_map && item_map;
    if (complete) {
        gu_ids_match(gusto_ratings_user_ids(ratings), rows.n_rows, state->user_ids, state->n_users, user_map);
        gu_ids_match(gusto_ratings_item_ids(ratings), rows.n_columns, state->item_ids, state->n_items, item_map);
        for (int32_t u = 0; u < rows.n_rows; u++)
            for (int64_t e = rows.start[u]; e < rows.start[u + 1]; e++) {
                out->user[e] = user_map[u];
                out->item[e] = item_map[rows.column[e]];
                out->value[e] = rows.value[e];
            }
    }
    gu_free(&context->allocator, user_map);
    gu_free(&context->allocator, item_map);
    if (!complete)
        gu_held_out_clear(&context->allocator, out);
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}

void gu_held_out_clear(const gusto_allocator *allocator, gu_held_out *pairs)
{
    gu_free(allocator, pairs->user);
    gu_free(allocator, pairs->item);
    gu_free(allocator, pairs->value);
    *pairs = (gu_held_out){0};
}

gusto_status gu_held_out_rmse(gusto_context *context, const gusto_model *model, const gu_held_out *pairs, double *rmse)
{
    const int64_t n_tiles = gu_n_tiles(pairs->n, TILE);
    double       *sum = gu_new_zero(context, n_tiles, double);
    if (!sum)
        return GUSTO_ENOMEM;
    const double low = (double)model->state.low, high = (double)model->state.high;

#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context)) if (n_tiles > 1)
    for (int64_t t = 0; t < n_tiles; t++) {
        enum { BLOCK = 512 };
        const int64_t end = gu_tile_end(pairs->n, TILE, t);
        for (int64_t e = t * TILE; e < end; e += BLOCK) {
            gusto_real    x[BLOCK];
            const int64_t n = end - e < BLOCK ? end - e : BLOCK;
            model->type->predict(context, model, n, pairs->user + e, pairs->item + e, x);
            for (int64_t j = 0; j < n; j++) {
                const double clipped = fmin(fmax((double)x[j], low), high), error = clipped - (double)pairs->value[e + j];
                sum[t] += isnan((double)x[j]) ? NAN : error * error;
            }
        }
    }
    double total = 0;
    for (int64_t t = 0; t < n_tiles; t++)
        total += sum[t];
    gu_free(&context->allocator, sum);
    *rmse = pairs->n ? sqrt(total / (double)pairs->n) : NAN;
    return GUSTO_OK;
}
