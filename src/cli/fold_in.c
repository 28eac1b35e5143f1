/* See fold_in.h. */
#include "cli/fold_in.h"

#include <stdlib.h>

int32_t *match_ids(const gusto_ids *from, int32_t n, const gusto_ids *to, int32_t n_to)
{
    int32_t *row = need((size_t)n, sizeof *row);
    for (int32_t j = 0; j < n; j++) {
        char        buffer[GUSTO_ID_TEXT];
        size_t      length;
        const char *text = gusto_ids_text(from, j, buffer, &length);
        row[j] = find_id(to, n_to, text, length);
    }
    return row;
}

exit_code fold_in_open(session *s, const gusto_model *model, const char *path, fold_in *f)
{
    *f = (fold_in){.model = model};
    const exit_code code = read_ratings(s, path, &f->ratings);
    if (code != DONE)
        return code;
    gusto_status status = gusto_ratings_by_user(s->context, f->ratings, &f->by_user);
    if (status == GUSTO_OK)
        status = gusto_ratings_by_item(s->context, f->ratings, &f->by_item);
    if (status < 0)
        return failure(s, status);
    f->user_row =
        match_ids(gusto_ratings_user_ids(f->ratings), f->by_user.n_rows, gusto_model_user_ids(model), gusto_model_n_users(model));
    f->item_row =
        match_ids(gusto_ratings_item_ids(f->ratings), f->by_item.n_rows, gusto_model_item_ids(model), gusto_model_n_items(model));
    return DONE;
}

void tell_unknown_items(const session *s, const fold_in *f)
{
    int64_t unknown = 0;
    for (int64_t e = 0; e < f->by_user.nnz; e++)
        unknown += f->item_row[f->by_user.column[e]] < 0;
    if (unknown > 0)
        say(s, "%lld of %lld ratings are of items that the model lacks: they are left out", (long long)unknown,
            (long long)f->by_user.nnz);
}

void fold_in_close(fold_in *f)
{
    gusto_ratings_destroy(f->ratings);
    free(f->user_row);
    free(f->item_row);
}

/* The entries of row r whose column the model has. Returns how many. */
static int64_t known_entries(const gusto_rows *rows, int32_t r, const int32_t *match, int32_t *id, gusto_real *value,
                             gusto_real *weight)
{
    int64_t n = 0;
    for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
        if (match[rows->column[e]] < 0)
            continue;
        id[n] = match[rows->column[e]];
        value[n] = rows->value[e];
        weight[n++] = rows->weight ? rows->weight[e] : 1;
    }
    return n;
}

gusto_status fold_in_user(session *s, const fold_in *f, int32_t u, gusto_real *row, int32_t *known, int64_t *n)
{
    const size_t most = (size_t)(f->by_user.start[u + 1] - f->by_user.start[u]);
    gusto_real  *value = need(most, sizeof *value), *weight = need(most, sizeof *weight);
    *n = known_entries(&f->by_user, u, f->item_row, known, value, weight);
    const gusto_status status =
        gusto_model_fold_in(s->context, f->model, *n, known, value, f->by_user.weight ? weight : NULL, row);
    free(value);
    free(weight);
    return status;
}

gusto_status fold_in_item(session *s, const fold_in *f, int32_t i, gusto_real *row)
{
    const size_t       most = (size_t)(f->by_item.start[i + 1] - f->by_item.start[i]);
    int32_t           *known = need(most, sizeof *known);
    gusto_real        *value = need(most, sizeof *value), *weight = need(most, sizeof *weight);
    const int64_t      n = known_entries(&f->by_item, i, f->user_row, known, value, weight);
    const gusto_status status =
        gusto_model_fold_in_item(s->context, f->model, n, known, value, f->by_item.weight ? weight : NULL, row);
    free(known);
    free(value);
    free(weight);
    return status;
}
