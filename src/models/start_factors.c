/* See start_factors.h. */
#include "models/start_factors.h"

#include "core/memory.h"
#include "data/ratings.h"
#include "models/factors.h"

#include <string.h>

static void copy_factors(bool untouched, gu_state *state)
{
    const gu_start *start = state->start;
    gu_start_copy(start, &start->users, "P", untouched, state);
    gu_start_copy(start, &start->items, "Q", untouched, state);
    gu_start_copy(start, &start->users, "bu", untouched, state);
    gu_start_copy(start, &start->items, "bi", untouched, state);
}

void gu_start_factors(gu_state *state)
{
    gu_state_real(state, "mu")[0] = gu_state_real(&state->start->from->state, "mu")[0];
    copy_factors(false, state);
}

void gu_start_untouched(gu_state *state)
{
    copy_factors(true, state);
}

typedef gusto_status (*fold_in_fn)(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *id,
                                   const gusto_real *value, const gusto_real *weight, gusto_real *row);

/* Where the folded-in rows of a side go, and what they are made by. */
typedef struct folded {
    const uint8_t      *blank; /* [columns]: rows of the other side that are drawn only, and do not count */
    fold_in_fn          fold_in;
    const gusto_tensor *factors;
    gusto_real         *bias; /* or NULL */
} folded;

/* blank [n_rows]: the rows to fold in; those that could not be are left. */
static gusto_status fold_side(gusto_context *context, const gusto_model *view, const gusto_rows *rows, const folded *f,
                              uint8_t *blank)
{
    const int64_t k = f->factors->columns;
    int32_t      *id = gu_new(context, rows->n_columns, int32_t);
    gusto_real   *value = gu_new(context, rows->n_columns, gusto_real), *weight = gu_new(context, rows->n_columns, gusto_real);
    gusto_real   *row = gu_new(context, k + 1, gusto_real);
    gusto_status  status = id && value && weight && row ? GUSTO_OK : GUSTO_ENOMEM;
    for (int32_t r = 0; r < rows->n_rows && status == GUSTO_OK; r++) {
        int64_t n = 0;
        for (int64_t e = rows->start[r]; blank[r] && e < rows->start[r + 1]; e++) {
            if (f->blank[rows->column[e]])
                continue;
            id[n] = rows->column[e];
            value[n] = rows->value[e];
            weight[n++] = rows->weight ? rows->weight[e] : 1;
        }
        if (n == 0)
            continue;
        status = f->fold_in(context, view, n, id, value, weight, row);
        if (status == GUSTO_ESINGULAR) { /* too few ratings for a row without regularization: it begins as drawn */
            status = GUSTO_OK;
            continue;
        }
        if (status < 0)
            break;
        memcpy((gusto_real *)f->factors->data + r * f->factors->ld, row, (size_t)k * sizeof *row);
        if (f->bias)
            f->bias[r] = row[k];
        blank[r] = 0;
    }
    gu_free(&context->allocator, id);
    gu_free(&context->allocator, value);
    gu_free(&context->allocator, weight);
    gu_free(&context->allocator, row);
    return status;
}

gusto_status gu_start_fold_in(gusto_context *context, const gusto_model *model, gu_state *state)
{
    const gu_start   *start = state->start;
    const gusto_model view = {.type = model->type, .options = model->options, .state = *state};
    gusto_rows        by_user, by_item;
    uint8_t          *user = gu_new(context, start->users.n, uint8_t), *item = gu_new(context, start->items.n, uint8_t);
    gusto_status      status = user && item ? GUSTO_OK : GUSTO_ENOMEM;
    if (status == GUSTO_OK)
        status = gu_ratings_both_ways(context, start->ratings, &by_user, &by_item);
    if (status == GUSTO_OK) {
        gu_start_mark_new(&start->users, user);
        gu_start_mark_new(&start->items, item);
        const folded users = {item, model->type->fold_in, gu_state_tensor(state, "P"), gu_state_optional(state, "bu")};
        const folded items = {user, model->type->fold_in_item, gu_state_tensor(state, "Q"), gu_state_optional(state, "bi")};
        status = fold_side(context, &view, &by_user, &users, user);
        if (status == GUSTO_OK)
            status = fold_side(context, &view, &by_item, &items, item);
    }
    gu_free(&context->allocator, user);
    gu_free(&context->allocator, item);
    return status;
}

static gu_half_start half_start(const gu_start *start, const gu_start_side *side, bool pulls, const char *factors,
                                const char *bias)
{
    return (gu_half_start){.only = side->touched,
                           .recalled = pulls ? side->recalled : NULL,
                           .old = side->old,
                           .X0 = gu_state_real(&start->from->state, factors),
                           .bias0 = gu_state_optional(&start->from->state, bias)};
}

void gu_start_alternation(const gu_start *start, bool pulls, gu_start_halves *halves, gu_alternation *alternation)
{
    *halves =
        (gu_start_halves){half_start(start, &start->users, pulls, "P", "bu"), half_start(start, &start->items, pulls, "Q", "bi")};
    alternation->users.start = &halves->users;
    alternation->items.start = &halves->items;
    if (start->users.partial || start->items.partial)
        alternation->extrapolation = 0;
}

gusto_status gu_start_new_rows(gusto_context *context, const gu_start *start, const gu_alternation *alternation)
{
    uint8_t     *user = gu_new(context, start->users.n, uint8_t), *item = gu_new(context, start->items.n, uint8_t);
    gusto_status status = user && item ? GUSTO_OK : GUSTO_ENOMEM;
    if (status == GUSTO_OK) {
        const bool users = gu_start_mark_new(&start->users, user) > 0, items = gu_start_mark_new(&start->items, item) > 0;
        status = gu_alternate_first(context, alternation, users ? user : NULL, items ? item : NULL);
    }
    gu_free(&context->allocator, user);
    gu_free(&context->allocator, item);
    return status;
}

double gu_start_weight(const gu_start *start, const gusto_rows *by_item)
{
    double sum = 0;
    for (int32_t i = 0; i < by_item->n_rows; i++)
        for (int64_t e = by_item->start[i]; start->items.touched[i] && e < by_item->start[i + 1]; e++)
            sum += by_item->weight ? (double)by_item->weight[e] : 1;
    return sum > 0 ? sum : 1;
}
