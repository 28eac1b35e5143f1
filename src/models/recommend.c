/* Top-N. Models of factors go through lists.h. For others: scores in tiles of users, filters, a heap for each user; memory is one tile a
 * thread, whatever the number of users. */
#include "core/memory.h"
#include "core/tiles.h"
#include "kernels/kernels.h"
#include "models/factors.h"
#include "models/lists.h"
#include "models/model_type.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { USER_TILE = 16 };

typedef struct request {
    gusto_context      *context;
    const gusto_model  *model;
    const int32_t      *users; /* or NULL: rows */
    const gusto_real   *rows;
    int                 n_best;
    const gusto_filter *filter;
    int32_t            *items;
    gusto_real         *scores; /* may be NULL */
} request;

/* What one thread works in. */
typedef struct space {
    gusto_real *score; /* [USER_TILE x n_items] */
    gusto_real *row;   /* [USER_TILE x width]: scratch */
    gusto_real *best;  /* [n_best] */
    gusto_real *keep;  /* [n_items], if there are allow lists */
} space;

static void hide_seen(const gu_state *state, int32_t user, gusto_real *score)
{
    for (int64_t e = state->seen_start[user]; e < state->seen_start[user + 1]; e++)
        score[state->seen_item[e]] = -INFINITY;
}

static void apply_lists(const gusto_filter *filter, int64_t j, int64_t n_items, gusto_real *score, gusto_real *keep)
{
    if (filter->deny_start)
        for (int64_t e = filter->deny_start[j]; e < filter->deny_start[j + 1]; e++)
            score[filter->deny_item[e]] = -INFINITY;
    if (!filter->allow_start)
        return;
    for (int64_t i = 0; i < n_items; i++)
        keep[i] = -INFINITY;
    for (int64_t e = filter->allow_start[j]; e < filter->allow_start[j + 1]; e++)
        keep[filter->allow_item[e]] = score[filter->allow_item[e]];
    for (int64_t i = 0; i < n_items; i++)
        score[i] = keep[i];
}

static void tile(const request *job, int64_t begin, int64_t end, const space *room)
{
    const gusto_model *model = job->model;
    const gu_kernels  *kernels = gu_kernels_of(job->context);
    const int64_t      n_items = model->state.n_items;
    if (job->users)
        model->type->score(job->context, model, end - begin, job->users + begin, room->row, room->score);
    else
        gu_model_score_rows(job->context, model, end - begin, job->rows + begin * model->type->row_width(model), room->row,
                            room->score);

    for (int64_t j = begin; j < end; j++) {
        gusto_real *score = room->score + (j - begin) * n_items;
        if (job->users && model->state.seen_start && !(job->filter && job->filter->keep_seen))
            hide_seen(&model->state, job->users[j], score);
        if (job->filter)
            apply_lists(job->filter, j, n_items, score, room->keep);

        int32_t *items = job->items + j * job->n_best;
        gu_top   top = {.k = job->n_best, .score = room->best, .item = items};
        kernels->top_push(&top, n_items, score, 0);
        gu_model_end_list(&top, job->scores ? job->scores + j * job->n_best : NULL);
    }
}

void gu_model_end_list(gu_top *top, gusto_real *scores)
{
    gu_top_sort(top);
    for (int b = top->n; b < top->k; b++) {
        top->item[b] = -1;
        top->score[b] = NAN;
    }
    for (int b = 0; scores && b < top->k; b++)
        scores[b] = top->score[b];
}

void gu_model_spread_lists(int64_t n, int k, int n_best, int32_t *items, gusto_real *scores)
{
    for (int64_t j = n; j-- > 0;) { /* from the last, which moves furthest */
        memmove(items + j * n_best, items + j * k, (size_t)k * sizeof *items);
        if (scores)
            memmove(scores + j * n_best, scores + j * k, (size_t)k * sizeof *scores);
        for (int b = k; b < n_best; b++) {
            items[j * n_best + b] = -1;
            if (scores)
                scores[j * n_best + b] = NAN;
        }
    }
}

static gusto_status check_list(gusto_context *context, int64_t n, const int64_t *start, const int32_t *item, int32_t n_items,
                               const char *what)
{
    for (int64_t j = 0; start && j < n; j++)
        if (start[j + 1] < start[j])
            return gu_error(context, GUSTO_ESHAPE, "%s_start descends at %lld", what, (long long)j);
    for (int64_t e = start ? start[0] : 0; start && e < start[n]; e++)
        if (item[e] < 0 || item[e] >= n_items)
            return gu_error(context, GUSTO_EID, "%s_item[%lld] is %d, expected 0 to %d", what, (long long)e, item[e],
                            n_items - 1);
    return GUSTO_OK;
}

static gusto_status check(const request *job, int64_t n)
{
    gusto_context     *context = job->context;
    const gusto_model *model = job->model;
    gusto_status       status = gu_model_check_fitted(context, model);
    if (status < 0)
        return status;
    if (!job->users && gusto_model_user_width(model) == 0)
        return gu_error(context, GUSTO_EUNSUPPORTED, "model %s has no fold-in", model->type->name);
    if (job->n_best < 1)
        return gu_error(context, GUSTO_EARG, "n_best is %d, expected at least 1", job->n_best);
    for (int64_t j = 0; job->users && j < n; j++)
        if (job->users[j] < 0 || job->users[j] >= model->state.n_users)
            return gu_error(context, GUSTO_EID, "users[%lld] is %d, expected 0 to %d", (long long)j, job->users[j],
                            model->state.n_users - 1);
    const gusto_filter *filter = job->filter;
    if (!filter)
        return GUSTO_OK;
    if (filter->size != sizeof *filter)
        return gu_error(context, GUSTO_EARG, "gusto_filter.size is %zu, expected %zu", filter->size, sizeof *filter);
    status = check_list(context, n, filter->allow_start, filter->allow_item, model->state.n_items, "allow");
    return status < 0 ? status : check_list(context, n, filter->deny_start, filter->deny_item, model->state.n_items, "deny");
}

static void drop_lists(const void *arg, int64_t j, const gu_dropped *dropped)
{
    const request      *job = arg;
    const gusto_filter *filter = job->filter;
    const gu_state     *state = &job->model->state;
    if (filter && filter->allow_start) {
        gu_drop_all(dropped);
        for (int64_t e = filter->allow_start[j]; e < filter->allow_start[j + 1]; e++)
            gu_drop_not(dropped, filter->allow_item[e]);
    }
    if (filter && filter->deny_start)
        for (int64_t e = filter->deny_start[j]; e < filter->deny_start[j + 1]; e++)
            gu_drop(dropped, filter->deny_item[e]);
    if (job->users && state->seen_start && !(filter && filter->keep_seen))
        for (int64_t e = state->seen_start[job->users[j]]; e < state->seen_start[job->users[j] + 1]; e++)
            gu_drop(dropped, state->seen_item[e]);
}

static gusto_status run_by_factors(const request *job, int64_t n)
{
    const gusto_model  *model = job->model;
    const gu_state     *state = &model->state;
    const gusto_tensor *P = gu_state_tensor(state, "P"), *Q = gu_state_tensor(state, "Q");
    const int64_t       width = Q->columns + 1;
    const gusto_real   *bu = gu_state_optional(state, "bu"), *bi = gu_state_optional(state, "bi");
    const gu_rows_of    users = {P->data, P->ld, job->users, bu, 1, NULL};
    const gu_rows_of    rows = {job->rows, width, NULL, job->rows ? job->rows + Q->columns : NULL, width, NULL};
    const gu_lists      lists = {
             .query = job->users ? users : rows,
             .item = {Q->data, Q->ld, NULL, bi, 1, NULL},
             .n_items = state->n_items,
             .k = Q->columns,
             .base = gu_state_real(state, "mu")[0],
             .n_best = job->n_best,
             .filter = drop_lists,
             .arg = job,
             .items = job->items,
             .scores = job->scores,
    };
    const gusto_status status = gu_lists_make(job->context, &lists, n);
    if (status == GUSTO_OK && job->scores && model->type->link)
        model->type->link(model, n * job->n_best, job->scores);
    return status;
}

static gusto_status run_by_scores(const request *job, int64_t n)
{
    const int64_t n_items = job->model->state.n_items, width = gu_model_room_width(job->model);
    const int     threads = gu_threads(job->context);
    const int64_t most = n < USER_TILE ? n : USER_TILE, one = gu_padded(most * (n_items + width) + job->n_best + n_items);
    gusto_real   *memory = gu_new(job->context, threads * one, gusto_real);
    if (!memory)
        return GUSTO_ENOMEM;

    const int64_t n_tiles = gu_n_tiles(n, USER_TILE);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (n_tiles > 1)
    for (int64_t t = 0; t < n_tiles; t++) {
        gusto_real *own = memory + omp_get_thread_num() * one;
        const space room = {own, own + most * n_items, own + most * (n_items + width),
                            own + most * (n_items + width) + job->n_best};
        tile(job, t * USER_TILE, gu_tile_end(n, USER_TILE, t), &room);
    }
    gu_free(&job->context->allocator, memory);
    return GUSTO_OK;
}

static gusto_status run(const request *asked, int64_t n)
{
    const gu_model_type *type = asked->model->type;
    const int32_t        n_items = asked->model->state.n_items;
    gusto_status         status = check(asked, n);
    if (status < 0)
        return status;
    request job = *asked;
    if (n_items > 0 && job.n_best > n_items) /* nothing is allocated by what no list can hold */
        job.n_best = n_items;
    status = type->score == gu_factors_score || type->link ? run_by_factors(&job, n) : run_by_scores(&job, n);
    if (status == GUSTO_OK && job.n_best < asked->n_best)
        gu_model_spread_lists(n, job.n_best, asked->n_best, job.items, job.scores);
    return status;
}

gusto_status gusto_model_recommend(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, int n_best,
                                   const gusto_filter *filter, int32_t *items, gusto_real *scores)
{
    const request job = {
        .context = context, .model = model, .users = users, .n_best = n_best, .filter = filter, .items = items, .scores = scores};
    return n > 0 ? run(&job, n) : GUSTO_OK;
}

gusto_status gusto_model_recommend_rows(gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows,
                                        int n_best, const gusto_filter *filter, int32_t *items, gusto_real *scores)
{
    const request job = {
        .context = context, .model = model, .rows = rows, .n_best = n_best, .filter = filter, .items = items, .scores = scores};
    return n > 0 ? run(&job, n) : GUSTO_OK;
}
