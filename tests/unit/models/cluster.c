/* cluster: a sweep against the formulas in double, from the model of one sweep less; cells that nobody rated; both sides; k-means against
 * gusto_kmeans on the same matrix. How many clusters: cluster_choice.c. */
#include "linear.h"

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

int main(void)
{
    RUN("cluster", a_sweep_is_the_formula, opposite_users_are_told_apart, kmeans_is_that_of_the_header,
        kmeans_takes_more_clusters_than_rows);
}
