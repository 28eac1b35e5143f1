/* Predictions of pairs and scores of all items, in tiles. */
#include "core/memory.h"
#include "core/tiles.h"
#include "models/model_type.h"

#include <omp.h>

enum { PAIR_TILE = 1 << 14, USER_TILE = 32 };

static gusto_status check_ids(gusto_context *context, int64_t n, const int32_t *ids, int32_t low, int32_t high, const char *what)
{
    for (int64_t j = 0; j < n; j++)
        if (ids[j] < low || ids[j] >= high)
            return gu_error(context, GUSTO_EID, "%s[%lld] is %d, expected %d to %d", what, (long long)j, ids[j], low, high - 1);
    return GUSTO_OK;
}

gusto_status gusto_model_predict(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                                 const int32_t *items, gusto_real *out)
{
    gusto_status status = gu_model_check_fitted(context, model);
    if (status == GUSTO_OK)
        status = check_ids(context, n, users, -1, model->state.n_users, "users");
    if (status == GUSTO_OK)
        status = check_ids(context, n, items, -1, model->state.n_items, "items");
    if (status < 0)
        return status;

    const int64_t n_tiles = gu_n_tiles(n, PAIR_TILE);
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context)) if (n_tiles > 1)
    for (int64_t t = 0; t < n_tiles; t++) {
        const int64_t begin = t * PAIR_TILE;
        model->type->predict(context, model, gu_tile_end(n, PAIR_TILE, t) - begin, users + begin, items + begin, out + begin);
    }
    return GUSTO_OK;
}

gusto_status gusto_model_score(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *out)
{
    gusto_status status = gu_model_check_fitted(context, model);
    if (status == GUSTO_OK)
        status = check_ids(context, n, users, 0, model->state.n_users, "users");
    if (status < 0)
        return status;

    const int64_t width = gu_model_room_width(model), n_items = model->state.n_items;
    const int     threads = gu_threads(context);
    gusto_real   *room = gu_new(context, threads * USER_TILE * width, gusto_real);
    if (!room)
        return GUSTO_ENOMEM;
    const int64_t n_tiles = gu_n_tiles(n, USER_TILE);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (n_tiles > 1)
    for (int64_t t = 0; t < n_tiles; t++) {
        const int64_t begin = t * USER_TILE;
        model->type->score(context, model, gu_tile_end(n, USER_TILE, t) - begin, users + begin,
                           room + omp_get_thread_num() * USER_TILE * width, out + begin * n_items);
    }
    gu_free(&context->allocator, room);
    return GUSTO_OK;
}

gusto_status gusto_model_score_rows(gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows,
                                    gusto_real *out)
{
    const gusto_status status = gu_model_check_fitted(context, model);
    if (status < 0)
        return status;
    const int64_t width = gusto_model_user_width(model), room_width = gu_model_room_width(model), n_items = model->state.n_items;
    if (width == 0)
        return gu_error(context, GUSTO_EUNSUPPORTED, "model %s has no fold-in", model->type->name);

    const int64_t n_tiles = gu_n_tiles(n, USER_TILE);
    const int     threads = gu_threads(context);
    gusto_real   *room = gu_new(context, threads * USER_TILE * room_width, gusto_real);
    if (!room)
        return GUSTO_ENOMEM;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (n_tiles > 1)
    for (int64_t t = 0; t < n_tiles; t++) {
        const int64_t begin = t * USER_TILE;
        gu_model_score_rows(context, model, gu_tile_end(n, USER_TILE, t) - begin, rows + begin * width,
                            room + omp_get_thread_num() * USER_TILE * room_width, out + begin * n_items);
    }
    gu_free(&context->allocator, room);
    return GUSTO_OK;
}
