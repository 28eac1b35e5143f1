/* User neighbours (Herlocker et al. 1999). Likeness as in knn.c, ratings as in knn_score.c.
 *
 * Ranking: an item scores the sum of the similarities of those of the user's `neighbours` most similar users who have had it.
 *
 * Fold-in: a new user's row is his likeness to every user, measured as in training, and his bias (userknn_fold_in.c). */
#include "models/userknn.h"

#include <string.h>

static const gusto_option options[GU_KNN_OPTIONS] = GU_KNN_TABLE(60, 50, 1.5, 0.1);

static void predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out)
{
    (void)context;
    const gu_knn set = gu_knn_settings(model);
    if (set.ratings) {
        gu_knn_predict(model, &set, n, users, items, out);
        return;
    }
    const gu_user_rows rows = gu_user_rows_of(&model->state);
    const gu_sparse    S = gu_sparse_of(&model->state);
    for (int64_t j = 0; j < n; j++) {
        if (users[j] < 0 || items[j] < 0) {
            out[j] = (gusto_real)model->state.mean;
            continue;
        }
        gusto_real sum = 0;
        for (int64_t e = S.start[users[j]]; e < S.start[users[j] + 1]; e++)
            sum += S.value[e] * gu_user_rows_value(&rows, S.index[e], items[j]);
        out[j] = sum;
    }
}

static void add_row(const gu_user_rows *rows, int32_t user, gusto_real likeness, gusto_real *scores)
{
    for (int64_t e = rows->start[user]; e < rows->start[user + 1]; e++)
        scores[rows->item[e]] += likeness * gu_user_rows_at(rows, e);
}

static void score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                  gusto_real *out)
{
    (void)context;
    const gu_knn    set = gu_knn_settings(model);
    const gu_state *state = &model->state;
    const gu_sparse S = gu_sparse_of(state);
    for (int64_t j = 0; j < n; j++) {
        const int32_t u = users[j];
        gusto_real   *scores = out + j * state->n_items;
        if (set.ratings) {
            memset(room, 0, (size_t)state->n_users * sizeof *room);
            for (int64_t e = S.start[u]; e < S.start[u + 1]; e++)
                room[S.index[e]] = S.value[e];
            gu_knn_score_user(model, &set, gu_state_real(state, "mu")[0] + gu_state_real(state, "bu")[u], room, scores);
            continue;
        }
        const gu_user_rows rows = gu_user_rows_of(state);
        memset(scores, 0, (size_t)state->n_items * sizeof *scores);
        for (int64_t e = S.start[u]; e < S.start[u + 1]; e++)
            add_row(&rows, S.index[e], S.value[e], scores);
    }
}

static void score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows, gusto_real *out)
{
    (void)context;
    const gu_knn    set = gu_knn_settings(model);
    const gu_state *state = &model->state;
    for (int64_t j = 0; j < n; j++) {
        const gusto_real *row = rows + j * (state->n_users + INT64_C(1));
        gusto_real       *scores = out + j * state->n_items;
        if (set.ratings) {
            gu_knn_score_user(model, &set, gu_state_real(state, "mu")[0] + row[state->n_users], row, scores);
            continue;
        }
        const gu_user_rows history = gu_user_rows_of(state);
        memset(scores, 0, (size_t)state->n_items * sizeof *scores);
        for (int32_t b = 0; b < state->n_users; b++)
            if (row[b] > 0)
                add_row(&history, b, row[b], scores);
    }
}

static const char *const tensors[] = GU_KNN_TENSORS;

static const gu_condition conditions[] = GU_KNN_CONDITIONS;

const gu_model_type gu_model_userknn = {
    .name = "userknn",
    .summary = "user neighbours, of ratings or of pairs (Herlocker et al. 1999)",
    .options = options,
    .n_options = GU_KNN_OPTIONS,
    .conditions = conditions,
    .tensors = tensors,
    .fit = gu_knn_fit,
    .attach = gu_knn_attach,
    .memory = gu_knn_memory,
    .scale = gu_knn_scale,
    .predict = predict,
    .score = score,
    .row_width = gu_userknn_width,
    .fold_in = gu_userknn_fold_in,
    .score_rows = score_rows,
};
