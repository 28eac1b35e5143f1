/* How a hybrid scores: predictions of members in a stack, with weights that vary from pair to pair, or a blend (hybrid_blend.c). */
#include "models/hybrid.h"

#include <math.h>
#include <string.h>

/* Weights of every pair of a block: which row, and which traits. */
enum { BLOCK = 256 };

typedef struct block_traits {
    const gusto_real *weights[BLOCK];
    gusto_real        trait[BLOCK][GU_STACK_TRAITS];
} block_traits;

static int64_t count_of(const gu_state *state, const char *name, int32_t row)
{
    return row < 0 ? 0 : ((const int32_t *)gu_state_tensor(state, name)->data)[row];
}

static void weigh_pair(const gu_state *state, const gusto_tensor *weights, const gu_traits *traits, int64_t user_count,
                       int64_t item_count, int64_t j, block_traits *out)
{
    const int regime = gu_hybrid_regime(state, user_count, item_count);
    double    trait[GU_STACK_TRAITS];
    gu_traits_of(&traits[regime != GU_REGIME_WARM], user_count, item_count, trait);
    out->weights[j] = (const gusto_real *)weights->data + regime * weights->ld;
    for (int t = 0; t < GU_STACK_TRAITS; t++)
        out->trait[j][t] = (gusto_real)trait[t];
}

/* Traits of warm and of cold pairs. traits [2]. */
static void take_traits(const gu_state *state, gu_traits *traits)
{
    gu_hybrid_traits(state, false, &traits[0]);
    gu_hybrid_traits(state, true, &traits[1]);
}

static void weigh(const gu_state *state, int64_t n, const int32_t *users, const int32_t *items, block_traits *out)
{
    const gusto_tensor *weights = gu_state_tensor(state, "weights");
    gu_traits           traits[2];
    take_traits(state, traits);
    for (int64_t j = 0; j < n; j++)
        weigh_pair(state, weights, traits, count_of(state, "user_count", users[j]), count_of(state, "item_count", items[j]), j,
                   out);
}

/* The weight of member m for pair j. */
static gusto_real weight_of(const block_traits *block, int64_t j, int m, int n_members)
{
    gusto_real w = 0;
    for (int t = 0; t < GU_STACK_TRAITS; t++)
        w += block->trait[j][t] * block->weights[j][t * (n_members + 1) + m];
    return w;
}

void gu_hybrid_pair_weights(const gu_state *state, int64_t user_count, int64_t item_count, gusto_real *w)
{
    block_traits block;
    gu_traits    traits[2];
    take_traits(state, traits);
    weigh_pair(state, gu_state_tensor(state, "weights"), traits, user_count, item_count, 0, &block);
    for (int m = 0; m < state->n_members; m++)
        w[m] = weight_of(&block, 0, m, state->n_members);
}

static void predict_block(const gusto_context *context, const gu_state *state, int64_t n, const int32_t *users,
                          const int32_t *items, gusto_real *out)
{
    block_traits     block;
    gusto_real       x[BLOCK];
    const int        M = state->n_members;
    const gusto_real mean = (gusto_real)state->mean;
    weigh(state, n, users, items, &block);
    for (int64_t j = 0; j < n; j++)
        out[j] = mean + weight_of(&block, j, M, M);
    for (int m = 0; m < M; m++) {
        const gusto_model *member = state->member[m].model;
        member->type->predict(context, member, n, users, items, x);
        for (int64_t j = 0; j < n; j++)
            if (isfinite((double)x[j]))
                out[j] += weight_of(&block, j, m, M) * (x[j] - mean);
    }
}

/* A blend has no scale of ratings: its pairs are predicted by the companion. */
static const gusto_model *companion(const gu_state *state)
{
    int m = 0;
    while (strcmp(state->member[m].label, "baseline") != 0)
        m++;
    return state->member[m].model;
}

void gu_hybrid_predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                       const int32_t *items, gusto_real *out)
{
    if (gu_hybrid_blends(gu_hybrid_combine(model))) {
        const gusto_model *member = companion(&model->state);
        member->type->predict(context, member, n, users, items, out);
        return;
    }
    for (int64_t begin = 0; begin < n; begin += BLOCK) {
        const int64_t size = n - begin < BLOCK ? n - begin : BLOCK;
        predict_block(context, &model->state, size, users + begin, items + begin, out + begin);
    }
}

/* Of a stack, pairs of each user with all items: members' predictions, and not their scores, are of the scale of ratings. */
void gu_hybrid_score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                     gusto_real *out)
{
    const gu_combine combine = gu_hybrid_combine(model);
    const int32_t    n_items = model->state.n_items;
    if (gu_hybrid_blends(combine)) {
        gu_hybrid_blend_score(context, model, combine, n, users, room, out);
        return;
    }
    for (int64_t j = 0; j < n; j++)
        for (int32_t begin = 0; begin < n_items; begin += BLOCK) {
            int32_t       user[BLOCK], item[BLOCK];
            const int32_t size = n_items - begin < BLOCK ? n_items - begin : BLOCK;
            for (int32_t b = 0; b < size; b++) {
                user[b] = users[j];
                item[b] = begin + b;
            }
            predict_block(context, &model->state, size, user, item, out + j * n_items + begin);
        }
}

/* See gu_hybrid_members_width. 0: a member has no fold-in, or does not score by what it predicts and is stacked. */
int64_t gu_hybrid_row_width(const gusto_model *model)
{
    const gu_state *state = &model->state;
    const bool      blend = gu_hybrid_blends(gu_hybrid_combine(model));
    for (int m = 0; m < state->n_members; m++) {
        const gusto_model *member = state->member[m].model;
        if (gusto_model_user_width(member) == 0 || (!blend && !state->member[m].rates))
            return 0;
    }
    return gu_hybrid_members_width(state) + (blend ? gu_hybrid_marks(state) : 0) + 1;
}

int64_t gu_hybrid_room_width(const gusto_model *model)
{
    return gu_hybrid_blend_room(&model->state);
}

gusto_status gu_hybrid_fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                               const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_state *state = &model->state;
    gusto_status    status = GUSTO_OK;
    for (int m = 0; m < state->n_members && status == GUSTO_OK; m++) {
        const gusto_model *member = state->member[m].model;
        status = member->type->fold_in(context, member, n, item, value, weight, row);
        row += member->type->row_width(member);
    }
    if (gu_hybrid_blends(gu_hybrid_combine(model))) {
        gu_hybrid_mark(state, n, item, row);
        row += gu_hybrid_marks(state);
    }
    *row = (gusto_real)n;
    return status;
}

/* Weights of a user who has so many ratings for items begin..begin+n-1. */
static void weigh_row(const gu_state *state, int64_t count, int32_t begin, int32_t n, block_traits *out)
{
    const gusto_tensor *weights = gu_state_tensor(state, "weights");
    gu_traits           traits[2];
    take_traits(state, traits);
    for (int32_t j = 0; j < n; j++)
        weigh_pair(state, weights, traits, count, count_of(state, "item_count", begin + j), j, out);
}

static void stack_row(const gusto_context *context, const gusto_model *model, const gusto_real *row, gusto_real *room,
                      gusto_real *out)
{
    const gu_state  *state = &model->state;
    const int32_t    n_items = state->n_items;
    const int        M = state->n_members;
    const int64_t    count = (int64_t)row[gu_hybrid_row_width(model) - 1];
    const gusto_real mean = (gusto_real)state->mean;
    for (int m = -1; m < M; m++) { /* first the constant */
        const gusto_model *member = m < 0 ? NULL : state->member[m].model;
        if (member)
            gu_model_score_rows(context, member, 1, row, room + n_items, room);
        for (int32_t begin = 0; begin < n_items; begin += BLOCK) {
            block_traits  block;
            const int32_t size = n_items - begin < BLOCK ? n_items - begin : BLOCK;
            weigh_row(state, count, begin, size, &block);
            for (int32_t b = 0; b < size; b++) {
                const int32_t i = begin + b;
                if (!member)
                    out[i] = mean + weight_of(&block, b, M, M);
                else if (isfinite((double)room[i]))
                    out[i] += weight_of(&block, b, m, M) * (room[i] - mean);
            }
        }
        row += member ? member->type->row_width(member) : 0;
    }
}

void gu_hybrid_score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows,
                          gusto_real *room, gusto_real *out)
{
    const gu_combine combine = gu_hybrid_combine(model);
    const int64_t    width = gu_hybrid_row_width(model), n_items = model->state.n_items;
    for (int64_t j = 0; j < n; j++)
        if (gu_hybrid_blends(combine))
            gu_hybrid_blend_row(context, model, combine, rows + j * width, room, out + j * n_items);
        else
            stack_row(context, model, rows + j * width, room, out + j * n_items);
}
