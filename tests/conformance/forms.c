/* Every form of every model, each a case of its own (_i): the same file at any number of threads and on any instruction set, cancelled, saved and loaded. */
#include "forms.h"

static gusto_context *context;

static gusto_ratings *draw_ratings(gusto_context *of, uint64_t which)
{
    return fixture_ratings_of(of, which, MOST_USERS, MOST_ITEMS, 8);
}

static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

static void teardown(void)
{
    gusto_context_destroy(context);
}

/* ---- what has to be among them ---- */

/* Of the training, and so common to many models: once with mf is enough. */
static bool of_training(const char *name)
{
    static const char *const names[] = {"optimizer", "rate", "schedule", "gradient", "way"};
    for (size_t j = 0; j < sizeof names / sizeof *names; j++)
        if (strcmp(name, names[j]) == 0)
            return true;
    return false;
}

static bool is_among(const char *model, const char *option, double value)
{
    for (int f = 0; f < N_FORMS; f++) {
        double is = NAN;
        if (strcmp(forms[f].model, model) != 0)
            continue;
        gusto_model *of = form_model(context, &forms[f]);
        ck_assert_int_eq(gusto_model_get_number(context, of, option, &is), GUSTO_OK);
        gusto_model_destroy(of);
        if (is == value)
            return true;
    }
    return false;
}

/* Every choice of every option of a model's own, and of the training, by name; switches both ways. */
START_TEST(every_choice_has_a_form)
{
    for (int t = 0; gusto_model_name_at(t, NULL); t++) {
        const char         *name = gusto_model_name_at(t, NULL);
        gusto_model        *model;
        char                full[GUSTO_OPTION_TEXT];
        const gusto_option *option;
        ck_assert_int_eq(gusto_model_create(context, name, &model), GUSTO_OK);
        for (int o = 0; gusto_model_option_at(model, o, full, &option); o++) {
            const bool named = option->kind == GUSTO_OPTION_NAME, skipped = of_training(full) && strcmp(name, "mf") != 0;
            if ((!named && option->kind != GUSTO_OPTION_BOOL) || skipped || strchr(full, '.') || strcmp(full, "keep_seen") == 0)
                continue;
            for (int choice = 0; named ? option->choice(choice) != NULL : choice < 2; choice++)
                ck_assert_msg(is_among(name, full, choice), "%s: no form has %s=%s", name, full,
                              named    ? option->choice(choice)
                              : choice ? "yes"
                                       : "no");
        }
        gusto_model_destroy(model);
    }
}
END_TEST

/* ---- the same bytes ---- */

static void fit_and_save(const form *f, const gusto_ratings *ratings, const char *path)
{
    gusto_model *model = form_model(context, f);
    ck_assert_msg(fixture_fit(context, model, ratings, NULL) >= 0, "%s %s: %s", f->model, f->options,
                  gusto_context_message(context));
    ck_assert_int_eq(gusto_model_save(context, model, path), GUSTO_OK);
    gusto_model_destroy(model);
}

START_TEST(same_file_at_any_thread_count)
{
    static const int threads[] = {2, 3, 4, 8};
    const form      *f = &forms[_i];
    gusto_ratings   *ratings = draw_ratings(context, 1);
    char             first[512], other[512];
    fixture_path(first, "first");
    fixture_path(other, "other");
    gusto_context_set_threads(context, 1);
    fit_and_save(f, ratings, first);
    for (int t = 0; t < 4; t++) {
        gusto_context_set_threads(context, threads[t]);
        fit_and_save(f, ratings, other);
        ck_assert_msg(same_bytes(first, other), "%s %s at %d threads", f->model, f->options, threads[t]);
    }
    unlink(first);
    unlink(other);
    gusto_ratings_destroy(ratings);
}
END_TEST

/* The kernels of all instruction sets give the same bits, and BLAS, whose own choice is the processor's, gives its own. */
START_TEST(same_file_on_any_instruction_set)
{
    const form    *f = &forms[_i];
    gusto_ratings *ratings = draw_ratings(context, 1);
    char           first[512], other[512];
    fixture_path(first, "first");
    fixture_path(other, "other");
    gusto_context_set_threads(context, 2);
    for (int isa = GUSTO_ISA_REFERENCE; isa <= GUSTO_ISA_AVX512; isa++) {
        if (gusto_context_set_isa(context, (gusto_isa)isa) < 0)
            continue;
        fit_and_save(f, ratings, isa == GUSTO_ISA_REFERENCE ? first : other);
        ck_assert_msg(isa == GUSTO_ISA_REFERENCE || same_bytes(first, other), "%s %s on %s", f->model, f->options,
                      gusto_isa_name((gusto_isa)isa));
    }
    unlink(first);
    unlink(other);
    gusto_ratings_destroy(ratings);
}
END_TEST

/* ---- cancelled, saved and loaded ---- */

typedef struct hearing {
    int calls, cancel_at; /* the call that cancels, from 1 */
} hearing;

static bool cancel(void *user, const gusto_progress *progress)
{
    hearing *h = user;
    (void)progress;
    return ++h->calls >= h->cancel_at;
}

static void check_scores(const gusto_model *model, gusto_real *scores, const form *f)
{
    const int32_t user = 11;
    ck_assert_int_eq(gusto_model_score(context, model, 1, &user, scores), GUSTO_OK);
    for (int i = 0; i < MOST_ITEMS; i++)
        ck_assert_msg(isfinite((double)scores[i]), "%s %s: item %d", f->model, f->options, i);
}

/* Cancelled at the first call and later, a model that was fitted still scores; what is saved of it loads as the same. */
START_TEST(cancelled_forms_are_valid)
{
    const form    *f = &forms[_i];
    gusto_ratings *ratings = draw_ratings(context, 1), *others = draw_ratings(context, 2);
    gusto_model   *model = form_model(context, f), *loaded;
    gusto_real     scores[MOST_ITEMS], same[MOST_ITEMS];
    char           path[512], again[512];
    fixture_path(path, "cancelled");
    fixture_path(again, "again");
    gusto_context_set_threads(context, 2);
    ck_assert_int_ge(fixture_fit(context, model, ratings, NULL), 0);
    for (int at = 1; at <= 4; at += 3) {
        hearing           h = {.cancel_at = at};
        gusto_fit_options fit = gusto_fit_options_default();
        fit.progress = cancel;
        fit.user = &h;
        const gusto_status status = fixture_fit(context, model, others, &fit);
        const bool         sound = status == GUSTO_CANCELLED ? h.calls == at : status >= 0 && h.calls < at;
        ck_assert_msg(sound, "%s %s: status %d after %d calls, cancelled at %d", f->model, f->options, (int)status, h.calls, at);
        check_scores(model, scores, f);
    }
    ck_assert_int_eq(gusto_model_save(context, model, path), GUSTO_OK);
    ck_assert_msg(gusto_model_load(context, path, &loaded) == GUSTO_OK, "%s", gusto_context_message(context));
    check_scores(loaded, same, f);
    ck_assert(memcmp(scores, same, sizeof same) == 0);
    ck_assert_int_eq(gusto_model_save(context, loaded, again), GUSTO_OK);
    ck_assert_msg(same_bytes(path, again), "%s %s: loaded and saved again", f->model, f->options);
    gusto_model_destroy(loaded);
    gusto_model_destroy(model);
    unlink(path);
    unlink(again);
    gusto_ratings_destroy(others);
    gusto_ratings_destroy(ratings);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("forms");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, every_choice_has_a_form);
    tcase_add_loop_test(tcase, same_file_at_any_thread_count, 0, N_FORMS);
    tcase_add_loop_test(tcase, same_file_on_any_instruction_set, 0, N_FORMS);
    tcase_add_loop_test(tcase, cancelled_forms_are_valid, 0, N_FORMS);
    return run_case("forms", tcase, CK_FORK_GETENV);
}
