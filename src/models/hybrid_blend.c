/* Lists of a hybrid: the scores of its members, made comparable for each user, weighed and added.
 *
 * zscore: s_i becomes (s_i - mean) / deviation over the items that the user has not had; rank: 1 / (60 + rank of s_i among them), rank from 1,
 * ties at their middle (reciprocal rank fusion: Cormack, Clarke & Buettcher 2009). */
#include "core/sorted.h"
#include "models/hybrid.h"

#include <math.h>
#include <string.h>

static const double RANK_OFFSET = 60;

/* Marks hold the bits of MARK_BITS items each: as few numbers as a row may have, and each exact in single precision. */
enum { MARK_BITS = 16 };

int64_t gu_hybrid_marks(const gu_state *state)
{
    return state->seen_start ? (state->n_items + MARK_BITS - 1) / MARK_BITS : 0;
}

void gu_hybrid_mark(const gu_state *state, int64_t n, const int32_t *item, gusto_real *mark)
{
    const int64_t n_marks = gu_hybrid_marks(state);
    for (int64_t j = 0; j < n_marks; j++)
        mark[j] = 0;
    for (int64_t j = 0; n_marks > 0 && j < n; j++)
        mark[item[j] / MARK_BITS] += (gusto_real)(1 << item[j] % MARK_BITS); /* items are distinct */
}

static bool marked(const gusto_real *mark, int32_t i)
{
    return mark && (int)mark[i / MARK_BITS] >> i % MARK_BITS & 1;
}

gu_hybrid_history gu_hybrid_history_of(const gu_state *state, int32_t user)
{
    if (!state->seen_start)
        return (gu_hybrid_history){0};
    const int64_t begin = state->seen_start[user];
    return (gu_hybrid_history){.n = state->seen_start[user + 1] - begin, .item = state->seen_item + begin};
}

gu_hybrid_history gu_hybrid_history_of_row(const gu_state *state, const gusto_real *row)
{
    return (gu_hybrid_history){.mark = gu_hybrid_marks(state) > 0 ? row + gu_hybrid_members_width(state) : NULL};
}

/* The scores of the items that are not had, in the order of items. Returns how many. */
static int64_t take_unseen(int64_t n_items, const gusto_real *score, const gu_hybrid_history *had, gusto_real *out)
{
    int64_t n = 0, h = 0;
    for (int32_t i = 0; i < n_items; i++) {
        if (h < had->n && had->item[h] == i)
            h++;
        else if (isfinite((double)score[i]) && !marked(had->mark, i))
            out[n++] = score[i];
    }
    return n;
}

void gu_hybrid_normalize(gu_combine combine, int64_t n_items, const gu_hybrid_history *had, gusto_real *score, gusto_real *room)
{
    const int64_t n = take_unseen(n_items, score, had, room);
    if (combine == GU_COMBINE_RANK) {
        gu_sort(n, room);
        for (int64_t i = 0; i < n_items; i++) {
            const gusto_real x = isfinite((double)score[i]) ? score[i] : -INFINITY;
            const double     higher = (double)(n - gu_count_below(n, room, x, true)),
                         ties = (double)n - higher - (double)gu_count_below(n, room, x, false);
            score[i] = (gusto_real)(1 / (RANK_OFFSET + higher + (ties + 1) / 2));
        }
        return;
    }
    double sum = 0, square = 0;
    for (int64_t j = 0; j < n; j++)
        sum += (double)room[j];
    const double mean = n > 0 ? sum / (double)n : 0;
    for (int64_t j = 0; j < n; j++)
        square += ((double)room[j] - mean) * ((double)room[j] - mean);
    const double scale = square > 0 ? 1 / sqrt(square / (double)n) : 0;
    for (int64_t i = 0; i < n_items; i++)
        score[i] = isfinite((double)score[i]) ? (gusto_real)(((double)score[i] - mean) * scale) : 0;
}

int64_t gu_hybrid_members_width(const gu_state *state)
{
    int64_t width = 0;
    for (int m = 0; m < state->n_members; m++)
        width += state->member[m].model->type->row_width(state->member[m].model);
    return width;
}

int64_t gu_hybrid_blend_room(const gu_state *state)
{
    int64_t most = 0;
    for (int m = 0; m < state->n_members; m++) {
        const int64_t width = gu_model_room_width(state->member[m].model);
        most = width > most ? width : most;
    }
    return 2 * (int64_t)state->n_items + most;
}

static void add(const gu_state *state, gu_combine combine, int m, const gu_hybrid_history *had, gusto_real *one, gusto_real *room,
                gusto_real *out)
{
    const gusto_real w = gu_state_real(state, "weights")[m];
    gu_hybrid_normalize(combine, state->n_items, had, one, room);
    for (int64_t i = 0; i < state->n_items; i++)
        out[i] += w * one[i];
}

void gu_hybrid_blend_score(const gusto_context *context, const gusto_model *model, gu_combine combine, int64_t n,
                           const int32_t *users, gusto_real *room, gusto_real *out)
{
    const gu_state *state = &model->state;
    const int64_t   n_items = state->n_items;
    gusto_real     *one = room, *sorted = room + n * n_items, *inner = room + 2 * n * n_items;
    memset(out, 0, (size_t)(n * n_items) * sizeof *out);
    for (int m = 0; m < state->n_members; m++) {
        const gusto_model *member = state->member[m].model;
        if (gu_state_real(state, "weights")[m] == 0)
            continue;
        member->type->score(context, member, n, users, inner, one);
        for (int64_t j = 0; j < n; j++) {
            const gu_hybrid_history had = gu_hybrid_history_of(state, users[j]);
            add(state, combine, m, &had, one + j * n_items, sorted, out + j * n_items);
        }
    }
}

void gu_hybrid_blend_row(const gusto_context *context, const gusto_model *model, gu_combine combine, const gusto_real *row,
                         gusto_real *room, gusto_real *out)
{
    const gu_state         *state = &model->state;
    const int64_t           n_items = state->n_items;
    const gu_hybrid_history had = gu_hybrid_history_of_row(state, row);
    memset(out, 0, (size_t)n_items * sizeof *out);
    for (int m = 0; m < state->n_members; m++) {
        const gusto_model *member = state->member[m].model;
        if (gu_state_real(state, "weights")[m] != 0) {
            gu_model_score_rows(context, member, 1, row, room + 2 * n_items, room);
            add(state, combine, m, &had, room, room + n_items, out);
        }
        row += member->type->row_width(member);
    }
}
