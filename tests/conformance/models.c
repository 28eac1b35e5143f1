/* Every model of the table keeps the promises of gusto/model.h. A new model is tested by its line in models.def. */
#include "each_model.h"

#include <limits.h>

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

/* Its fit is one pass over the ratings: docs/training.md says that it does not hear of a cancel. */
static bool is_short(const gusto_model *model)
{
    return strcmp(gusto_model_name(model), "popularity") == 0;
}

typedef struct hearing {
    int calls, cancel_at; /* the call that cancels, from 1 */
    int finished;         /* epochs */
} hearing;

static bool cancel(void *user, const gusto_progress *progress)
{
    hearing *h = user;
    ck_assert(progress->epoch >= 1 && progress->epoch <= progress->n_epochs);
    ck_assert(progress->done >= 0 && progress->done <= progress->total);
    h->finished += progress->finished != NULL;
    return ++h->calls >= h->cancel_at;
}

static gusto_status fit_until(gusto_model *model, const gusto_ratings *ratings, hearing *h)
{
    gusto_fit_options fit = gusto_fit_options_default();
    fit.progress = cancel;
    fit.user = h;
    return fixture_fit(context, model, ratings, &fit);
}

static void check_predicts(const gusto_model *model)
{
    gusto_real predicted;
    int32_t    id = 1;
    ck_assert_int_eq(gusto_model_predict(context, model, 1, &id, &id, &predicted), GUSTO_OK);
    ck_assert_msg(isfinite((double)predicted), "%s", gusto_model_name(model));
}

/* Every model hears of it, at the first call and later; one with epochs is then as far as it came, one without as it was before. */
START_TEST(a_cancelled_fit_leaves_a_valid_model)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1), *others = fixture_ratings(context, 2);
    char           before[512], after[512];
    fixture_path(before, "before");
    fixture_path(after, "after");
    FOR_EACH_MODEL(model)
    {
        hearing            first = {.cancel_at = 1};
        const gusto_status status = fit_until(model, ratings, &first);
        ck_assert_msg((first.calls == 1) != is_short(model), "%s: %d calls", gusto_model_name(model), first.calls);
        ck_assert_int_eq(status, first.calls ? GUSTO_CANCELLED : GUSTO_OK);
        const bool fitted = gusto_model_is_fitted(model);
        ck_assert_msg(fitted || first.finished == 0, "%s: nothing is left of an epoch", gusto_model_name(model));
        if (fitted)
            check_predicts(model);

        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        for (int at = 1; at <= 5; at += 2) {
            hearing later = {.cancel_at = at};
            ck_assert_int_eq(gusto_model_save(context, model, before), GUSTO_OK);
            if (fit_until(model, others, &later) != GUSTO_CANCELLED)
                continue; /* it had come to its end: how often it asks depends on the clock, and the model is another now */
            ck_assert_int_eq(later.calls, at);
            check_predicts(model);
            ck_assert_int_eq(gusto_model_save(context, model, after), GUSTO_OK);
            ck_assert_msg(fitted || later.finished > 0 || same_bytes(before, after), "%s: another model after a cancelled fit",
                          gusto_model_name(model));
        }
    }
    unlink(before);
    unlink(after);
    gusto_ratings_destroy(others);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Being watched changes nothing. */
START_TEST(a_fit_that_is_watched_is_the_same)
{
    setup_context();
    gusto_ratings *ratings = fixture_ratings(context, 1);
    char           alone[512], watched[512];
    fixture_path(alone, "alone");
    fixture_path(watched, "watched");
    FOR_EACH_MODEL(model)
    {
        hearing never = {.cancel_at = INT_MAX};
        ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
        ck_assert_int_eq(gusto_model_save(context, model, alone), GUSTO_OK);
        ck_assert_int_ge(fit_until(model, ratings, &never), 0);
        ck_assert_int_eq(gusto_model_save(context, model, watched), GUSTO_OK);
        ck_assert_msg(same_bytes(alone, watched), "%s", gusto_model_name(model));
    }
    unlink(alone);
    unlink(watched);
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

int main(void)
{
    RUN("models", options_have_sound_defaults_and_bounds, an_unfitted_model_says_so, same_seed_same_file_at_any_thread_count,
        a_cancelled_fit_leaves_a_valid_model, a_fit_that_is_watched_is_the_same, failure_changes_nothing,
        features_are_kept_or_refused);
}
