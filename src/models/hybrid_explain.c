/* What of a hybrid's score is whose: the members' shares, and their weights.
 *
 * Stack: w_m(u, i) (f_m(u, i) - mean), which with the mean and the constant w_0(u, i) sum to the score. Blend: w_m times what the member's score
 * became (hybrid_blend.c), which sum to it. Members that weigh nothing have no part. */
#include "core/memory.h"
#include "models/hybrid.h"

#include <math.h>
#include <string.h>

gusto_reasons gu_hybrid_reasons(const gusto_model *model)
{
    (void)model;
    return GUSTO_REASONS_MEMBERS;
}

/* Scores of all items by member m for a user, or for its part of a row. room: gu_hybrid_blend_room less n_items numbers. */
static gusto_status score(gusto_context *context, const gusto_model *member, int32_t user, const gusto_real *row,
                          gusto_real *room, gusto_real *out)
{
    if (!row)
        return gusto_model_score(context, member, 1, &user, out);
    gu_model_score_rows(context, member, 1, row, room, out);
    return GUSTO_OK;
}

static gusto_status explain_blend(gusto_context *context, const gusto_model *model, int32_t user, const gusto_real *row,
                                  int32_t item, gusto_real *room, gusto_real *part)
{
    const gu_state         *state = &model->state;
    const gusto_real       *weights = gu_state_real(state, "weights");
    const gu_hybrid_history had = row ? gu_hybrid_history_of_row(state, row) : gu_hybrid_history_of(state, user);
    gusto_status            status = GUSTO_OK;
    for (int m = 0; m < state->n_members && status == GUSTO_OK; m++) {
        const gusto_model *member = state->member[m].model;
        if (weights[m] != 0) {
            status = score(context, member, user, row, room + state->n_items, room);
            gu_hybrid_normalize(gu_hybrid_combine(model), state->n_items, &had, room, room + state->n_items);
            part[m] = weights[m] * room[item];
        }
        row = row ? row + member->type->row_width(member) : NULL;
    }
    return status;
}

static gusto_status explain_stack(gusto_context *context, const gusto_model *model, int32_t user, const gusto_real *row,
                                  int32_t item, gusto_real *room, gusto_real *part)
{
    const gu_state *state = &model->state;
    const int32_t  *user_count = gu_state_tensor(state, "user_count")->data,
                  *item_count = gu_state_tensor(state, "item_count")->data;
    const gusto_real mean = (gusto_real)state->mean;
    gusto_real       weight[GU_MAX_MEMBERS], x;
    gusto_status     status = GUSTO_OK;
    gu_hybrid_pair_weights(state, row ? (int64_t)row[gu_hybrid_row_width(model) - 1] : user_count[user], item_count[item],
                           weight);
    for (int m = 0; m < state->n_members && status == GUSTO_OK; m++) {
        const gusto_model *member = state->member[m].model;
        if (row) {
            status = score(context, member, user, row, room + state->n_items, room);
            x = room[item];
            row += member->type->row_width(member);
        } else {
            status = gusto_model_predict(context, member, 1, &user, &item, &x);
        }
        if (status == GUSTO_OK && isfinite((double)x) && weight[m] != 0)
            part[m] = weight[m] * (x - mean);
    }
    return status;
}

gusto_status gu_hybrid_explain(gusto_context *context, const gusto_model *model, int32_t user, const gusto_real *row,
                               int32_t item, gusto_real *part)
{
    gusto_real *room = gu_new(context, gu_hybrid_blend_room(&model->state), gusto_real);
    if (!room)
        return GUSTO_ENOMEM;
    const gusto_status status =
        (gu_hybrid_blends(gu_hybrid_combine(model)) ? explain_blend : explain_stack)(context, model, user, row, item, room, part);
    gu_free(&context->allocator, room);
    return status;
}

/* ---- members, as the public header has them ---- */

/* The weight of member m of a pair with so many ratings, if pairs of that regime have weights of their own. */
static double cold_weight(const gu_state *state, int m, int side)
{
    gusto_real       weight[GU_MAX_MEMBERS];
    const gusto_real many = expm1(gu_state_real(state, "traits")[side == 0 ? 3 : 0]);
    if (gu_state_real(state, "threshold")[side] < 0)
        return NAN;
    gu_hybrid_pair_weights(state, side == 0 ? 0 : (int64_t)many, side == 1 ? 0 : (int64_t)many, weight);
    return (double)weight[m];
}

bool gusto_model_member_at(const gusto_model *model, int m, gusto_member *out)
{
    const gu_state *state = &model->state;
    if (m < 0 || m >= state->n_members)
        return false;
    const bool         blend = gu_hybrid_blends(gu_hybrid_combine(model));
    const gusto_member member = {.size = out->size < sizeof member ? out->size : sizeof member,
                                 .label = state->member[m].label,
                                 .model = state->member[m].model,
                                 .weight = (double)gu_state_real(state, "weights")[m],
                                 .cold_user_weight = blend ? NAN : cold_weight(state, m, 0),
                                 .cold_item_weight = blend ? NAN : cold_weight(state, m, 1)};
    memcpy(out, &member, member.size);
    return true;
}
