#define _DEFAULT_SOURCE /* mkstemp */

#include "linear.h"

#include <stdlib.h>
#include <unistd.h>

static gusto_context *context;

/* The weights by Gauss-Jordan in double, for the rows and columns as they stand. */
static void reference(const matrix *m, double l2, double drop, double scale, double (*scores)[MOST])
{
    const int n = m->n_items;
    double    s[MOST], A[MOST][2 * MOST] = {{0}};
    for (int i = 0; i < n; i++) {
        double count = 0;
        for (int u = 0; u < m->n_users; u++)
            count += m->x[u][i] * m->x[u][i];
        s[i] = pow(count, -scale);
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            for (int u = 0; u < m->n_users; u++)
                A[i][j] += s[i] * m->x[u][i] * s[j] * m->x[u][j];
        A[i][i] = A[i][i] * (1 + drop / (1 - drop)) + l2;
        A[i][n + i] = 1;
    }
    for (int k = 0; k < n; k++) {
        const double pivot = A[k][k];
        for (int c = 0; c < 2 * n; c++)
            A[k][c] /= pivot;
        for (int r = 0; r < n; r++) {
            const double f = A[r][k];
            for (int c = 0; r != k && c < 2 * n; c++)
                A[r][c] -= f * A[k][c];
        }
    }
    for (int u = 0; u < m->n_users; u++)
        for (int j = 0; j < n; j++) {
            scores[u][j] = 0;
            for (int i = 0; i < n; i++)
                if (i != j)
                    scores[u][j] -= s[i] * m->x[u][i] * A[i][n + j] / A[j][n + j];
        }
}

START_TEST(both_forms_are_the_closed_form)
{
    static const struct {
        double      l2, drop, scale;
        const char *text[3];
    } cases[] = {{3, 0, 0, {"3", "0", "0"}}, {1, .5, 0, {"1", "0.5", "0"}}, {.7, .2, .3, {"0.7", "0.2", "0.3"}}};
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (int c = 0; c < 3; c++)
        for (int stars = 0; stars < 2; stars++)
            for (int users = 0; users < 2; users++) {
                const matrix      m = users ? matrix_draw(7, 19, stars, 3) : matrix_draw(20, 11, stars, 4);
                const char *const set[] = {"l2",    cases[c].text[0],          "drop",       cases[c].text[1],
                                           "scale", cases[c].text[2],          "use_values", stars ? "yes" : "no",
                                           "form",  users ? "users" : "items", NULL};
                double            want[MOST][MOST];
                gusto_model      *model = matrix_fit(context, &m, "ease", set);
                reference(&m, cases[c].l2, cases[c].drop, cases[c].scale, want);
                matrix_check_scores(context, model, &m, want, true, 2e-4);
                gusto_model_destroy(model);
            }
    gusto_context_destroy(context);
}
END_TEST

/* Features are users that only training sees: scores are those of ratings with weight times the features as further users. */
START_TEST(features_are_further_rows)
{
    enum { FEATURES = 3 };
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix m = matrix_draw(9, 12, true, 4);
    matrix       longer = m;
    int64_t      start[MOST + 1] = {0};
    int32_t      column[FEATURES * MOST];
    gusto_real   value[FEATURES * MOST];
    gusto_rows   rows = {.n_rows = m.n_items, .n_columns = FEATURES, .start = start, .column = column, .value = value};
    longer.n_users = m.n_users + FEATURES;
    for (int i = 0; i < m.n_items; i++) {
        for (int f = 0; f < FEATURES; f++)
            if ((i + f) % 3 != 0) {
                column[rows.nnz] = f;
                value[rows.nnz++] = (gusto_real)(1 + f);
                longer.x[m.n_users + f][i] = 2. * (1 + f);
            }
        start[i + 1] = rows.nnz;
    }
    gusto_features   *features;
    gusto_model      *model;
    gusto_ratings    *ratings = matrix_ratings(context, &m);
    gusto_fit_options fit = gusto_fit_options_default();
    double            want[MOST][MOST];
    reference(&longer, 1.5, 0, 0, want);
    ck_assert_int_eq(gusto_features_from_rows(context, &rows, NULL, NULL, &features), GUSTO_OK);
    fit.item_features = features;
    ck_assert_int_eq(gusto_model_create(context, "ease", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "l2", "1.5"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "features", "2"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "use_values", "yes"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "form", "users"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, &fit), GUSTO_EUNSUPPORTED);
    ck_assert_int_eq(gusto_model_set(context, model, "form", "auto"), GUSTO_OK);
    ck_assert_msg(gusto_model_fit(context, model, ratings, &fit) == GUSTO_OK, "%s", gusto_context_message(context));
    matrix_check_scores(context, model, &m, want, true, 2e-4);
    gusto_model_destroy(model);
    gusto_features_destroy(features);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* The objective of the essay, whose derivative by any weight off the diagonal must vanish. */
static double objective(const matrix *m, double l2, double (*B)[MOST])
{
    double sum = 0;
    for (int u = 0; u < m->n_users; u++)
        for (int j = 0; j < m->n_items; j++) {
            double d = m->x[u][j];
            for (int i = 0; i < m->n_items; i++)
                d -= m->x[u][i] * B[i][j];
            sum += d * d;
        }
    for (int i = 0; i < m->n_items; i++)
        for (int j = 0; j < m->n_items; j++)
            sum += l2 * B[i][j] * B[i][j];
    return sum;
}

START_TEST(weights_are_the_optimum)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix      m = matrix_draw(20, 11, false, 5);
    const char *const set[] = {"l2", "2", "form", "items", NULL};
    gusto_model      *model = matrix_fit(context, &m, "ease", set);
    gusto_tensor      tensor;
    ck_assert(gusto_model_tensor(model, "B", &tensor));
    ck_assert(tensor.rows == m.n_items && tensor.columns == m.n_items);
    double B[MOST][MOST];
    for (int i = 0; i < m.n_items; i++)
        for (int j = 0; j < m.n_items; j++)
            B[i][j] = (double)((const gusto_real *)tensor.data)[i * tensor.ld + j];
    const double at = objective(&m, 2, B), step = 1e-3;
    for (int i = 0; i < m.n_items; i++) {
        ck_assert(B[i][i] == 0);
        for (int j = 0; j < m.n_items; j++) {
            const double was = B[i][j];
            B[i][j] = was + step;
            const double above = objective(&m, 2, B);
            B[i][j] = was - step;
            const double below = objective(&m, 2, B);
            B[i][j] = was;
            if (i != j)
                ck_assert_msg(fabs(above - below) / (2 * step) < 1e-4 * at, "derivative by B[%d][%d]", i, j);
        }
    }
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}
END_TEST

/* Both forms say the same of two items: the partial correlation, the same both ways. */
START_TEST(likeness_does_not_depend_on_the_form)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix m = matrix_draw(15, 12, false, 6);
    gusto_real   scores[2][12][11];
    int32_t      items[2][12][11], queries[12];
    for (int i = 0; i < 12; i++)
        queries[i] = i;
    for (int f = 0; f < 2; f++) {
        const char *const set[] = {"l2", "2", "drop", "0.3", "scale", "0.4", "form", f ? "users" : "items", NULL};
        gusto_model      *model = matrix_fit(context, &m, "ease", set);
        ck_assert_int_eq(gusto_model_similar(context, model, 12, queries, 11, items[f][0], scores[f][0]), GUSTO_OK);
        gusto_model_destroy(model);
    }
    double table[12][12] = {{0}};
    for (int q = 0; q < 12; q++)
        for (int j = 0; j < 11; j++) {
            ck_assert(fabs((double)(scores[0][q][j] - scores[1][q][j])) < 1e-4);
            table[q][items[0][q][j]] = (double)scores[0][q][j];
        }
    for (int a = 0; a < 12; a++)
        for (int b = 0; b < a; b++)
            ck_assert(fabs(table[a][b] - table[b][a]) < 1e-4 && fabs(table[a][b]) > 0);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(a_singular_system_names_the_option)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix   m = matrix_draw(4, 9, false, 7);
    gusto_ratings *ratings = matrix_ratings(context, &m);
    gusto_model   *model;
    ck_assert_int_eq(gusto_model_create(context, "ease", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "l2", "0"), GUSTO_OK);
    for (int f = 0; f < 2; f++) {
        ck_assert_int_eq(gusto_model_set(context, model, "form", f ? "users" : "items"), GUSTO_OK);
        ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_ESINGULAR);
        ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "l2"));
        ck_assert(!gusto_model_is_fitted(model));
    }
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Without seen items the model keeps rows of its own, which scores and files go through. */
START_TEST(rows_are_kept_without_seen_items)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix      m = matrix_draw(20, 11, false, 4);
    const char *const with[] = {"l2", "2", NULL}, *const without[] = {"l2", "2", "keep_seen", "no", NULL};
    gusto_model *a = matrix_fit(context, &m, "ease", with), *b = matrix_fit(context, &m, "ease", without), *loaded;
    gusto_tensor tensor;
    ck_assert(!gusto_model_tensor(a, "X.item", &tensor));
    ck_assert(gusto_model_tensor(b, "X.item", &tensor));
    char path[] = "/tmp/gusto-test-ease-XXXXXX";
    close(mkstemp(path));
    ck_assert_int_eq(gusto_model_save(context, b, path), GUSTO_OK);
    ck_assert_int_eq(gusto_model_load(context, path, &loaded), GUSTO_OK);
    unlink(path);
    for (int32_t u = 0; u < m.n_users; u++) {
        gusto_real x[11], y[11];
        ck_assert_int_eq(gusto_model_score(context, a, 1, &u, x), GUSTO_OK);
        ck_assert_int_eq(gusto_model_score(context, loaded, 1, &u, y), GUSTO_OK);
        ck_assert(memcmp(x, y, sizeof x) == 0);
    }
    gusto_model_destroy(a);
    gusto_model_destroy(b);
    gusto_model_destroy(loaded);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("ease", both_forms_are_the_closed_form, features_are_further_rows, weights_are_the_optimum,
        likeness_does_not_depend_on_the_form, a_singular_system_names_the_option, rows_are_kept_without_seen_items);
}
