/* Item neighbours (Sarwar et al. 2001; Koren 2010). Likeness as in knn.c, ratings as in knn_score.c.
 *
 * Ranking: an item scores the sum over the user's items of its similarity to them, if they are among its `neighbours` most similar ones; what is
 * kept is turned around, S_ji what having j speaks for i. A new user is a row of items; predicting ratings, of residuals (NaN: no rating)
 * with his bias behind them. */
#include "models/knn.h"

#include <math.h>
#include <string.h>

static const gusto_option options[GU_KNN_OPTIONS] = GU_KNN_TABLE(80, 100, 2, 0.05);

static void predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out)
{
    const gu_knn set = gu_knn_settings(model);
    if (set.ratings)
        gu_knn_predict(model, &set, n, users, items, out);
    else
        gu_linear_predict(context, model, n, users, items, out);
}

static int64_t row_width(const gusto_model *model)
{
    return model->state.n_items + (gu_knn_settings(model).ratings ? 1 : 0);
}

static void score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows, gusto_real *out)
{
    const gu_knn  set = gu_knn_settings(model);
    const int64_t n_items = model->state.n_items;
    if (!set.ratings) {
        gu_linear_score_rows(context, model, n, rows, out);
        return;
    }
    const gusto_real mu = gu_state_real(&model->state, "mu")[0];
    for (int64_t j = 0; j < n; j++) {
        const gusto_real *row = rows + j * (n_items + 1);
        gu_knn_score_user(model, &set, mu + row[n_items], row, out + j * n_items);
    }
}

static void clear_row(int64_t n_items, gusto_real *row)
{
    for (int64_t i = 0; i < n_items; i++)
        row[i] = NAN;
}

static void score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                  gusto_real *out)
{
    if (!gu_knn_settings(model).ratings) {
        gu_linear_score(context, model, n, users, room, out);
        return;
    }
    const gu_sparse   H = gu_knn_history(&model->state);
    const gusto_real *bu = gu_state_real(&model->state, "bu");
    const int64_t     n_items = model->state.n_items;
    for (int64_t j = 0; j < n; j++) {
        gusto_real *row = room + j * (n_items + 1);
        clear_row(n_items, row);
        for (int64_t e = H.start[users[j]]; e < H.start[users[j] + 1]; e++)
            row[H.index[e]] = H.value[e];
        row[n_items] = bu[users[j]];
    }
    score_rows(context, model, n, room, out);
}

static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_knn set = gu_knn_settings(model);
    if (!set.ratings)
        return gu_user_rows_fold_in(context, model, n, item, value, weight, row);
    const int64_t     n_items = model->state.n_items;
    const gusto_real  mu = gu_state_real(&model->state, "mu")[0];
    const gusto_real *bi = gu_state_real(&model->state, "bi");
    const gusto_real  bias = gu_knn_bias(&set, &model->state, n, item, value, weight);
    clear_row(n_items, row);
    for (int64_t e = 0; e < n; e++)
        row[item[e]] = value[e] - mu - bi[item[e]] - bias;
    row[n_items] = bias;
    return GUSTO_OK;
}

static gusto_reasons reasons(const gusto_model *model)
{
    return gu_knn_settings(model).ratings ? GUSTO_REASONS_NONE : GUSTO_REASONS_ITEMS;
}

static const char *const tensors[] = GU_KNN_TENSORS;

static const gu_condition conditions[] = GU_KNN_CONDITIONS;

const gu_model_type gu_model_itemknn = {
    .name = "itemknn",
    .summary = "item neighbours, of ratings or of pairs (Sarwar et al. 2001)",
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
    .row_width = row_width,
    .fold_in = fold_in,
    .score_rows = score_rows,
    .alike = gu_linear_alike,
    .reasons = reasons,
    .explain = gu_linear_explain,
};
