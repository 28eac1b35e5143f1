/* Similar items: what the model itself says of two items (the weights of a linear model), or the cosine of item vectors (the factors of a
 * factorization), or of the columns of the training ratings taken as 0 and 1. */
#include "core/memory.h"
#include "core/tiles.h"
#include "kernels/kernels.h"
#include "models/lists.h"
#include "models/model_type.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { TILE = 16 };

typedef struct job {
    gusto_context     *context;
    const gusto_model *model;
    const int32_t     *items;
    int                n_best;
    int32_t           *out;
    gusto_real        *scores;

    const gusto_tensor *vectors;    /* or NULL: columns */
    gusto_real         *inverse;    /* [n_items]: 1 / length, 0 for a null vector */
    int64_t            *user_start; /* columns: who has had each item */
    int32_t            *user;
} job;

static void job_clear(job *j)
{
    gu_free(&j->context->allocator, j->inverse);
    gu_free(&j->context->allocator, j->user_start);
    gu_free(&j->context->allocator, j->user);
}

static gusto_status measure_vectors(job *j)
{
    const int64_t     n_items = j->model->state.n_items;
    const gu_kernels *kernels = gu_kernels_of(j->context);
    j->inverse = gu_new(j->context, n_items, gusto_real);
    if (!j->inverse)
        return GUSTO_ENOMEM;
#pragma omp parallel for schedule(static) num_threads(gu_threads(j->context))
    for (int64_t i = 0; i < n_items; i++) {
        const gusto_real *q = (const gusto_real *)j->vectors->data + i * j->vectors->ld;
        const double      square = kernels->sum_squares(j->vectors->columns, q);
        j->inverse[i] = square > 0 ? (gusto_real)(1 / sqrt(square)) : 0;
    }
    return GUSTO_OK;
}

/* Transposes who has had what. */
static gusto_status index_columns(job *j)
{
    const gu_state *state = &j->model->state;
    const int64_t   nnz = state->seen_start[state->n_users];
    j->inverse = gu_new(j->context, state->n_items, gusto_real);
    j->user_start = gu_new_zero(j->context, state->n_items + INT64_C(2), int64_t);
    j->user = gu_new(j->context, nnz, int32_t);
    if (!j->inverse || !j->user_start || !j->user)
        return GUSTO_ENOMEM;

    int64_t *next = j->user_start + 1; /* shifted by one, so that it ends up as the starts */
    for (int64_t e = 0; e < nnz; e++)
        next[state->seen_item[e] + 1]++;
    for (int64_t i = 0; i < state->n_items; i++) {
        j->inverse[i] = next[i + 1] ? (gusto_real)(1 / sqrt((double)next[i + 1])) : 0;
        next[i + 1] += next[i];
    }
    for (int32_t u = 0; u < state->n_users; u++)
        for (int64_t e = state->seen_start[u]; e < state->seen_start[u + 1]; e++)
            j->user[next[state->seen_item[e]]++] = u;
    return GUSTO_OK;
}

/* score [n x n_items]: how many have had both, queries begin..begin+n-1 and each item. */
static void count_tile(const job *j, int64_t begin, int64_t n, gusto_real *score)
{
    const gu_state *state = &j->model->state;
    const int64_t   n_items = state->n_items;
    memset(score, 0, (size_t)(n * n_items) * sizeof *score);
    for (int64_t q = 0; q < n; q++) {
        const int32_t item = j->items[begin + q];
        for (int64_t a = j->user_start[item]; a < j->user_start[item + 1]; a++)
            for (int64_t e = state->seen_start[j->user[a]]; e < state->seen_start[j->user[a] + 1]; e++)
                score[q * n_items + state->seen_item[e]] += 1;
    }
}

static void tile(const job *j, int64_t begin, int64_t n, gusto_real *memory)
{
    const gu_kernels    *kernels = gu_kernels_of(j->context);
    const gu_model_type *type = j->model->type;
    const int64_t        n_items = j->model->state.n_items;
    gusto_real          *score = memory, *best = score + TILE * n_items;
    if (type->alike)
        type->alike(j->context, j->model, n, j->items + begin, score);
    else
        count_tile(j, begin, n, score);
    for (int64_t q = 0; q < n; q++) {
        const int32_t item = j->items[begin + q];
        gusto_real   *s = score + q * n_items;
        for (int64_t i = 0; i < n_items && !type->alike; i++)
            s[i] *= j->inverse[i] * j->inverse[item];
        s[item] = -INFINITY;

        int32_t *out = j->out + (begin + q) * j->n_best;
        gu_top   top = {.k = j->n_best, .score = best, .item = out};
        kernels->top_push(&top, n_items, s, 0);
        gu_model_end_list(&top, j->scores ? j->scores + (begin + q) * j->n_best : NULL);
    }
}

static gusto_status by_scores(const job *j, int64_t n)
{
    const int64_t n_items = j->model->state.n_items;
    const int     threads = gu_threads(j->context);
    const int64_t one = gu_padded(TILE * n_items + j->n_best);
    gusto_real   *memory = gu_new(j->context, threads * one, gusto_real);
    if (!memory)
        return GUSTO_ENOMEM;
    const int64_t n_tiles = gu_n_tiles(n, TILE);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (n_tiles > 1)
    for (int64_t t = 0; t < n_tiles; t++)
        tile(j, t * TILE, gu_tile_end(n, TILE, t) - t * TILE, memory + omp_get_thread_num() * one);
    gu_free(&j->context->allocator, memory);
    return GUSTO_OK;
}

static void drop_itself(const void *arg, int64_t q, const gu_dropped *dropped)
{
    gu_drop(dropped, ((const job *)arg)->items[q]);
}

static gusto_status by_vectors(const job *j, int64_t n)
{
    const gu_rows_of vectors = {j->vectors->data, j->vectors->ld, NULL, NULL, 0, j->inverse};
    gu_lists         lists = {
                .query = vectors,
                .item = vectors,
                .n_items = j->model->state.n_items,
                .k = j->vectors->columns,
                .n_best = j->n_best,
                .filter = drop_itself,
                .arg = j,
                .items = j->out,
                .scores = j->scores,
    };
    lists.query.row = j->items;
    return n > 0 ? gu_lists_make(j->context, &lists, n) : GUSTO_OK;
}

gusto_status gusto_model_similar(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *items, int n_best,
                                 int32_t *out, gusto_real *scores)
{
    gusto_status status = gu_model_check_fitted(context, model);
    if (status < 0)
        return status;
    if (n_best < 1)
        return gu_error(context, GUSTO_EARG, "n_best is %d, expected at least 1", n_best);
    for (int64_t q = 0; q < n; q++)
        if (items[q] < 0 || items[q] >= model->state.n_items)
            return gu_error(context, GUSTO_EID, "items[%lld] is %d, expected 0 to %d", (long long)q, items[q],
                            model->state.n_items - 1);

    const int32_t n_items = model->state.n_items;
    const int     k = n_items > 0 && n_best > n_items ? n_items : n_best;
    job           j = {.context = context, .model = model, .items = items, .n_best = k, .out = out, .scores = scores};
    if (model->type->item_vectors && !model->type->alike)
        j.vectors = gu_state_tensor(&model->state, model->type->item_vectors);
    else if (!model->type->alike && !model->state.seen_start)
        return gu_error(context, GUSTO_EUNSUPPORTED, "model %s compares items by who has had them: it needs option keep_seen",
                        model->type->name);
    if (!model->type->alike)
        status = j.vectors ? measure_vectors(&j) : index_columns(&j);
    if (status == GUSTO_OK)
        status = j.vectors ? by_vectors(&j, n) : by_scores(&j, n);
    job_clear(&j);
    if (status == GUSTO_OK && k < n_best)
        gu_model_spread_lists(n, k, n_best, out, scores);
    return status;
}
