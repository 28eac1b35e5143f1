/* Every model of the table keeps the promises of gusto/model.h. A new model is tested by its line in models.def. */
#include "models/model_type.h"

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

/* Fits whatever the options: by a type without the model's own conditions. Returns whether the file is the same. */
static bool same_fit(gusto_model *model, const gusto_ratings *ratings, bool features, const char *path, const char *other)
{
    const gu_model_type *type = model->type;
    gu_model_type        free_type = *type;
    free_type.conditions = NULL;
    model->type = &free_type;
    ck_assert_msg((features ? fixture_fit : gusto_model_fit)(context, model, ratings, NULL) >= 0, "%s: %s", type->name,
                  gusto_context_message(context));
    ck_assert_int_eq(gusto_model_save(context, model, path), GUSTO_OK);
    model->type = type;
    gusto_container *a, *b;
    ck_assert_int_eq(gusto_container_open(context, path, &a), GUSTO_OK);
    ck_assert_int_eq(gusto_container_open(context, other, &b), GUSTO_OK);
    bool         same = true;
    gusto_tensor x, y;
    for (int t = 0; gusto_container_tensor_at(a, t, &x); t++)
        same = same && gusto_container_tensor(b, x.name, &y) && x.rows == y.rows && x.ld == y.ld &&
               memcmp(x.data, y.data, (size_t)(x.rows * x.ld) * gusto_dtype_size(x.dtype)) == 0;
    gusto_container_close(a);
    gusto_container_close(b);
    return same;
}

/* Another value of an option than the one that it has. */
static void set_another(gusto_model *model, const char *name)
{
    const int           o = gu_options_find(&model->options, name);
    char                full[GUSTO_OPTION_TEXT];
    const gusto_option *option = gu_options_at(&model->options, o, full);
    const double        value = model->options.value[o];
    const bool          counted = option->kind == GUSTO_OPTION_BOOL || option->kind == GUSTO_OPTION_NAME;
    const double        another = counted ? value == 0 : value + 1 <= option->high ? value + 1 : option->low;
    ck_assert_msg(gusto_model_set_number(context, model, name, another) == GUSTO_OK, "%s", gusto_context_message(context));
}

/* The first value of an option that is none of a list. False if all are. */
static bool set_outside(gusto_model *model, const char *name, const char *list)
{
    char                full[GUSTO_OPTION_TEXT];
    const gusto_option *option = gu_options_at(&model->options, gu_options_find(&model->options, name), full);
    if (option->kind == GUSTO_OPTION_BOOL)
        return gusto_model_set(context, model, name, strcmp(list, "true") == 0 ? "false" : "true") == GUSTO_OK;
    for (int c = 0; option->choice(c); c++)
        if (!strstr(list, option->choice(c)))
            return gusto_model_set(context, model, name, option->choice(c)) == GUSTO_OK;
    return false;
}

/* What a model says of its options is true: one that has no effect, as a condition has it, changes no number, and is refused. */
START_TEST(options_without_effect_have_none_and_are_refused)
{
    setup_context();
    gusto_context_set_threads(context, 1); /* many small fits */
    char path[512], other[512];
    fixture_path(path, "idle");
    fixture_path(other, "busy");
    gusto_ratings *ratings = fixture_ratings(context, 1);
    int            n = 0;
    FOR_EACH_MODEL(model)
    {
        for (const gu_condition *c = model->type->conditions; c && c->option; c++) {
            if (strchr(c->option, '.')) /* a group: checked by itself, below */
                continue;
            gusto_model *one;
            ck_assert_int_eq(gusto_model_create_like(context, model, &one), GUSTO_OK);
            ck_assert_msg(gu_options_find(&one->options, c->option) >= 0, "%s has no option %s", one->type->name, c->option);
            ck_assert_msg(!c->by || set_outside(one, c->by, c->values), "%s: %s has no other value", one->type->name, c->by);
            if (strcmp(one->type->name, "cluster") == 0) /* few rows take few clusters */
                gusto_model_set(context, one, "clusters", "3");
            same_fit(one, ratings, true, other, other);
            set_another(one, c->option);
            ck_assert_int_eq(gusto_model_check(context, one), GUSTO_EOPTION);
            ck_assert_ptr_nonnull(strstr(gusto_context_message(context), c->option));
            ck_assert_int_eq(fixture_fit(context, one, ratings, NULL), GUSTO_EOPTION);
            if (strcmp(c->option, "optimizer") != 0) /* which those who have one alone refuse themselves, too */
                ck_assert_msg(same_fit(one, ratings, true, path, other), "%s: option %s has an effect", one->type->name,
                              c->option);
            gusto_model_destroy(one);
            n++;
        }
    }
    ck_assert_int_gt(n, 20);
    unlink(path);
    unlink(other);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(a_group_belongs_to_what_it_is_called_by)
{
    static const struct {
        const char *name, *value, *chooser, *choice;
    } groups[] = {{"adam.beta1", "0.5", "optimizer", "adam"},  {"step.every", "3", "rate", "step"},
                  {"entries.run", "4", "schedule", "entries"}, {"blocks.user_blocks", "3", "schedule", "blocks"},
                  {"batch_size", "40", "schedule", "users"},   {"crossover", "0.5", "way", "auto"}};
    setup_context();
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        gusto_model *model;
        ck_assert_int_eq(gusto_model_create(context, "hybrid", &model), GUSTO_OK);
        for (int member = 0; member < 2; member++) { /* under its label, and of the model itself */
            char              name[GUSTO_OPTION_TEXT], chooser[GUSTO_OPTION_TEXT], solver[GUSTO_OPTION_TEXT];
            const char *const label = member ? "" : "mf.";
            if (member) {
                gusto_model_destroy(model);
                ck_assert_int_eq(gusto_model_create(context, "mf", &model), GUSTO_OK);
            }
            snprintf(name, sizeof name, "%s%s", label, groups[g].name);
            snprintf(chooser, sizeof chooser, "%s%s", label, groups[g].chooser);
            snprintf(solver, sizeof solver, "%ssolver", label);
            ck_assert_int_eq(gusto_model_set(context, model, solver, "minibatch"), GUSTO_OK);
            ck_assert_int_eq(gusto_model_set(context, model, name, groups[g].value), GUSTO_OK);
            ck_assert_int_eq(gusto_model_set(context, model, chooser, groups[g].choice), GUSTO_OK);
            ck_assert_msg(gusto_model_check(context, model) == GUSTO_OK, "%s", gusto_context_message(context));
            ck_assert(set_outside(
                model, chooser, strcmp(groups[g].name, "batch_size") == 0 ? "entries, users, items, blocks" : groups[g].choice));
            ck_assert_int_eq(gusto_model_check(context, model), GUSTO_EOPTION);
            ck_assert_ptr_nonnull(strstr(gusto_context_message(context), name));
            ck_assert_ptr_nonnull(strstr(gusto_context_message(context), groups[g].choice));
        }
        gusto_model_destroy(model);
    }
    gusto_context_destroy(context);
}
END_TEST

/* With weights as given, and without: the numbers are the same where the model says that it ignores them, and only there. */
START_TEST(weights_count_where_a_model_says_so)
{
    setup_context();
    gusto_context_set_threads(context, 1); /* many small fits */
    char path[512], other[512];
    fixture_path(path, "weighted");
    fixture_path(other, "plain");
    gusto_ratings    *plain = fixture_ratings(context, 1), *weighted;
    gusto_rows        rows;
    static gusto_real weight[USERS * ITEMS];
    gusto_ratings_by_user(context, plain, &rows);
    for (int64_t e = 0; e < rows.nnz; e++)
        weight[e] = e % 3 ? 1 : (gusto_real)0.25;
    rows.weight = weight;
    ck_assert_int_eq(gusto_ratings_from_csr(context, &rows, GUSTO_BORROW, &weighted), GUSTO_OK);
    FOR_EACH_MODEL(model)
    {
        if (strcmp(gusto_model_name(model), "content") == 0)
            continue; /* needs features, which go by ids that these ratings lack */
        gusto_ratings *bare;
        gusto_rows     unweighted = rows;
        unweighted.weight = NULL;
        ck_assert_int_eq(gusto_ratings_from_csr(context, &unweighted, GUSTO_BORROW, &bare), GUSTO_OK);
        same_fit(model, bare, false, other, other);
        ck_assert_msg(same_fit(model, weighted, false, path, other) != gusto_model_uses_weights(model), "%s",
                      gusto_model_name(model));
        gusto_ratings_destroy(bare);
    }
    unlink(path);
    unlink(other);
    gusto_ratings_destroy(weighted);
    gusto_ratings_destroy(plain);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("models", options_without_effect_have_none_and_are_refused, a_group_belongs_to_what_it_is_called_by,
        weights_count_where_a_model_says_so, options_have_sound_defaults_and_bounds, an_unfitted_model_says_so,
        same_seed_same_file_at_any_thread_count, a_cancelled_fit_leaves_a_valid_model, a_fit_that_is_watched_is_the_same,
        failure_changes_nothing, features_are_kept_or_refused);
}
