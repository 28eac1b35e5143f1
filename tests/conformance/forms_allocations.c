/* Memory that is not there, in the life of every form of every model: some of the allocations of each. allocations.c has all of them, of a model's defaults. */
#include "forms.h"

/* A fit, scores, and a file there and back, with an allocation that fails. Returns whether it all went through. */
static bool life(gusto_allocator *allocator, const form *f, const char *path)
{
    gusto_context *c;
    if (gusto_context_create(allocator, &c) < 0)
        return false;
    gusto_context_set_threads(c, 2);
    gusto_ratings    *ratings = fixture_ratings(c, 1);
    gusto_model      *model = ratings ? form_model(c, f) : NULL, *loaded = NULL;
    static gusto_real out[ITEMS];
    const int32_t     user = 1;
    bool              whole = model != NULL;
    whole = whole && fixture_fit(c, model, ratings, NULL) >= 0;
    whole = whole && gusto_model_score(c, model, 1, &user, out) == GUSTO_OK;
    whole = whole && gusto_model_save(c, model, path) == GUSTO_OK;
    whole = whole && gusto_model_load(c, path, &loaded) == GUSTO_OK;
    gusto_model_destroy(loaded);
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(c);
    return whole;
}

START_TEST(no_failed_allocation_leaks)
{
    enum { POINTS = 16 };
    const form     *f = &forms[_i];
    counting        all = {.fail_at = 0};
    gusto_allocator counts = counting_allocator(&all);
    char            path[512];
    fixture_path(path, "forms");
    ck_assert_msg(life(&counts, f, path), "%s %s", f->model, f->options);
    const long calls = (long)all.calls;
    for (int p = 0; p < POINTS; p++) {
        counting        c = {.fail_at = 1 + (calls - 1) * p / (POINTS - 1)};
        gusto_allocator allocator = counting_allocator(&c);
        const bool      whole = life(&allocator, f, path);
        ck_assert_msg(!whole && c.live == 0, "%s %s: allocation %ld of %ld fails: %ld are left%s", f->model, f->options,
                      (long)c.fail_at, calls, (long)c.live, whole ? ", and nobody says so" : "");
    }
    unlink(path);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("forms");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, no_failed_allocation_leaks, 0, N_FORMS);
    return run_case("forms", tcase, CK_FORK_GETENV);
}
