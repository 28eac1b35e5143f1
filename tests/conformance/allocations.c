/* Memory that is not there: the n-th allocation fails, in the life of every model of the table.
 *
 *   test-conformance-allocations [PART OF]    every OF-th of the allocations, from PART on (0 ..): several programs share them */
#include "fixture.h"

static int part = 0, parts = 1;

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
        for (long n = 1 + part; !whole; n += parts * (n < 600 ? 1 : step)) {
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

int main(int argc, char **argv)
{
    if (argc == 3) {
        part = atoi(argv[1]);
        parts = atoi(argv[2]);
    }
    if (part < 0 || parts <= part)
        return EXIT_FAILURE;
    RUN("allocations", no_failed_allocation_leaks_or_crashes);
}
