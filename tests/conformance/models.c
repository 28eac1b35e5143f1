/* Every model of the table keeps the promises of gusto/model.h. A new model is tested by its line in models.def. */
#include "fixture.h"

static gusto_context *context;

static void setup_context(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

/* Calls f with a fresh model for every line of the table. */
#define FOR_EACH_MODEL(model)                             \
    for (int t_ = 0; gusto_model_name_at(t_, NULL); t_++) \
        for (gusto_model *model = fixture_model(context, t_); model; gusto_model_destroy(model), model = NULL)

static void a_string_reads_back(gusto_model *model, const char *name, const gusto_option *option)
{
    char   text[GUSTO_OPTION_TEXT], again[GUSTO_OPTION_TEXT], longer[GUSTO_OPTION_TEXT + 1];
    double value;
    ck_assert_msg(option->help && option->help[0], "option %s has no help", name);
    ck_assert_msg(0 <= option->low && option->high < GUSTO_OPTION_TEXT, "option %s: bounds of a string", name);
    ck_assert_int_eq(gusto_model_get(context, model, name, text), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, name, text), GUSTO_OK);
    ck_assert_int_eq(gusto_model_get_number(context, model, name, &value), GUSTO_EOPTION);
    ck_assert_int_eq(gusto_model_set_number(context, model, name, 1), GUSTO_EOPTION);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), name));
    memset(longer, 'x', sizeof longer);
    longer[GUSTO_OPTION_TEXT] = 0;
    ck_assert_int_eq(gusto_model_set(context, model, name, longer), GUSTO_EOPTION);
    ck_assert_int_eq(gusto_model_get(context, model, name, again), GUSTO_OK);
    ck_assert_str_eq(text, again);
}

START_TEST(options_have_sound_defaults_and_bounds)
{
    setup_context();
    int models = 0;
    FOR_EACH_MODEL(model)
    {
        models++;
        char                name[GUSTO_OPTION_TEXT], text[GUSTO_OPTION_TEXT];
        const gusto_option *option;
        for (int o = 0; gusto_model_option_at(model, o, name, &option); o++) {
            if (option->kind == GUSTO_OPTION_STRING) {
                a_string_reads_back(model, name, option);
                continue;
            }
            double value, again;
            ck_assert_int_eq(gusto_model_get_number(context, model, name, &value), GUSTO_OK);
            ck_assert_int_eq(gusto_model_get(context, model, name, text), GUSTO_OK);
            ck_assert_int_eq(gusto_model_set(context, model, name, text), GUSTO_OK);
            ck_assert_int_eq(gusto_model_get_number(context, model, name, &again), GUSTO_OK);
            ck_assert_msg(value == again, "%s: option %s: %s reads back as another number", gusto_model_name(model), name, text);
            ck_assert_msg(option->help && option->help[0], "option %s has no help", name);

            if (option->kind == GUSTO_OPTION_INT || option->kind == GUSTO_OPTION_REAL) {
                ck_assert_msg(option->low <= value && value <= option->high, "option %s: default out of bounds", name);
                ck_assert_int_eq(gusto_model_set_number(context, model, name, option->high + fabs(option->high) + 1),
                                 GUSTO_EOPTION);
                ck_assert_int_eq(gusto_model_set_number(context, model, name, option->low - fabs(option->low) - 1),
                                 GUSTO_EOPTION);
                ck_assert_int_eq(gusto_model_set_number(context, model, name, (double)NAN), GUSTO_EOPTION);
                ck_assert_ptr_nonnull(strstr(gusto_context_message(context), name));
            }
            if (option->kind == GUSTO_OPTION_NAME)
                ck_assert_int_eq(gusto_model_set(context, model, name, "no such choice"), GUSTO_EOPTION);
            ck_assert_int_eq(gusto_model_get_number(context, model, name, &again), GUSTO_OK);
            ck_assert_msg(value == again, "option %s: a refused value changed it", name);
        }
        ck_assert_int_eq(gusto_model_set(context, model, "no_such_option", "1"), GUSTO_EOPTION);
    }
    ck_assert_int_gt(models, 2);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(an_unfitted_model_says_so)
{
    setup_context();
    FOR_EACH_MODEL(model)
    {
        int32_t    id = 0, items[2];
        gusto_real out[ITEMS];
        char       path[512];
        ck_assert_int_eq(gusto_model_predict(context, model, 1, &id, &id, out), GUSTO_EUNFIT);
        ck_assert_int_eq(gusto_model_score(context, model, 1, &id, out), GUSTO_EUNFIT);
        ck_assert_int_eq(gusto_model_recommend(context, model, 1, &id, 2, NULL, items, NULL), GUSTO_EUNFIT);
        ck_assert_int_eq(gusto_model_similar(context, model, 1, &id, 2, items, NULL), GUSTO_EUNFIT);
        ck_assert_int_eq(gusto_model_fold_in(context, model, 1, &id, out, NULL, out), GUSTO_EUNFIT);
        ck_assert_int_eq(gusto_model_save(context, model, fixture_path(path, "unfit")), GUSTO_EUNFIT);
        ck_assert(access(path, F_OK) != 0);
    }
    gusto_context_destroy(context);
}
END_TEST

/* Fits, saves, and checks lists: sorted, without what the user has had, consistent with scores and predictions. */
START_TEST(lists_scores_and_predictions_agree)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    gusto_rows     rows;
    gusto_ratings_by_user(context, ratings, &rows);
    FOR_EACH_MODEL(model)
    {
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        ck_assert_int_eq(gusto_model_n_users(model), USERS);
        ck_assert_int_eq(gusto_model_n_items(model), ITEMS);
        static gusto_real scores[USERS * ITEMS], best[USERS * 10];
        int32_t           users[USERS], items[USERS * 10];
        for (int32_t u = 0; u < USERS; u++)
            users[u] = u;
        ck_assert_int_eq(gusto_model_score(context, model, USERS, users, scores), GUSTO_OK);
        ck_assert_int_eq(gusto_model_recommend(context, model, USERS, users, 10, NULL, items, best), GUSTO_OK);
        for (int32_t u = 0; u < USERS; u++) {
            bool had[ITEMS] = {false};
            for (int64_t e = rows.start[u]; e < rows.start[u + 1]; e++)
                had[rows.column[e]] = true;
            for (int b = 0; b < 10; b++) {
                const int32_t i = items[u * 10 + b];
                ck_assert(i >= 0 && i < ITEMS && !had[i]);
                had[i] = true; /* nor twice */
                ck_assert_double_le(fabs((double)(best[u * 10 + b] - scores[u * ITEMS + i])), 1e-5);
                ck_assert(b == 0 || best[u * 10 + b] <= best[u * 10 + b - 1]);
            }
            for (int32_t i = 0; i < ITEMS; i++)
                ck_assert(had[i] || scores[u * ITEMS + i] <= best[u * 10 + 9] + (gusto_real)1e-5);
        }

        int32_t    pair_user[] = {0, -1, 5, -1}, pair_item[] = {3, 4, -1, -1};
        gusto_real predicted[4];
        ck_assert_int_eq(gusto_model_predict(context, model, 4, pair_user, pair_item, predicted), GUSTO_OK);
        for (int j = 0; j < 4; j++)
            ck_assert(isfinite((double)predicted[j]));
        ck_assert_double_lt(fabs((double)predicted[3] - gusto_model_mean(model)), 0.5); /* the fallback without either */

        pair_item[0] = ITEMS;
        ck_assert_int_eq(gusto_model_predict(context, model, 4, pair_user, pair_item, predicted), GUSTO_EID);
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(filters_are_kept)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    FOR_EACH_MODEL(model)
    {
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        const int32_t      users[] = {3, 4};
        const int64_t      allow_start[] = {0, 3, 4}, deny_start[] = {0, 1, 1};
        const int32_t      allow[] = {9, 2, 30, 11}, deny[] = {2};
        const gusto_filter filter = {.size = sizeof filter,
                                     .keep_seen = true,
                                     .allow_start = allow_start,
                                     .allow_item = allow,
                                     .deny_start = deny_start,
                                     .deny_item = deny};
        int32_t            items[2 * 4];
        gusto_real         scores[2 * 4];
        ck_assert_int_eq(gusto_model_recommend(context, model, 2, users, 4, &filter, items, scores), GUSTO_OK);
        ck_assert((items[0] == 9 && items[1] == 30) || (items[0] == 30 && items[1] == 9));
        ck_assert_int_eq(items[2], -1);
        ck_assert(isnan((double)scores[2]));
        ck_assert_int_eq(items[4], 11);
        ck_assert_int_eq(items[5], -1);
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(similar_items_leave_out_the_item_itself)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    FOR_EACH_MODEL(model)
    {
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        const int32_t query[] = {0, 17};
        int32_t       items[2 * 5];
        gusto_real    scores[2 * 5];
        ck_assert_int_eq(gusto_model_similar(context, model, 2, query, 5, items, scores), GUSTO_OK);
        for (int j = 0; j < 10; j++) {
            ck_assert(items[j] >= 0 && items[j] < ITEMS && items[j] != query[j / 5]);
            ck_assert(scores[j] <= 1 + (gusto_real)1e-5 && scores[j] >= -1 - (gusto_real)1e-5);
            ck_assert(j % 5 == 0 || scores[j] <= scores[j - 1]);
        }
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
        char                full[GUSTO_OPTION_TEXT];
        const gusto_option *option;
        for (int o = 0; gusto_model_option_at(model, o, full, &option); o++)
            if (strcmp(option->name, "epochs") == 0 || strcmp(option->name, "sweeps") == 0)
                gusto_model_set_number(context, model, full, option->name[0] == 'e' ? 200 : 100);
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

/* A user folded in with his own ratings gets nearly the list that training gave him. */
START_TEST(fold_in_is_close_to_training)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    gusto_rows     rows;
    gusto_ratings_by_user(context, ratings, &rows);
    FOR_EACH_MODEL(model)
    {
        char                full[GUSTO_OPTION_TEXT];
        const gusto_option *option;
        for (int o = 0; gusto_model_option_at(model, o, full, &option); o++) /* those of members too */
            if (strcmp(option->name, "epochs") == 0 || strcmp(option->name, "sweeps") == 0)
                gusto_model_set_number(context, model, full, option->name[0] == 'e' ? 200 : 100);
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

START_TEST(same_seed_same_file_at_any_thread_count)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    char           first[512], other[512];
    fixture_path(first, "first");
    fixture_path(other, "other");
    FOR_EACH_MODEL(model)
    {
        for (int threads = 1; threads <= 4; threads *= 2) {
            gusto_context_set_threads(context, threads);
            ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
            ck_assert_int_eq(gusto_model_save(context, model, threads == 1 ? first : other), GUSTO_OK);
            ck_assert_msg(threads == 1 || same_bytes(first, other), "%s at %d threads", gusto_model_name(model), threads);
        }
        gusto_model *loaded;
        ck_assert_int_eq(gusto_model_load(context, first, &loaded), GUSTO_OK);
        ck_assert_str_eq(gusto_model_name(loaded), gusto_model_name(model));
        ck_assert_int_eq(gusto_model_save(context, loaded, other), GUSTO_OK);
        ck_assert_msg(same_bytes(first, other), "%s: loaded and saved again", gusto_model_name(model));

        gusto_real a[ITEMS], b[ITEMS];
        int32_t    user = 11;
        ck_assert_int_eq(gusto_model_score(context, model, 1, &user, a), GUSTO_OK);
        ck_assert_int_eq(gusto_model_score(context, loaded, 1, &user, b), GUSTO_OK);
        ck_assert(memcmp(a, b, sizeof a) == 0);
        gusto_model_destroy(loaded);
    }
    unlink(first);
    unlink(other);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

static bool cancel(void *user, const gusto_progress *progress)
{
    (void)progress;
    ++*(int *)user;
    return true;
}

START_TEST(a_cancelled_fit_leaves_a_valid_model)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    FOR_EACH_MODEL(model)
    {
        int               calls = 0;
        gusto_fit_options fit = gusto_fit_options_default();
        fit.progress = cancel;
        fit.user = &calls;
        const gusto_status status = fixture_fit(context, model, ratings, &fit);
        ck_assert_int_eq(status, calls ? GUSTO_CANCELLED : GUSTO_OK);
        ck_assert_int_le(calls, 1);
        ck_assert(gusto_model_is_fitted(model));
        gusto_real predicted;
        int32_t    id = 1;
        ck_assert_int_eq(gusto_model_predict(context, model, 1, &id, &id, &predicted), GUSTO_OK);
        ck_assert(isfinite((double)predicted));
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* A fit that fails leaves the fitted model as it was; an option set un-fits it. */
START_TEST(failure_changes_nothing)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1), *none;
    gusto_entries  empty = {.size = sizeof empty, .n_users = 3, .n_items = 3};
    ck_assert_int_eq(gusto_ratings_from_entries(context, &empty, GUSTO_DUPLICATES_ERROR, &none), GUSTO_OK);
    FOR_EACH_MODEL(model)
    {
        gusto_real before[ITEMS], after[ITEMS];
        int32_t    user = 2;
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        ck_assert_int_eq(gusto_model_score(context, model, 1, &user, before), GUSTO_OK);
        ck_assert_int_eq(fixture_fit(context, model, none, NULL), GUSTO_EARG);
        ck_assert_int_eq(gusto_model_score(context, model, 1, &user, after), GUSTO_OK);
        ck_assert(memcmp(before, after, sizeof before) == 0);
        ck_assert_int_eq(gusto_model_set(context, model, "no_such_option", "1"), GUSTO_EOPTION);
        ck_assert(gusto_model_is_fitted(model));
        ck_assert_int_eq(gusto_model_set(context, model, "keep_seen", "no"), GUSTO_OK);
        ck_assert(!gusto_model_is_fitted(model));
    }
    gusto_ratings_destroy(none);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Features are taken or refused, as the model says; a model keeps them, also in its file. */
START_TEST(features_are_kept_or_refused)
{
    setup_context();
    gusto_ratings  *ratings = fixture_ratings(context, 1);
    gusto_features *users = fixture_features(context, USERS, 100, 3), *items = fixture_features(context, ITEMS, 7, 1);
    char            path[512];
    fixture_path(path, "features");
    FOR_EACH_MODEL(model)
    {
        gusto_fit_options fit = gusto_fit_options_default();
        fit.user_features = users;
        ck_assert(gusto_model_uses_user_features(model) || gusto_model_fit(context, model, ratings, &fit) == GUSTO_EUNSUPPORTED);
        fit.user_features = NULL;
        fit.item_features = items;
        ck_assert(gusto_model_uses_item_features(model) || gusto_model_fit(context, model, ratings, &fit) == GUSTO_EUNSUPPORTED);
        if (!gusto_model_uses_item_features(model))
            continue;
        gusto_model *loaded;
        gusto_rows   kept, again;
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        ck_assert_int_eq(gusto_model_save(context, model, path), GUSTO_OK);
        ck_assert_int_eq(gusto_model_load(context, path, &loaded), GUSTO_OK);
        gusto_features_rows(gusto_model_item_features(model), &kept);
        gusto_features_rows(gusto_model_item_features(loaded), &again);
        ck_assert(kept.n_rows == ITEMS && again.n_rows == ITEMS && kept.nnz == again.nnz && kept.n_columns == again.n_columns);
        ck_assert(memcmp(kept.value, again.value, (size_t)kept.nnz * sizeof *kept.value) == 0);
        gusto_model_destroy(loaded);
    }
    unlink(path);
    gusto_features_destroy(users);
    gusto_features_destroy(items);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Everything a user does with a model, with the n-th allocation failing. Returns whether it all went through. */
static bool whole_life(gusto_allocator *allocator, int t, const char *path)
{
    gusto_context *c;
    if (gusto_context_create(allocator, &c) < 0)
        return false;
    gusto_context_set_threads(c, 2);
    gusto_ratings *ratings = fixture_ratings(c, 1), *valid = ratings ? fixture_ratings(c, 2) : NULL;
    gusto_model   *model = valid ? fixture_model(c, t) : NULL, *loaded = NULL;
    bool           whole = model != NULL;

    gusto_fit_options fit = gusto_fit_options_default();
    fit.validation = valid;
    const int32_t     ids[] = {0, 1};
    int32_t           items[6];
    gusto_real        out[2 * ITEMS];
    static gusto_real row[4096];
    whole = whole && fixture_fit(c, model, ratings, &fit) >= 0;
    whole = whole && gusto_model_predict(c, model, 2, ids, ids, out) == GUSTO_OK;
    whole = whole && gusto_model_score(c, model, 2, ids, out) == GUSTO_OK;
    whole = whole && gusto_model_recommend(c, model, 2, ids, 3, NULL, items, NULL) == GUSTO_OK;
    whole = whole && gusto_model_similar(c, model, 2, ids, 3, items, NULL) == GUSTO_OK;
    if (whole && gusto_model_user_width(model) > 0)
        whole = gusto_model_fold_in(c, model, 2, ids, out, NULL, row) == GUSTO_OK;
    if (whole && gusto_model_item_width(model) > 0)
        whole = gusto_model_fold_in_item(c, model, 2, ids, out, NULL, row) == GUSTO_OK;
    whole = whole && gusto_model_save(c, model, path) == GUSTO_OK;
    whole = whole && gusto_model_load(c, path, &loaded) == GUSTO_OK;

    gusto_model_destroy(loaded);
    gusto_model_destroy(model);
    gusto_ratings_destroy(valid);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(c);
    return whole;
}

START_TEST(no_failed_allocation_leaks_or_crashes)
{
    char path[512];
    fixture_path(path, "sweep");
    const long step = getenv("GUSTO_TEST_EVERY_ALLOCATION") ? 1 : 5; /* later ones are fits of members, over and over */
    for (int t = 0; gusto_model_name_at(t, NULL); t++) {
        bool whole = false;
        for (long n = 1; !whole; n += n < 600 ? 1 : step) {
            counting        c = {.fail_at = n};
            gusto_allocator allocator = counting_allocator(&c);
            whole = whole_life(&allocator, t, path);
            ck_assert_msg(c.live == 0, "%s: allocation %ld fails: %ld are left", gusto_model_name_at(t, NULL), n, (long)c.live);
            ck_assert_msg(whole == (c.calls < n), "%s: allocation %ld fails, and nobody says so", gusto_model_name_at(t, NULL),
                          n);
            ck_assert_int_lt(n, 100000);
        }
    }
    unlink(path);
}
END_TEST

/* Lists [n x n_best] are those [n x n_items], filled up; and no allocation grows with what was asked for. */
static void check_filled(const char *name, int n, const int32_t *few, const gusto_real *few_score, int n_best,
                         const int32_t *many, const gusto_real *many_score)
{
    for (int j = 0; j < n; j++)
        for (int b = 0; b < n_best; b++) {
            const gusto_real got = many_score[j * n_best + b];
            if (b >= ITEMS || few[j * ITEMS + b] < 0)
                require(many[j * n_best + b] == -1 && isnan(got));
            else if (many[j * n_best + b] != few[j * ITEMS + b] || got != few_score[j * ITEMS + b])
                ck_abort_msg("%s: list %d, place %d: item %d instead of %d", name, j, b, many[j * n_best + b],
                             few[j * ITEMS + b]);
        }
}

static size_t largest;

static void *measuring_alloc(void *user, size_t size, size_t alignment)
{
    (void)user;
#pragma omp critical(measuring)
    largest = size > largest ? size : largest;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void measuring_release(void *user, void *memory)
{
    (void)user;
    free(memory);
}

START_TEST(lists_longer_than_there_are_items)
{
    enum { LISTS = 3, LONG = 200000 };
    setup_context();
    gusto_ratings        *ratings = fixture_ratings(context, 1);
    const gusto_allocator measuring = {measuring_alloc, measuring_release, NULL};
    gusto_context        *small;
    ck_assert_int_eq(gusto_context_create(&measuring, &small), GUSTO_OK);
    static int32_t    few[LISTS * ITEMS], many[LISTS * LONG];
    static gusto_real few_score[LISTS * ITEMS], many_score[LISTS * LONG];
    const int32_t     rows[LISTS] = {0, 3, 5};
    FOR_EACH_MODEL(model)
    {
        const char *name = gusto_model_name(model);
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        ck_assert_int_eq(gusto_model_recommend(context, model, LISTS, rows, ITEMS, NULL, few, few_score), GUSTO_OK);
        largest = 0;
        ck_assert_int_eq(gusto_model_recommend(small, model, LISTS, rows, LONG, NULL, many, many_score), GUSTO_OK);
        ck_assert_msg(largest < LONG * sizeof(gusto_real), "%s: allocates %zu bytes", name, largest);
        check_filled(name, LISTS, few, few_score, LONG, many, many_score);
        ck_assert_int_eq(gusto_model_similar(context, model, LISTS, rows, ITEMS, few, few_score), GUSTO_OK);
        largest = 0;
        ck_assert_int_eq(gusto_model_similar(small, model, LISTS, rows, LONG, many, NULL), GUSTO_OK);
        ck_assert_msg(largest < LONG * sizeof(gusto_real), "%s: similar allocates %zu bytes", name, largest);
        ck_assert_int_eq(gusto_model_similar(small, model, LISTS, rows, LONG, many, many_score), GUSTO_OK);
        check_filled(name, LISTS, few, few_score, LONG, many, many_score);
    }
    gusto_context_destroy(small);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("models", options_have_sound_defaults_and_bounds, an_unfitted_model_says_so, lists_scores_and_predictions_agree,
        lists_longer_than_there_are_items, filters_are_kept, similar_items_leave_out_the_item_itself,
        fold_in_is_close_to_training, items_fold_in_close_to_training, a_loaded_model_folds_in_as_the_fitted_one,
        same_seed_same_file_at_any_thread_count, a_cancelled_fit_leaves_a_valid_model, failure_changes_nothing,
        features_are_kept_or_refused, no_failed_allocation_leaks_or_crashes);
}
