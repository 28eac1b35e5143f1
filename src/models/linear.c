/* Scores x S from sparse S: the seam of slim, rp3beta and itemknn. See sparse.h. */
#include "models/sparse.h"
#include "models/user_rows.h"

#include <math.h>
#include <string.h>

gusto_status gu_linear_attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const gusto_status status = gu_user_rows_check(context, state, gu_model_option(model, "use_values") != 0);
    return status < 0 ? status : gu_sparse_expect(context, state, state->n_items, state->n_items);
}

void gu_linear_predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                       const int32_t *items, gusto_real *out)
{
    (void)context;
    const gu_user_rows rows = gu_user_rows_of(&model->state);
    const gu_sparse    S = gu_sparse_of(&model->state);
    for (int64_t j = 0; j < n; j++) {
        if (users[j] < 0 || items[j] < 0) {
            out[j] = (gusto_real)model->state.mean;
            continue;
        }
        gusto_real sum = 0;
        for (int64_t e = rows.start[users[j]]; e < rows.start[users[j] + 1]; e++)
            sum += gu_user_rows_at(&rows, e) * gu_sparse_at(&S, rows.item[e], items[j]);
        out[j] = sum;
    }
}

/* scores += x row i of S */
static void add_row(const gu_sparse *S, int64_t i, gusto_real x, gusto_real *restrict scores)
{
    for (int64_t e = S->start[i]; e < S->start[i + 1]; e++)
        scores[S->index[e]] += x * S->value[e];
}

void gu_linear_score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                     gusto_real *out)
{
    (void)context, (void)room;
    const gu_user_rows rows = gu_user_rows_of(&model->state);
    const gu_sparse    S = gu_sparse_of(&model->state);
    const int64_t      n_items = model->state.n_items;
    memset(out, 0, (size_t)(n * n_items) * sizeof *out);
    for (int64_t j = 0; j < n; j++)
        for (int64_t e = rows.start[users[j]]; e < rows.start[users[j] + 1]; e++)
            add_row(&S, rows.item[e], gu_user_rows_at(&rows, e), out + j * n_items);
}

void gu_linear_score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows,
                          gusto_real *out)
{
    (void)context;
    const gu_sparse S = gu_sparse_of(&model->state);
    const int64_t   n_items = model->state.n_items;
    memset(out, 0, (size_t)(n * n_items) * sizeof *out);
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < n_items; i++)
            if (rows[j * n_items + i] != 0)
                add_row(&S, i, rows[j * n_items + i], out + j * n_items);
}

void gu_linear_alike(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *items, gusto_real *out)
{
    (void)context;
    const gu_sparse S = gu_sparse_of(&model->state);
    const int64_t   n_items = model->state.n_items;
    memset(out, 0, (size_t)(n * n_items) * sizeof *out);
    for (int64_t j = 0; j < n; j++)
        add_row(&S, items[j], 1, out + j * n_items);
}

gusto_status gu_linear_explain(gusto_context *context, const gusto_model *model, int32_t user, const gusto_real *row,
                               int32_t item, gusto_real *part)
{
    (void)context;
    const gu_sparse S = gu_sparse_of(&model->state);
    gu_user_rows_spread(model, user, row, part);
    for (int64_t j = 0; j < model->state.n_items; j++)
        part[j] = part[j] != 0 ? part[j] * gu_sparse_at(&S, j, item) : (gusto_real)NAN;
    return GUSTO_OK;
}
