/* cluster: a sweep against the formulas in double, from the model of one sweep less; cells that nobody rated; both sides; k-means against
 * gusto_kmeans on the same matrix; how many clusters, against trying them one by one. */
#include "linear.h"

#include <stdio.h>
#include <unistd.h>

static gusto_context *context;

static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

static double at(const gusto_model *model, const char *name, int64_t row, int64_t column)
{
    gusto_tensor tensor;
    ck_assert(gusto_model_tensor(model, name, &tensor));
    return (double)((const gusto_real *)tensor.data)[row * tensor.ld + column];
}

enum { K = 3, S = 2 };

static gusto_model *fitted(const matrix *m, const char *sweeps, const char *side, const char *temperature)
{
    const char *const set[] = {"clusters", "3",      "starts", "2",           "sweeps",    sweeps, "side",
                               side,       "shrink", "4",      "temperature", temperature, NULL};
    return matrix_fit(context, m, "cluster", set);
}

static void check_sweep(bool items, double temperature)
{
    const matrix m = matrix_draw(13, 9, true, 3);
    const char  *side = items ? "items" : "users", *z = items ? "Q" : "P", *c = items ? "P" : "Q";
    gusto_model *before = fitted(&m, "2", side, temperature > 0 ? "1.5" : "0"),
                *after = fitted(&m, "3", side, temperature > 0 ? "1.5" : "0");
    const int own = items ? m.n_items : m.n_users, other = items ? m.n_users : m.n_items;
    double    mu = at(after, "mu", 0, 0);
    for (int s = 0; s < S; s++) {
        double w[MOST][K];
        for (int r = 0; r < own; r++) { /* the assignment from the centroids before */
            double d[K] = {0}, sum = 0;
            int    nearest = 0;
            for (int k = 0; k < K; k++) {
                for (int o = 0; o < other; o++) {
                    const int u = items ? o : r, i = items ? r : o;
                    if (m.x[u][i] != 0)
                        d[k] +=
                            pow(m.x[u][i] - mu - at(after, "bu", u, 0) - at(after, "bi", i, 0) - at(before, c, o, s * K + k), 2);
                }
                nearest = d[k] < d[nearest] ? k : nearest;
            }
            for (int k = 0; k < K; k++)
                sum += w[r][k] = temperature > 0 ? exp(-d[k] / temperature) : k == nearest;
            for (int k = 0; k < K; k++) {
                w[r][k] /= sum;
                ck_assert_double_le(fabs(at(after, z, r, s * K + k) - w[r][k] / S), 1e-5);
            }
        }
        for (int o = 0; o < other; o++) /* the centroids from that assignment */
            for (int k = 0; k < K; k++) {
                double sum = 0, weight = 4;
                for (int r = 0; r < own; r++) {
                    const int u = items ? o : r, i = items ? r : o;
                    if (m.x[u][i] == 0)
                        continue;
                    sum += w[r][k] * (m.x[u][i] - mu - at(after, "bu", u, 0) - at(after, "bi", i, 0));
                    weight += w[r][k];
                }
                ck_assert_double_le(fabs(at(after, c, o, s * K + k) - sum / weight), 1e-5);
            }
    }
    gusto_model_destroy(before);
    gusto_model_destroy(after);
}

START_TEST(a_sweep_is_the_formula)
{
    setup();
    check_sweep(false, 1.5);
    check_sweep(true, 1.5);
    check_sweep(false, 0);
    gusto_context_destroy(context);
}
END_TEST

/* Two kinds of users who like opposite halves: two clusters find them, and tell unrated cells apart. */
START_TEST(opposite_users_are_told_apart)
{
    setup();
    matrix m = {.n_users = 20, .n_items = 12};
    for (int u = 0; u < m.n_users; u++)
        for (int i = 0; i < m.n_items; i++)
            if ((u + i) % 4)
                m.x[u][i] = u % 2 == i % 2 ? 5 : 1;
    const char *const set[] = {"clusters", "2", "starts", "8", "shrink", "1", NULL};
    gusto_model      *model = matrix_fit(context, &m, "cluster", set);
    for (int32_t u = 0; u < m.n_users; u++)
        for (int32_t i = 0; i < m.n_items; i++) {
            gusto_real x;
            ck_assert_int_eq(gusto_model_predict(context, model, 1, &u, &i, &x), GUSTO_OK);
            ck_assert(u % 2 == i % 2 ? x > (gusto_real)3.5 : x < (gusto_real)2.5);
        }
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}
END_TEST

/* The clusters of the rows of a side by gusto_kmeans itself: of ratings, or of what the model's biases leave. */
static void by_kmeans(const gusto_model *model, gusto_ratings *ratings, bool items, bool residuals, int32_t *label,
                      gusto_real *centers)
{
    gusto_rows by_user, by_item;
    gusto_real own[MOST * MOST], other[MOST * MOST];
    ck_assert_int_eq(gusto_ratings_by_user(context, ratings, &by_user), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_by_item(context, ratings, &by_item), GUSTO_OK);
    gusto_rows points = items ? by_item : by_user, columns = items ? by_user : by_item;
    for (int side = 0; side < 2 && residuals; side++) {
        gusto_rows *rows = side ? &columns : &points;
        gusto_real *left = side ? other : own;
        for (int32_t r = 0; r < rows->n_rows; r++)
            for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
                const int32_t u = (side == 1) != items ? rows->column[e] : r, i = (side == 1) != items ? r : rows->column[e];
                left[e] =
                    (gusto_real)((double)rows->value[e] - at(model, "mu", 0, 0) - at(model, "bu", u, 0) - at(model, "bi", i, 0));
            }
        rows->value = left;
    }
    const gusto_points all = {
        .size = sizeof all, .n = points.n_rows, .d = points.n_columns, .by_point = &points, .by_column = &columns};
    gusto_kmeans_options options = gusto_kmeans_options_default();
    options.n_clusters = K;
    options.n_starts = 5;
    options.iterations = 30;
    options.tolerance = 0;
    ck_assert_int_ge(gusto_kmeans(context, &all, &options, centers, label, NULL), 0);
}

static void check_kmeans(bool items, bool residuals)
{
    const matrix      m = matrix_draw(21, 13, true, 3);
    const char *const set[] = {"clusters", "3",
                               "method",   "kmeans",
                               "points",   residuals ? "residuals" : "ratings",
                               "side",     items ? "items" : "users",
                               "starts",   "5",
                               "sweeps",   "30",
                               "shrink",   "2",
                               NULL};
    gusto_model      *model = matrix_fit(context, &m, "cluster", set);
    gusto_ratings    *ratings = matrix_ratings(context, &m);
    const int         own = items ? m.n_items : m.n_users, other = items ? m.n_users : m.n_items;
    const char       *z = items ? "Q" : "P", *c = items ? "P" : "Q";
    int32_t           label[MOST];
    gusto_real        centers[K * MOST];
    gusto_tensor      tensor;
    by_kmeans(model, ratings, items, residuals, label, centers);
    for (int r = 0; r < own; r++)
        for (int k = 0; k < K; k++)
            ck_assert_double_eq(at(model, z, r, k), k == label[r]);
    for (int o = 0; o < other; o++)
        for (int k = 0; k < K; k++) {
            double sum = 0, weight = 2;
            for (int r = 0; r < own; r++) {
                const int u = items ? o : r, i = items ? r : o;
                if (m.x[u][i] == 0 || label[r] != k)
                    continue;
                sum += m.x[u][i] - at(model, "mu", 0, 0) - at(model, "bu", u, 0) - at(model, "bi", i, 0);
                weight++;
            }
            ck_assert_double_le(fabs(at(model, c, o, k) - sum / weight), 1e-5);
        }

    /* A user who comes later is compared with the centers. */
    ck_assert_int_eq(gusto_model_tensor(model, "centers", &tensor), !items);
    for (int u = 0; u < m.n_users && !items; u++) {
        gusto_real row[K + 1], value[MOST];
        int32_t    had[MOST];
        int64_t    n = 0;
        for (int i = 0; i < m.n_items; i++) {
            if (u == 0)
                for (int k = 0; k < K; k++)
                    ck_assert_double_le(fabs(at(model, "centers", i, k) - (double)centers[k * m.n_items + i]),
                                        1e-6); /* residuals may be off in the last place */
            if (m.x[u][i] != 0) {
                had[n] = i;
                value[n++] = (gusto_real)m.x[u][i];
            }
        }
        ck_assert_int_eq(gusto_model_fold_in(context, model, n, had, value, NULL, row), GUSTO_OK);
        for (int k = 0; k < K; k++)
            ck_assert_double_eq((double)row[k], k == label[u]);
    }
    gusto_ratings_destroy(ratings);
    gusto_model_destroy(model);
}

START_TEST(kmeans_is_that_of_the_header)
{
    setup();
    for (int threads = 1; threads <= 2; threads++) {
        ck_assert_int_eq(gusto_context_set_threads(context, threads), GUSTO_OK);
        check_kmeans(false, true);
        check_kmeans(false, false);
        check_kmeans(true, true);
        check_kmeans(true, false);
    }
    gusto_context_destroy(context);
}
END_TEST

/* More clusters than rows: the others are empty, and nobody who comes later joins one. */
START_TEST(kmeans_takes_more_clusters_than_rows)
{
    setup();
    const matrix      m = matrix_draw(4, 9, true, 5);
    const char *const set[] = {"clusters", "7", "method", "kmeans", NULL};
    gusto_model      *model = matrix_fit(context, &m, "cluster", set);
    for (int u = 0; u < m.n_users; u++) {
        double sum = 0;
        for (int k = 0; k < 4; k++)
            sum += at(model, "P", u, k);
        ck_assert_double_eq(sum, 1);
    }
    const int32_t    had[] = {2, 5};
    const gusto_real value[] = {1, 5};
    gusto_real       row[8];
    ck_assert_int_eq(gusto_model_fold_in(context, model, 2, had, value, NULL, row), GUSTO_OK);
    ck_assert_double_eq((double)(row[0] + row[1] + row[2] + row[3]), 1);
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}
END_TEST

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
    RUN("cluster", a_sweep_is_the_formula, opposite_users_are_told_apart, kmeans_is_that_of_the_header,
        kmeans_takes_more_clusters_than_rows, zero_clusters_are_chosen_by_what_is_held_out, cancelled_where_it_may_be,
        no_failed_allocation_is_missed);
}
