/* Rows that are folded in: by every model of the table that can. */
#include "each_model.h"

/* So many epochs and sweeps that training has come to rest; of members, too. */
static void ask_for_long_fit(gusto_model *model)
{
    char                full[GUSTO_OPTION_TEXT];
    const gusto_option *option;
    for (int o = 0; gusto_model_option_at(model, o, full, &option); o++)
        if (strcmp(option->name, "epochs") == 0 || strcmp(option->name, "sweeps") == 0)
            gusto_model_set_number(context, model, full, option->name[0] == 'e' ? 200 : 100);
}

/* A user folded in with his own ratings gets nearly the list that training gave him. */
START_TEST(fold_in_is_close_to_training)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    gusto_rows     rows;
    gusto_ratings_by_user(context, ratings, &rows);
    FOR_EACH_MODEL(model)
    {
        ask_for_long_fit(model);
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        const int64_t     width = gusto_model_user_width(model);
        static gusto_real row[4096];
        gusto_real        folded[ITEMS], trained[ITEMS];
        if (width == 0) {
            ck_assert_int_eq(gusto_model_fold_in(context, model, 0, NULL, NULL, NULL, row), GUSTO_EUNSUPPORTED);
            continue;
        }
        ck_assert_int_le(width, 4096);
        double off = 0, spread = 0;
        for (int32_t u = 0; u < USERS; u++) {
            const int64_t begin = rows.start[u], n = rows.start[u + 1] - begin;
            ck_assert_int_eq(gusto_model_fold_in(context, model, n, rows.column + begin, rows.value + begin, NULL, row),
                             GUSTO_OK);
            ck_assert_int_eq(gusto_model_score_rows(context, model, 1, row, folded), GUSTO_OK);
            ck_assert_int_eq(gusto_model_score(context, model, 1, &u, trained), GUSTO_OK);
            for (int i = 0; i < ITEMS; i++) {
                off += pow((double)(folded[i] - trained[i]), 2);
                spread += pow((double)trained[i] - gusto_model_mean(model), 2);
            }
        }
        ck_assert_msg(off < 0.05 * spread, "%s: folded-in users are off by %g of %g", gusto_model_name(model), off, spread);

        const int32_t    twice[] = {1, 1}, beyond[] = {ITEMS};
        const gusto_real stars[] = {1, (gusto_real)NAN};
        ck_assert_int_eq(gusto_model_fold_in(context, model, 2, twice, stars, NULL, row), GUSTO_EDUPLICATE);
        ck_assert_int_eq(gusto_model_fold_in(context, model, 1, beyond, stars, NULL, row), GUSTO_EID);
        ck_assert_int_eq(gusto_model_fold_in(context, model, 1, twice, stars + 1, NULL, row), GUSTO_EARG);
        ck_assert_int_eq(gusto_model_fold_in(context, model, -1, twice, stars, NULL, row), GUSTO_EARG);
        ck_assert_int_eq(gusto_model_fold_in(context, model, 0, NULL, NULL, NULL, row), GUSTO_OK);
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* An item folded in with its own ratings is predicted nearly as training made it. */
START_TEST(items_fold_in_close_to_training)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    gusto_rows     rows;
    int32_t        users[USERS + 1];
    gusto_ratings_by_item(context, ratings, &rows);
    for (int u = 0; u <= USERS; u++)
        users[u] = u - 1;
    int able = 0;
    FOR_EACH_MODEL(model)
    {
        ask_for_long_fit(model);
        gusto_real row[256], folded[USERS + 1], trained[USERS + 1];
        ck_assert_int_eq(gusto_model_fold_in_item(context, model, 0, NULL, NULL, NULL, row), GUSTO_EUNFIT);
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        if (gusto_model_item_width(model) == 0) {
            ck_assert_int_eq(gusto_model_fold_in_item(context, model, 0, NULL, NULL, NULL, row), GUSTO_EUNSUPPORTED);
            continue;
        }
        able++;
        ck_assert_int_le(gusto_model_item_width(model), 256);
        double off = 0, spread = 0;
        for (int32_t i = 0; i < ITEMS; i++) {
            const int64_t begin = rows.start[i], n = rows.start[i + 1] - begin;
            int32_t       items[USERS + 1];
            for (int u = 0; u <= USERS; u++)
                items[u] = i;
            ck_assert_int_eq(gusto_model_fold_in_item(context, model, n, rows.column + begin, rows.value + begin, NULL, row),
                             GUSTO_OK);
            ck_assert_int_eq(gusto_model_predict_item(context, model, row, USERS + 1, users, folded), GUSTO_OK);
            ck_assert_int_eq(gusto_model_predict(context, model, USERS + 1, users, items, trained), GUSTO_OK);
            for (int u = 1; u <= USERS; u++) {
                off += pow((double)(folded[u] - trained[u]), 2);
                spread += pow((double)trained[u] - gusto_model_mean(model), 2);
            }
        }
        ck_assert_msg(off < 0.05 * spread, "%s: folded-in items are off by %g of %g", gusto_model_name(model), off, spread);

        const int32_t    twice[] = {1, 1}, beyond[] = {USERS};
        const gusto_real stars[] = {1, (gusto_real)NAN};
        ck_assert_int_eq(gusto_model_fold_in_item(context, model, 2, twice, stars, NULL, row), GUSTO_EDUPLICATE);
        ck_assert_int_eq(gusto_model_fold_in_item(context, model, 1, beyond, stars, NULL, row), GUSTO_EID);
        ck_assert_int_eq(gusto_model_fold_in_item(context, model, 1, twice, stars + 1, NULL, row), GUSTO_EARG);
        ck_assert_int_eq(gusto_model_fold_in_item(context, model, -1, twice, stars, NULL, row), GUSTO_EARG);
        ck_assert_int_eq(gusto_model_predict_item(context, model, row, 1, beyond, folded), GUSTO_EID);
    }
    ck_assert_int_ge(able, 3);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Rank 1 is where a matrix looks like a vector. */
START_TEST(a_loaded_model_folds_in_as_the_fitted_one)
{
    enum { MOST = 4096 };
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    gusto_rows     rows;
    char           path[512];
    fixture_path(path, "rank-1");
    gusto_ratings_by_user(context, ratings, &rows);
    FOR_EACH_MODEL(model)
    {
        if (gusto_model_set_number(context, model, "rank", 1) < 0)
            continue;
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        ck_assert_int_eq(gusto_model_save(context, model, path), GUSTO_OK);
        gusto_model *loaded;
        ck_assert_int_eq(gusto_model_load(context, path, &loaded), GUSTO_OK);
        const int64_t     width = gusto_model_user_width(model);
        static gusto_real row[2][MOST];
        gusto_real        score[2][ITEMS];
        ck_assert_int_eq(gusto_model_user_width(loaded), width);
        ck_assert_int_le(width, MOST);
        for (int m = 0; m < 2 && width > 0; m++) {
            const gusto_model *which = m ? loaded : model;
            ck_assert_int_eq(gusto_model_fold_in(context, which, rows.start[1], rows.column, rows.value, NULL, row[m]), GUSTO_OK);
            ck_assert_int_eq(gusto_model_score_rows(context, which, 1, row[m], score[m]), GUSTO_OK);
        }
        ck_assert_msg(width == 0 || memcmp(score[0], score[1], sizeof score[0]) == 0, "%s: scores differ once it is loaded",
                      gusto_model_name(model));
        gusto_model_destroy(loaded);
    }
    unlink(path);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Scores of a blend with everything as it was in training: members whose fold-in gives the bits of training leave nothing but the rule by
 * which scores are made comparable. */
static void expect_blend_as_trained(const char *combine, bool keep_seen)
{
    gusto_ratings *ratings = fixture_ratings(context, 1);
    gusto_rows     rows;
    gusto_model   *model;
    gusto_ratings_by_user(context, ratings, &rows);
    ck_assert_int_eq(gusto_model_create(context, "hybrid", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "members", "ease,itemknn"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "itemknn.similarity", "cosine"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "combine", combine), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set_number(context, model, "keep_seen", keep_seen), GUSTO_OK);
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_OK);
    static gusto_real row[4096];
    ck_assert_int_le(gusto_model_user_width(model), 4096);
    for (int32_t u = 0; u < USERS; u++) {
        int32_t       item[ITEMS];
        gusto_real    value[ITEMS], folded[ITEMS], trained[ITEMS];
        const int64_t begin = rows.start[u], n = rows.start[u + 1] - begin;
        for (int64_t j = 0; j < n; j++) { /* backwards: a row does not depend on the order */
            item[j] = rows.column[begin + n - 1 - j];
            value[j] = rows.value[begin + n - 1 - j];
        }
        ck_assert_int_eq(gusto_model_fold_in(context, model, n, item, value, NULL, row), GUSTO_OK);
        ck_assert_int_eq(gusto_model_score_rows(context, model, 1, row, folded), GUSTO_OK);
        ck_assert_int_eq(gusto_model_score(context, model, 1, &u, trained), GUSTO_OK);
        for (int i = 0; i < ITEMS; i++)
            ck_assert_double_eq_tol((double)folded[i], (double)trained[i], 1e-5 * (1 + fabs((double)trained[i])));
    }
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
}

START_TEST(a_blend_compares_scores_of_a_folded_user_over_the_same_items)
{
    setup_context();
    expect_blend_as_trained("zscore", true);
    expect_blend_as_trained("rank", true);
    expect_blend_as_trained("zscore", false); /* members, too, keep what they need by themselves */
    expect_blend_as_trained("rank", false);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("fold-in", fold_in_is_close_to_training, items_fold_in_close_to_training, a_loaded_model_folds_in_as_the_fitted_one,
        a_blend_compares_scores_of_a_folded_user_over_the_same_items);
}
