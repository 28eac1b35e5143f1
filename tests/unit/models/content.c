/* content: tastes against ridge regression solved by elimination in double; implicit profiles by hand; items nobody has rated; explanations. */
#include "linear.h"

#include <stdio.h>
#include <unistd.h>

enum { F = 4 };

/* Items 0 .. n-1 and one more that nobody has rated, with features f0 .. f3 from a small pattern. */
static double feature(int i, int f)
{
    return (i + f) % 3 == 0 ? 1 : (i * 7 + f) % 5 == 1 ? 2 : 0;
}

static gusto_features *features_of(gusto_context *context, int n)
{
    int64_t         start[MOST + 2] = {0};
    int32_t         column[F * (MOST + 1)];
    gusto_real      value[F * (MOST + 1)];
    gusto_rows      rows = {.n_rows = n, .n_columns = F, .start = start, .column = column, .value = value};
    gusto_features *features;
    for (int i = 0; i < n; i++) {
        for (int f = 0; f < F; f++)
            if (feature(i, f) != 0) {
                column[rows.nnz] = f;
                value[rows.nnz++] = (gusto_real)feature(i, f);
            }
        start[i + 1] = rows.nnz;
    }
    ck_assert_int_eq(gusto_features_from_rows(context, &rows, NULL, NULL, &features), GUSTO_OK);
    return features;
}

static gusto_model *fit_content(gusto_context *context, const matrix *m, const char *const *set)
{
    gusto_model      *model;
    gusto_ratings    *ratings = matrix_ratings(context, m);
    gusto_features   *features = features_of(context, m->n_items + 1);
    gusto_fit_options fit = gusto_fit_options_default();
    fit.item_features = features;
    ck_assert_int_eq(gusto_model_create(context, "content", &model), GUSTO_OK);
    for (; set[0]; set += 2)
        ck_assert_int_eq(gusto_model_set(context, model, set[0], set[1]), GUSTO_OK);
    ck_assert_msg(gusto_model_fit(context, model, ratings, &fit) == GUSTO_OK, "%s", gusto_context_message(context));
    gusto_ratings_destroy(ratings);
    gusto_features_destroy(features);
    return model;
}

static double at(const gusto_model *model, const char *name, int64_t row, int64_t column)
{
    gusto_tensor tensor;
    ck_assert(gusto_model_tensor(model, name, &tensor));
    return (double)((const gusto_real *)tensor.data)[row * tensor.ld + column];
}

/* Feature f of item i, in an item of length 1. */
static double scaled(int i, int f)
{
    double squares = 0;
    for (int g = 0; g < F; g++)
        squares += feature(i, g) * feature(i, g);
    return squares > 0 ? feature(i, f) / sqrt(squares) : 0;
}

/* Solves A x = b by elimination; A [n x n] is positive definite. */
static void solve(int n, double A[F + 1][F + 1], double *b)
{
    for (int p = 0; p < n; p++)
        for (int r = 0; r < n; r++) {
            const double q = A[r][p] / A[p][p];
            for (int c = p; r != p && c < n; c++)
                A[r][c] -= q * A[p][c];
            b[r] -= r != p ? q * b[p] : 0;
        }
    for (int p = 0; p < n; p++)
        b[p] /= A[p][p];
}

/* Users with more ratings than features and users with fewer take two ways; both are the ridge regression. */
START_TEST(tastes_are_ridge_regressions)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    matrix m = matrix_draw(14, 10, true, 7);
    for (int i = 2; i < m.n_items; i++)
        m.x[3][i] = 0; /* a user with few */
    m.x[3][0] = 5;
    m.x[3][1] = 2;
    const char *const set[] = {"l2", "1.5", NULL};
    gusto_model      *model = fit_content(context, &m, set);
    for (int u = 0; u < m.n_users; u++) {
        double A[F + 1][F + 1] = {{0}}, b[F + 1] = {0};
        for (int f = 0; f < F; f++)
            A[f][f] = 1.5;
        for (int i = 0; i < m.n_items; i++)
            for (int f = 0; m.x[u][i] != 0 && f < F; f++) {
                b[f] += scaled(i, f) * (m.x[u][i] - at(model, "mu", 0, 0) - at(model, "bu", u, 0) - at(model, "bi", i, 0));
                for (int g = 0; g < F; g++)
                    A[f][g] += scaled(i, f) * scaled(i, g);
            }
        solve(F, A, b);
        for (int f = 0; f < F; f++)
            ck_assert_double_le(fabs(at(model, "Theta", u, f) - b[f]), 1e-4);
    }
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}
END_TEST

/* What all users make of the features: for the users' biases that the last sweep started from, which after many sweeps are those that it left. */
START_TEST(item_biases_are_explained_by_features)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix      m = matrix_draw(14, 10, true, 7);
    const char *const set[] = {"sweeps", "200", "l2_common", "2", "l2_item", "3", NULL};
    gusto_model      *model = fit_content(context, &m, set);
    double            A[F + 1][F + 1] = {{0}}, b[F + 1] = {0}, y[MOST], n[MOST];
    for (int f = 0; f < F; f++)
        A[f][f] = 2;
    for (int i = 0; i < m.n_items; i++) {
        y[i] = n[i] = 0;
        for (int u = 0; u < m.n_users; u++)
            if (m.x[u][i] != 0) {
                y[i] += m.x[u][i] - at(model, "mu", 0, 0) - at(model, "bu", u, 0);
                n[i]++;
            }
        y[i] /= n[i];
        const double omega = n[i] * 3 / (n[i] + 3);
        for (int f = 0; f <= F; f++) {
            const double x = f < F ? scaled(i, f) : 1;
            b[f] += omega * x * y[i];
            for (int g = 0; g <= F; g++)
                A[f][g] += omega * x * (g < F ? scaled(i, g) : 1);
        }
    }
    solve(F + 1, A, b);
    for (int f = 0; f < F; f++)
        ck_assert_double_le(fabs(at(model, "g", f, 0) - b[f]), 1e-4);
    for (int i = 0; i <= m.n_items; i++) { /* the last has no ratings */
        double shared = b[F];
        for (int f = 0; f < F; f++)
            shared += b[f] * scaled(i, f);
        const double expected = i < m.n_items ? shared + (y[i] - shared) * n[i] / (n[i] + 3) : shared;
        ck_assert_double_le(fabs(at(model, "bi", i, 0) - expected), 1e-4);
    }
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(an_unrated_item_is_scored_and_explained)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix      m = matrix_draw(14, 10, true, 7);
    const char *const set[] = {"l2", "1.5", NULL};
    gusto_model      *model = fit_content(context, &m, set);
    const int32_t     cold = m.n_items;
    ck_assert_int_eq(gusto_model_n_items(model), cold + 1);
    for (int32_t u = 0; u < m.n_users; u++) {
        gusto_real x, part[F + 1];
        int32_t    which[F + 1];
        double     sum = 0;
        ck_assert_int_eq(gusto_model_predict(context, model, 1, &u, &cold, &x), GUSTO_OK);
        ck_assert_int_eq(gusto_model_explain(context, model, u, cold, F + 1, which, part), GUSTO_OK);
        for (int j = 0; j < F + 1 && which[j] >= 0; j++) {
            ck_assert_double_le(
                fabs((double)part[j] - scaled(cold, which[j]) * (at(model, "Theta", u, which[j]) + at(model, "g", which[j], 0))),
                1e-5);
            ck_assert(j == 0 || part[j] <= part[j - 1]);
            sum += (double)part[j];
        }
        ck_assert_int_eq(which[F], -1);
        double c = at(model, "bi", cold, 0); /* less its features: the constant */
        for (int f = 0; f < F; f++)
            c -= scaled(cold, f) * at(model, "g", f, 0);
        ck_assert_double_le(fabs((double)x - sum - c - at(model, "mu", 0, 0) - at(model, "bu", u, 0)), 1e-5);
    }
    gusto_real part;
    int32_t    which;
    ck_assert_int_eq(gusto_model_explain(context, model, 0, cold + 1, 1, &which, &part), GUSTO_EID);
    gusto_model_destroy(model);

    gusto_ratings *ratings = matrix_ratings(context, &m);
    ck_assert_int_eq(gusto_model_create(context, "content", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_EARG); /* there are no features */
    gusto_model_destroy(model);
    ck_assert_int_eq(gusto_model_create(context, "baseline", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_OK);
    ck_assert_int_eq(gusto_model_explain(context, model, 0, 0, 1, &which, &part), GUSTO_EUNSUPPORTED);
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(implicit_scores_are_cosines_of_tf_idf)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix      m = matrix_draw(14, 10, false, 9);
    const char *const set[] = {"feedback", "implicit", NULL};
    gusto_model      *model = fit_content(context, &m, set);
    const int         n = m.n_items + 1;
    double            v[MOST + 1][F], idf[F];
    int               described = 0;
    for (int i = 0; i < n; i++)
        described += feature(i, 0) + feature(i, 1) + feature(i, 2) + feature(i, 3) > 0;
    for (int f = 0; f < F; f++) {
        int df = 0;
        for (int i = 0; i < n; i++)
            df += feature(i, f) > 0;
        idf[f] = log((double)described / df);
    }
    for (int i = 0; i < n; i++) {
        double squares = 0;
        for (int f = 0; f < F; f++)
            squares += pow(feature(i, f) * idf[f], 2);
        for (int f = 0; f < F; f++)
            v[i][f] = squares > 0 ? feature(i, f) * idf[f] / sqrt(squares) : 0;
    }
    for (int32_t u = 0; u < m.n_users; u++) {
        double     profile[F] = {0}, squares = 0;
        gusto_real scores[MOST + 1];
        for (int i = 0; i < m.n_items; i++)
            for (int f = 0; f < F; f++)
                profile[f] += m.x[u][i] != 0 ? v[i][f] : 0;
        for (int f = 0; f < F; f++)
            squares += profile[f] * profile[f];
        ck_assert_int_eq(gusto_model_score(context, model, 1, &u, scores), GUSTO_OK);
        for (int i = 0; i < n; i++) {
            double cosine = 0;
            for (int f = 0; f < F; f++)
                cosine += profile[f] * v[i][f] / sqrt(squares);
            ck_assert_double_le(fabs((double)scores[i] - cosine), 1e-5);
        }
    }
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}
END_TEST

/* The whole accepts the features that a member uses, hands them to it alone, and keeps them in one file. */
START_TEST(a_hybrid_hands_its_features_on)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const matrix      m = matrix_draw(14, 10, true, 7);
    gusto_ratings    *ratings = matrix_ratings(context, &m);
    gusto_features   *features = features_of(context, m.n_items + 1);
    gusto_fit_options fit = gusto_fit_options_default();
    gusto_model      *model, *loaded;
    char              path[512];
    const char       *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/gusto-test-%ld-hybrid", folder ? folder : "/tmp", (long)getpid());
    fit.item_features = features;
    ck_assert_int_eq(gusto_model_create(context, "hybrid", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "members", "als"), GUSTO_OK);
    ck_assert(!gusto_model_uses_item_features(model));
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, &fit), GUSTO_EUNSUPPORTED);
    ck_assert_int_eq(gusto_model_set(context, model, "members", "als, content"), GUSTO_OK);
    ck_assert(gusto_model_uses_item_features(model) && !gusto_model_uses_user_features(model));
    ck_assert_msg(gusto_model_fit(context, model, ratings, &fit) == GUSTO_OK, "%s", gusto_context_message(context));
    ck_assert_int_eq(gusto_model_save(context, model, path), GUSTO_OK);
    ck_assert_msg(gusto_model_load(context, path, &loaded) == GUSTO_OK, "%s", gusto_context_message(context));
    for (int32_t u = 0; u < m.n_users; u++)
        for (int32_t i = 0; i <= m.n_items; i++) {
            gusto_real x, y;
            ck_assert_int_eq(gusto_model_predict(context, model, 1, &u, &i, &x), GUSTO_OK);
            ck_assert_int_eq(gusto_model_predict(context, loaded, 1, &u, &i, &y), GUSTO_OK);
            ck_assert(x == y && isfinite((double)x));
        }
    remove(path);
    gusto_model_destroy(model);
    gusto_model_destroy(loaded);
    gusto_ratings_destroy(ratings);
    gusto_features_destroy(features);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("content", tastes_are_ridge_regressions, item_biases_are_explained_by_features, an_unrated_item_is_scored_and_explained,
        implicit_scores_are_cosines_of_tf_idf, a_hybrid_hands_its_features_on);
}
