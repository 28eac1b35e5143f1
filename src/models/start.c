/* See start.h. */
#include "models/start.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "data/features.h"
#include "data/ratings.h"

#include <stdio.h>
#include <string.h>

enum { PREDICTED_TILE = 4096 };

bool gusto_model_goes_on(const gusto_model *model)
{
    return model->type->start_options != NULL;
}

/* "als, ials and mf" */
static void names_of_able(char *text, size_t size)
{
    const gu_model_type *type, *next = NULL;
    size_t               length = 0;
    text[0] = 0;
    for (int t = 0; (type = gu_model_type_at(t)) && length < size; t++) {
        if (!type->start_options)
            continue;
        if (next)
            length += (size_t)snprintf(text + length, size - length, "%s%s", length ? ", " : "", next->name);
        next = type;
    }
    if (next && length < size)
        snprintf(text + length, size - length, "%s%s", length ? " and " : "", next->name);
}

gusto_status gu_start_check(gusto_context *context, const gusto_model *model, const gusto_model *from)
{
    const gu_model_type *type = model->type;
    if (!type->start_options) {
        char able[256];
        names_of_able(able, sizeof able);
        return gu_error(context, GUSTO_EUNSUPPORTED, "model %s cannot go on from a fitted one; %s can", type->name, able);
    }
    if (from->type != type)
        return gu_error(context, GUSTO_EARG, "a fit of model %s cannot go on from one of model %s", type->name, from->type->name);
    gusto_status status = gu_model_check_fitted(context, from);
    for (int o = 0; status == GUSTO_OK && type->start_options[o]; o++) {
        const char *name = type->start_options[o];
        char        now[GUSTO_OPTION_TEXT], then[GUSTO_OPTION_TEXT];
        if (gu_model_option(model, name) == gu_model_option(from, name))
            continue;
        gu_options_text(&model->options, gu_options_find(&model->options, name), now);
        gu_options_text(&from->options, gu_options_find(&from->options, name), then);
        status = gu_error(context, GUSTO_EARG, "option %s is %s, but %s in the model to go on from: it cannot change", name, now,
                          then);
    }
    return status;
}

/* ---- the numbering ---- */

static const char *kind_of(const gusto_ids *ids)
{
    return !ids ? "without ids" : gusto_ids_are_ints(ids) ? "of integer ids" : "of text ids";
}

/* Unites the ids of a side. of_ratings: by *row + the model's count. */
static gusto_status unite(gusto_context *context, const char *what, gusto_ids *model_ids, int32_t n_model, gusto_ids *ids,
                          int32_t n, gu_renumbering *of_ratings, int32_t **row, gu_start_side *side)
{
    if (!model_ids != !ids || gusto_ids_are_ints(model_ids) != gusto_ids_are_ints(ids))
        return gu_error(context, GUSTO_EARG, "the model to go on from has %s %s, the ratings have %s %s", what,
                        kind_of(model_ids), what, kind_of(ids));
    *row = gu_new(context, (int64_t)n_model + n, int32_t);
    if (!*row)
        return GUSTO_ENOMEM;
    const gusto_status status = gu_ids_union(context, model_ids, n_model, ids, n, &of_ratings->ids, &of_ratings->n_after, *row);
    if (status < 0)
        return status;
    of_ratings->n_before = n;
    of_ratings->row = *row + n_model;
    side->n = of_ratings->n_after;
    side->old = gu_new(context, side->n, int32_t);
    side->touched = gu_new_zero(context, side->n, uint8_t);
    side->recalled = gu_new_zero(context, side->n, int32_t);
    if (!side->old || !side->touched || !side->recalled)
        return GUSTO_ENOMEM;
    memset(side->old, -1, (size_t)side->n * sizeof *side->old);
    for (int32_t r = 0; r < n_model; r++)
        side->old[(*row)[r]] = r;
    return GUSTO_OK;
}

static void touch(const gusto_rows *rows, gu_start *start)
{
    gu_start_side *sides[2] = {&start->users, &start->items};
    for (int32_t u = 0; u < rows->n_rows; u++)
        start->users.touched[u] = rows->start[u + 1] > rows->start[u];
    for (int64_t e = 0; e < rows->nnz; e++)
        start->items.touched[rows->column[e]] = 1;
    for (int s = 0; s < 2; s++)
        for (int32_t r = 0; r < sides[s]->n; r++) {
            sides[s]->touched[r] |= sides[s]->old[r] < 0;
            sides[s]->partial |= !sides[s]->touched[r];
        }
}

/* ---- pairs that the model remembers ---- */

/* The items of a row of the model, in the new numbering, that the row of the ratings lacks. Both ascend.   out: NULL counts only. */
static int64_t lacking(const gusto_rows *seen, int32_t old, const int32_t *item_row, const gusto_rows *rows, int32_t u,
                       int32_t *out)
{
    int64_t n = 0, e = rows->start[u];
    for (int64_t s = seen->start[old]; s < seen->start[old + 1]; s++) {
        const int32_t i = item_row[seen->column[s]];
        while (e < rows->start[u + 1] && rows->column[e] < i)
            e++;
        if (e < rows->start[u + 1] && rows->column[e] == i)
            continue;
        if (out)
            out[n] = i;
        n++;
    }
    return n;
}

static gusto_status remember(gusto_context *context, const gusto_rows *rows, const int32_t *item_row, gu_start *start)
{
    gusto_rows seen;
    gusto_model_seen(start->from, &seen);
    gu_rows *had = &start->had;
    had->n_rows = rows->n_rows;
    had->n_columns = rows->n_columns;
    had->start = gu_new(context, rows->n_rows + INT64_C(1), int64_t);
    if (!had->start)
        return GUSTO_ENOMEM;
    for (int pass = 0; pass < 2; pass++) {
        had->start[0] = 0;
        for (int32_t u = 0; u < rows->n_rows; u++) {
            const int32_t old = start->users.old[u];
            int32_t      *to = pass ? had->column + had->start[u] : NULL;
            had->start[u + 1] = had->start[u] + (old >= 0 && seen.n_rows ? lacking(&seen, old, item_row, rows, u, to) : 0);
        }
        had->nnz = had->start[rows->n_rows];
        if (pass == 0 && !(had->column = gu_new(context, had->nnz, int32_t)))
            return GUSTO_ENOMEM;
    }
    return GUSTO_OK;
}

gusto_status gu_start_init(gusto_context *context, const gusto_model *from, const gusto_ratings *ratings, gu_start *out)
{
    *out = (gu_start){.from = from, .ratings = ratings};
    const gu_state *state = &from->state;
    gusto_rows      rows;
    gu_renumbering  users = {0}, items = {0};
    int32_t        *user_row = NULL, *item_row = NULL;
    gusto_status    status = gusto_ratings_by_user(context, ratings, &rows);
    if (status == GUSTO_OK)
        status = unite(context, "users", state->user_ids, state->n_users, gusto_ratings_user_ids(ratings), rows.n_rows, &users,
                       &user_row, &out->users);
    if (status == GUSTO_OK)
        status = unite(context, "items", state->item_ids, state->n_items, gusto_ratings_item_ids(ratings), rows.n_columns, &items,
                       &item_row, &out->items);
    if (status == GUSTO_OK && (users.n_after > users.n_before || items.n_after > items.n_before)) {
        status = gu_ratings_renumber(context, &rows, &users, &items, &out->renumbered);
        out->ratings = out->renumbered;
        if (status == GUSTO_OK)
            status = gusto_ratings_by_user(context, out->ratings, &rows);
    }
    if (status == GUSTO_OK) {
        touch(&rows, out);
        status = remember(context, &rows, item_row, out);
    }
    gusto_ids_release(users.ids);
    gusto_ids_release(items.ids);
    gu_free(&context->allocator, user_row);
    gu_free(&context->allocator, item_row);
    if (status < 0)
        gu_start_clear(&context->allocator, out);
    return status;
}

static void clear_side(const gusto_allocator *allocator, gu_start_side *side)
{
    gu_free(allocator, side->old);
    gu_free(allocator, side->touched);
    gu_free(allocator, side->recalled);
}

void gu_start_clear(const gusto_allocator *allocator, gu_start *start)
{
    clear_side(allocator, &start->users);
    clear_side(allocator, &start->items);
    gu_rows_clear(allocator, &start->had);
    gusto_ratings_destroy(start->renumbered);
    gusto_ratings_destroy(start->recalled);
    *start = (gu_start){0};
}

/* ---- new and remembered pairs together ---- */

/* Both rows of user u, merged so that items ascend. all: also what no touched row has. given [n]: the position of an entry in
 * `rows`, -1 if it is remembered. item and given may be NULL.   Returns how many. */
static int64_t merged(const gu_start *start, const gusto_rows *rows, int32_t u, bool all, int32_t *item, int64_t *given)
{
    const gu_rows *had = &start->had;
    const bool     whole = all || start->users.touched[u];
    int64_t        n = 0, h = had->start[u], e = rows->start[u];
    for (;;) {
        while (h < had->start[u + 1] && !whole && !start->items.touched[had->column[h]])
            h++;
        const bool more_had = h < had->start[u + 1], more = e < rows->start[u + 1];
        if (!more_had && !more)
            return n;
        const bool old = more_had && (!more || had->column[h] < rows->column[e]);
        if (item)
            item[n] = old ? had->column[h] : rows->column[e];
        if (given)
            given[n] = old ? -1 : e;
        n++;
        if (old)
            h++;
        else
            e++;
    }
}

gusto_status gu_start_seen(gusto_context *context, const gu_start *start, int64_t **seen_start, int32_t **seen_item)
{
    gusto_rows         rows;
    const gusto_status status = gusto_ratings_by_user(context, start->ratings, &rows);
    if (status < 0)
        return status;
    *seen_start = gu_new(context, rows.n_rows + INT64_C(1), int64_t);
    *seen_item = gu_new(context, rows.nnz + start->had.nnz, int32_t);
    if (!*seen_start || !*seen_item)
        return GUSTO_ENOMEM;
    (*seen_start)[0] = 0;
    for (int32_t u = 0; u < rows.n_rows; u++)
        (*seen_start)[u + 1] = (*seen_start)[u] + merged(start, &rows, u, true, *seen_item + (*seen_start)[u], NULL);
    return GUSTO_OK;
}

/* Values of the entries that come from the model: n pairs in its numbering. */
static void predict_all(gusto_context *context, const gusto_model *from, int64_t n, const int32_t *user, const int32_t *item,
                        gusto_real *value)
{
    const int64_t n_tiles = gu_n_tiles(n, PREDICTED_TILE);
#pragma omp parallel for schedule(dynamic) num_threads(gu_threads(context))
    for (int64_t t = 0; t < n_tiles; t++) {
        const int64_t begin = t * PREDICTED_TILE;
        from->type->predict(context, from, gu_tile_end(n, PREDICTED_TILE, t) - begin, user + begin, item + begin, value + begin);
    }
}

/* The united rows, and the remembered pairs among them in the numbering of the model. */
typedef struct united {
    gu_rows     rows;
    int64_t    *given; /* [nnz]: as merged gives it */
    int64_t     n_old;
    int32_t    *old_user, *old_item; /* [n_old] */
    gusto_real *value;               /* [n_old] */
} united;

static void united_clear(const gusto_allocator *allocator, united *d)
{
    gu_rows_clear(allocator, &d->rows);
    gu_free(allocator, d->given);
    gu_free(allocator, d->old_user);
    gu_free(allocator, d->old_item);
    gu_free(allocator, d->value);
}

static gusto_status make_room(gusto_context *context, const gusto_rows *rows, const gu_start *start, united *d)
{
    gu_rows *out = &d->rows;
    *out = (gu_rows){.n_rows = rows->n_rows, .n_columns = rows->n_columns};
    out->start = gu_new(context, rows->n_rows + INT64_C(1), int64_t);
    if (!out->start)
        return GUSTO_ENOMEM;
    out->start[0] = 0;
    for (int32_t u = 0; u < rows->n_rows; u++)
        out->start[u + 1] = out->start[u] + merged(start, rows, u, false, NULL, NULL);
    out->nnz = out->start[rows->n_rows];
    d->n_old = out->nnz - rows->nnz;
    out->column = gu_new(context, out->nnz, int32_t);
    out->value = gu_new(context, out->nnz, gusto_real);
    out->weight = rows->weight ? gu_new(context, out->nnz, gusto_real) : NULL;
    d->given = gu_new(context, out->nnz, int64_t);
    d->old_user = gu_new(context, d->n_old, int32_t);
    d->old_item = gu_new(context, d->n_old, int32_t);
    d->value = gu_new(context, d->n_old, gusto_real);
    const bool complete =
        out->column && out->value && (out->weight || !rows->weight) && d->given && d->old_user && d->old_item && d->value;
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}

/* Merges, and counts what is remembered. */
static void fill(const gusto_rows *rows, gu_start *start, united *d)
{
    gu_rows *out = &d->rows;
    int64_t  n = 0;
    for (int32_t u = 0; u < rows->n_rows; u++) {
        merged(start, rows, u, false, out->column + out->start[u], d->given + out->start[u]);
        for (int64_t e = out->start[u]; e < out->start[u + 1]; e++) {
            if (d->given[e] >= 0)
                continue;
            const int32_t i = out->column[e];
            start->users.recalled[u]++;
            start->items.recalled[i]++;
            d->old_user[n] = start->users.old[u];
            d->old_item[n++] = start->items.old[i];
        }
    }
}

/* Values and weights of all entries. */
static void set_values(gusto_context *context, const gusto_rows *rows, const gusto_model *from, bool predicted, united *d)
{
    gu_rows *out = &d->rows;
    int64_t  n = 0;
    if (predicted)
        predict_all(context, from, d->n_old, d->old_user, d->old_item, d->value);
    for (int64_t e = 0; e < out->nnz; e++) {
        const int64_t given = d->given[e];
        if (out->weight)
            out->weight[e] = given >= 0 ? rows->weight[given] : 1;
        if (given >= 0)
            out->value[e] = rows->value[given];
        else
            out->value[e] = predicted ? d->value[n++] : (gusto_real)from->state.mean;
    }
}

gusto_status gu_start_recall(gusto_context *context, gu_start *start, bool predicted, const gusto_ratings **out)
{
    united       d = {0};
    gusto_rows   rows;
    gusto_status status = gusto_ratings_by_user(context, start->ratings, &rows);
    *out = start->ratings;
    if (status == GUSTO_OK)
        status = make_room(context, &rows, start, &d);
    if (status == GUSTO_OK && d.n_old) {
        fill(&rows, start, &d);
        set_values(context, &rows, start->from, predicted, &d);
        status = gu_ratings_take(context, &d.rows, NULL, NULL, &start->recalled);
        *out = start->recalled;
    }
    united_clear(&context->allocator, &d);
    return status;
}

/* ---- rows ---- */

void gu_start_copy(const gu_start *start, const gu_start_side *side, const char *name, bool untouched, gu_state *state)
{
    const gusto_tensor *to = gu_state_tensor(state, name), *from = gu_state_tensor(&start->from->state, name);
    for (int32_t r = 0; to && r < side->n; r++)
        if (side->old[r] >= 0 && !(untouched && side->touched[r]))
            memcpy((gusto_real *)to->data + r * to->ld, (const gusto_real *)from->data + side->old[r] * from->ld,
                   (size_t)to->columns * sizeof(gusto_real));
}

int32_t gu_start_mark_new(const gu_start_side *side, uint8_t *new_row)
{
    int32_t n = 0;
    for (int32_t r = 0; r < side->n; r++) {
        new_row[r] = side->old[r] < 0;
        n += new_row[r];
    }
    return n;
}
