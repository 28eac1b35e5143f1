/* A small matrix that the linear models are checked on, both as ratings and as a plain array. */
#ifndef TESTS_LINEAR_H
#define TESTS_LINEAR_H

#include "../suite.h"
#include "core/context.h"
#include "core/rng.h"

#include <gusto/gusto.h>

#include <math.h>
#include <string.h>

enum { MOST = 24 };

typedef struct matrix {
    int    n_users, n_items;
    double x[MOST][MOST]; /* 0: no rating */
} matrix;

/* About two fifths of the cells, with stars 1..5 or 1; no empty row or column. */
static inline matrix matrix_draw(int n_users, int n_items, bool stars, uint64_t seed)
{
    matrix m = {.n_users = n_users, .n_items = n_items};
    for (int u = 0; u < n_users; u++)
        for (int i = 0; i < n_items; i++) {
            uint32_t word[4];
            gu_random(seed, GU_STREAM_TEST, (uint64_t)(u * MOST + i), 0, word);
            if (word[0] % 5 < 2 || u % n_items == i || i % n_users == u)
                m.x[u][i] = stars ? 1 + word[1] % 5 : 1;
        }
    return m;
}

static inline gusto_ratings *matrix_ratings(gusto_context *context, const matrix *m)
{
    int32_t       user[MOST * MOST], item[MOST * MOST];
    gusto_real    value[MOST * MOST];
    gusto_entries e = {
        .size = sizeof e, .n_users = m->n_users, .n_items = m->n_items, .user = user, .item = item, .value = value};
    for (int u = 0; u < m->n_users; u++)
        for (int i = 0; i < m->n_items; i++)
            if (m->x[u][i] != 0) {
                user[e.n] = u;
                item[e.n] = i;
                value[e.n++] = (gusto_real)m->x[u][i];
            }
    gusto_ratings *ratings;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    return ratings;
}

/* A model with options "name", "text", ..., NULL, fitted to the matrix. */
static inline gusto_model *matrix_fit(gusto_context *context, const matrix *m, const char *name, const char *const *set)
{
    gusto_model   *model;
    gusto_ratings *ratings = matrix_ratings(context, m);
    ck_assert_int_eq(gusto_model_create(context, name, &model), GUSTO_OK);
    for (; set && set[0]; set += 2)
        ck_assert_int_eq(gusto_model_set(context, model, set[0], set[1]), GUSTO_OK);
    ck_assert_msg(gusto_model_fit(context, model, ratings, NULL) == GUSTO_OK, "%s", gusto_context_message(context));
    gusto_ratings_destroy(ratings);
    return model;
}

/* Scores of the training users against what is expected: through score, predict, and fold-in where `folds`. */
static inline void matrix_check_scores(gusto_context *context, const gusto_model *model, const matrix *m,
                                       double (*expected)[MOST], bool folds, double tolerance)
{
    for (int32_t u = 0; u < m->n_users; u++) {
        gusto_real scores[MOST], predicted[MOST], folded[MOST], row[MOST + 1], value[MOST];
        int32_t    users[MOST], items[MOST], had[MOST];
        int64_t    n = 0;
        for (int32_t i = 0; i < m->n_items; i++) {
            users[i] = u;
            items[i] = i;
            if (m->x[u][i] != 0) {
                had[n] = i;
                value[n++] = (gusto_real)m->x[u][i];
            }
        }
        ck_assert_int_eq(gusto_model_score(context, model, 1, &u, scores), GUSTO_OK);
        ck_assert_int_eq(gusto_model_predict(context, model, m->n_items, users, items, predicted), GUSTO_OK);
        if (folds) {
            ck_assert_int_ge(gusto_model_user_width(model), m->n_items);
            ck_assert_int_eq(gusto_model_fold_in(context, model, n, had, value, NULL, row), GUSTO_OK);
            ck_assert_int_eq(gusto_model_score_rows(context, model, 1, row, folded), GUSTO_OK);
        }
        for (int i = 0; i < m->n_items; i++) {
            const double want = expected[u][i];
            if (!(fabs((double)scores[i] - want) <= tolerance))
                ck_abort_msg("score of user %d, item %d: %.9g, expected %.9g", u, i, (double)scores[i], want);
            if (!(fabs((double)predicted[i] - want) <= tolerance))
                ck_abort_msg("prediction for user %d, item %d: %.9g, expected %.9g", u, i, (double)predicted[i], want);
            if (folds && !(fabs((double)folded[i] - want) <= tolerance))
                ck_abort_msg("folded in user %d, item %d: %.9g, expected %.9g", u, i, (double)folded[i], want);
        }
    }
}

#endif
