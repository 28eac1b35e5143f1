/* User neighbours (Herlocker et al. 1999). Likeness as in knn.c, ratings as in knn_score.c.
 *
 * Ranking: an item scores the sum of the similarities of those of the user's `neighbours` most similar users who have had it. A new user has no
 * neighbours before a fit: there is no fold-in. */
#include "models/knn.h"

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

/* Room for the likeness of a user to all others, where ratings are predicted. */
static int64_t row_width(const gusto_model *model)
{
    return gu_knn_settings(model).ratings ? model->state.n_users : 0;
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
            for (int64_t f = rows.start[S.index[e]]; f < rows.start[S.index[e] + 1]; f++)
                scores[rows.item[f]] += S.value[e] * gu_user_rows_at(&rows, f);
    }
}

static const char *const tensors[] = GU_KNN_TENSORS;

const gu_model_type gu_model_userknn = {
    .name = "userknn",
    .summary = "user neighbours, of ratings or of pairs (Herlocker et al. 1999)",
    .options = options,
    .n_options = GU_KNN_OPTIONS,
    .tensors = tensors,
    .fit = gu_knn_fit,
    .attach = gu_knn_attach,
    .memory = gu_knn_memory,
    .predict = predict,
    .score = score,
    .row_width = row_width,
};
