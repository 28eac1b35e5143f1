/* cluster: how many clusters, against trying them one by one; cancelled and without memory meanwhile. */
#include "linear.h"

#include <stdio.h>
#include <unistd.h>

static gusto_context *context;

static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

/* Four kinds of users with tastes of their own, and some noise. */
static matrix four_kinds(void)
{
    matrix m = {.n_users = 24, .n_items = 20};
    for (int u = 0; u < m.n_users; u++)
        for (int i = 0; i < m.n_items; i++) {
            uint32_t word[4];
            gu_random(7, GU_STREAM_TEST, (uint64_t)(u * MOST + i), 0, word);
            if (word[0] % 8 < 5)
                m.x[u][i] = (u + i) % 4 == 0 ? 5 : 1 + word[1] % 2;
        }
    return m;
}

static const char *const chosen_options[] = {"clusters", "0", "method", "soft", "starts", "3", "shrink", "1", NULL};

static int64_t chosen(const gusto_model *model)
{
    gusto_tensor tensor;
    ck_assert(gusto_model_tensor(model, "P", &tensor));
    return tensor.columns;
}

static void check_choice(const char *method, int starts)
{
    static const int     tried[] = {2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
    const matrix         m = four_kinds();
    const char          *set[] = {"clusters", "0", "method", method, "starts", "3", "shrink", "1", NULL};
    gusto_ratings *const ratings = matrix_ratings(context, &m), *train, *test;
    gusto_rows           held;
    double               least = INFINITY;
    int                  best = 0;
    ck_assert_int_eq(gusto_split_fraction(context, ratings, 0.1, &train, &test), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_by_user(context, test, &held), GUSTO_OK);
    for (int t = 0, worse = 0; t < 11 && worse < 2; t++) {
        gusto_model *model;
        double       sum = 0;
        ck_assert_int_eq(gusto_model_create(context, "cluster", &model), GUSTO_OK);
        for (int o = 2; set[o]; o += 2)
            ck_assert_int_eq(gusto_model_set(context, model, set[o], set[o + 1]), GUSTO_OK);
        ck_assert_int_eq(gusto_model_set_number(context, model, "clusters", tried[t]), GUSTO_OK);
        ck_assert_int_eq(gusto_model_fit(context, model, train, NULL), GUSTO_OK);
        for (int32_t u = 0; u < held.n_rows; u++)
            for (int64_t e = held.start[u]; e < held.start[u + 1]; e++) {
                gusto_real x;
                ck_assert_int_eq(gusto_model_predict(context, model, 1, &u, &held.column[e], &x), GUSTO_OK);
                sum += pow(fmin(fmax((double)x, 1), 5) - (double)held.value[e], 2);
            }
        worse = sum < least ? 0 : worse + 1;
        if (sum < least) {
            least = sum;
            best = tried[t];
        }
        gusto_model_destroy(model);
    }
    gusto_model *model = matrix_fit(context, &m, "cluster", set);
    ck_assert_int_gt(best, 2);
    ck_assert_int_eq(chosen(model), best * starts);

    char path[512]; /* and the file knows how many */
    snprintf(path, sizeof path, "%s/gusto-test-%ld-cluster", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (long)getpid());
    gusto_model *loaded;
    gusto_real   a[MOST], b[MOST];
    int32_t      user = 3;
    ck_assert_int_eq(gusto_model_save(context, model, path), GUSTO_OK);
    ck_assert_msg(gusto_model_load(context, path, &loaded) == GUSTO_OK, "%s", gusto_context_message(context));
    ck_assert_int_eq(gusto_model_score(context, model, 1, &user, a), GUSTO_OK);
    ck_assert_int_eq(gusto_model_score(context, loaded, 1, &user, b), GUSTO_OK);
    ck_assert_mem_eq(a, b, (size_t)m.n_items * sizeof *a);
    unlink(path);
    gusto_model_destroy(loaded);
    gusto_model_destroy(model);
    gusto_ratings_destroy(train);
    gusto_ratings_destroy(test);
    gusto_ratings_destroy(ratings);
}

START_TEST(zero_clusters_are_chosen_by_what_is_held_out)
{
    setup();
    check_choice("soft", 3);
    check_choice("kmeans", 1);
    gusto_context_destroy(context);
}
END_TEST

static bool count_down(void *user, const gusto_progress *progress)
{
    (void)progress;
    return --*(int *)user <= 0;
}

/* Whoever cancels, in whatever trial or pass, is asked no more, and has a model. */
START_TEST(cancelled_where_it_may_be)
{
    setup();
    const matrix   m = four_kinds();
    gusto_ratings *ratings = matrix_ratings(context, &m);
    for (int hard = 0; hard < 2; hard++)
        for (int calls = 1; calls < 60; calls += 7) {
            gusto_model      *model;
            int               left = calls;
            gusto_fit_options fit = gusto_fit_options_default();
            fit.progress = count_down;
            fit.user = &left;
            ck_assert_int_eq(gusto_model_create(context, "cluster", &model), GUSTO_OK);
            for (int o = 0; chosen_options[o]; o += 2)
                ck_assert_int_eq(gusto_model_set(context, model, chosen_options[o], chosen_options[o + 1]), GUSTO_OK);
            if (hard)
                ck_assert_int_eq(gusto_model_set(context, model, "method", "kmeans"), GUSTO_OK);
            ck_assert_int_eq(gusto_model_fit(context, model, ratings, &fit), left > 0 ? GUSTO_OK : GUSTO_CANCELLED);
            ck_assert_int_ge(left, 0);
            const int32_t u = 0;
            gusto_real    x;
            ck_assert_int_eq(gusto_model_predict(context, model, 1, &u, &u, &x), GUSTO_OK);
            ck_assert(isfinite((double)x));
            gusto_model_destroy(model);
        }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

static gusto_ratings *rated; /* of another context */

static gusto_status life(gusto_context *c, const char *clusters, const char *method)
{
    const char *const set[] = {"clusters", clusters, "method", method, "sweeps", "2", "starts", "2"};
    const int32_t     had[] = {1, 2};
    const gusto_real  stars[] = {1, 5};
    gusto_real        row[1024];
    gusto_model      *model = NULL;
    gusto_status      status = gusto_model_create(c, "cluster", &model);
    for (int o = 0; o < 8 && status == GUSTO_OK; o += 2)
        status = gusto_model_set(c, model, set[o], set[o + 1]);
    if (status == GUSTO_OK)
        status = gusto_model_fit(c, model, rated, NULL);
    if (status == GUSTO_OK)
        status = gusto_model_fold_in(c, model, 2, had, stars, NULL, row);
    gusto_model_destroy(model);
    return status;
}

static gusto_status hard_life(gusto_context *c)
{
    return life(c, "4", "kmeans");
}

static gusto_status choosing_life(gusto_context *c)
{
    return life(c, "0", "kmeans");
}

START_TEST(no_failed_allocation_is_missed)
{
    setup();
    const matrix m = four_kinds();
    gusto_rows   rows;
    rated = matrix_ratings(context, &m);
    ck_assert_int_eq(gusto_ratings_by_item(context, rated, &rows), GUSTO_OK);
    sweep_allocations(hard_life);
    sweep_allocations(choosing_life);
    gusto_ratings_destroy(rated);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("cluster_choice", zero_clusters_are_chosen_by_what_is_held_out, cancelled_where_it_may_be,
        no_failed_allocation_is_missed);
}
