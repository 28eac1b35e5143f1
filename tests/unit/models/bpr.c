/* bpr: the same bytes at any number of threads, on more than one block; a new user's row at the minimum of his problem; what it learns. */
#include "triples.h"

static gusto_model *fitted(gusto_context *context, const gusto_ratings *ratings, const char *sampling, double epochs)
{
    gusto_model *model;
    ck_assert_int_eq(gusto_model_create(context, "bpr", &model), GUSTO_OK);
    gusto_model_set_number(context, model, "rank", K);
    gusto_model_set_number(context, model, "epochs", epochs);
    gusto_model_set_number(context, model, "l2_user", 0.01);
    gusto_model_set_number(context, model, "l2_item", 0.01);
    ck_assert_int_eq(gusto_model_set(context, model, "rate", "constant"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "sampling", sampling), GUSTO_OK);
    ck_assert_int_ge(gusto_model_fit(context, model, ratings, NULL), 0);
    return model;
}

static const char *const samplings[] = {"uniform", "popularity", "dynamic"};

static gusto_model *quick(gusto_context *context, const gusto_ratings *ratings, const void *how)
{
    return fitted(context, ratings, how, 3);
}

START_TEST(threads_make_no_difference)
{
    for (int s = 0; s < 3; s++)
        check_threads(quick, samplings[s]);
}
END_TEST

START_TEST(learns_kinds)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = ratings_of(context);
    for (int s = 0; s < 3; s++) {
        gusto_model       *model = fitted(context, ratings, samplings[s], 60);
        int64_t            n;
        const gusto_epoch *epoch = gusto_model_history(model, &n);
        ck_assert_int_eq(n, 60);
        ck_assert_double_lt(epoch[59].loss, 0.8 * epoch[0].loss);
        check_kinds(context, model);
        gusto_model_destroy(model);
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* The objective of by_triples.h, in double. */
static double objective(const gusto_model *model, const double *p, int n, const int32_t *item, double l2)
{
    const gusto_tensor Q = tensor_of(model, "Q"), bi = tensor_of(model, "bi");
    double             x[ITEMS], sum = 0;
    bool               had[ITEMS] = {false};
    for (int i = 0; i < ITEMS; i++) {
        x[i] = (double)((const gusto_real *)bi.data)[i];
        for (int f = 0; f < K; f++)
            x[i] += p[f] * (double)((const gusto_real *)Q.data)[i * Q.ld + f];
    }
    for (int e = 0; e < n; e++)
        had[item[e]] = true;
    for (int e = 0; e < n; e++)
        for (int j = 0; j < ITEMS; j++)
            sum += had[j] ? 0 : log1p(exp(x[j] - x[item[e]])) / (ITEMS - n);
    for (int f = 0; f < K; f++)
        sum += n * l2 / 2 * p[f] * p[f];
    return sum;
}

START_TEST(fold_in_minimizes)
{
    enum { N = 40 }; /* more than one block of liked items */
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = ratings_of(context);
    gusto_model   *model = fitted(context, ratings, "uniform", 60);
    double         l2, p[K], size = 0;
    int32_t        item[N];
    gusto_real     value[N], row[K + 1];
    ck_assert_int_eq(gusto_model_get_number(context, model, "l2_user", &l2), GUSTO_OK);
    for (int e = 0; e < N; e++) {
        item[e] = 7 * e + 2;
        value[e] = 1;
    }
    ck_assert_int_eq(gusto_model_user_width(model), K + 1);
    ck_assert_int_eq(gusto_model_fold_in(context, model, N, item, value, NULL, row), GUSTO_OK);
    for (int f = 0; f < K; f++) {
        p[f] = (double)row[f];
        size += p[f] * p[f];
    }
    ck_assert_double_gt(size, 1e-3);
    double zero[K] = {0}, steep = 0, flat = 0;
    for (int f = 0; f < K; f++) { /* the slope at 0, and at the row */
        const double h = 1e-4, keep = p[f];
        zero[f] = h;
        double slope = objective(model, zero, N, item, l2);
        zero[f] = -h;
        slope = (slope - objective(model, zero, N, item, l2)) / (2 * h);
        zero[f] = 0;
        steep += slope * slope;
        p[f] = keep + h;
        slope = objective(model, p, N, item, l2);
        p[f] = keep - h;
        slope = (slope - objective(model, p, N, item, l2)) / (2 * h);
        p[f] = keep;
        flat += slope * slope;
    }
    ck_assert_double_lt(sqrt(flat), 1e-4 * sqrt(steep));
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(refuses_what_has_no_meaning)
{
    static const char *const set[][2] = {{"optimizer", "adam"}, {"schedule", "users"}, {"gradient", "mean"}, {"clip", "1"}};
    gusto_context           *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = ratings_of(context);
    for (int s = 0; s < 4; s++) {
        gusto_model *model;
        ck_assert_int_eq(gusto_model_create(context, "bpr", &model), GUSTO_OK);
        ck_assert_int_eq(gusto_model_set(context, model, set[s][0], set[s][1]), GUSTO_OK);
        ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_EOPTION);
        ck_assert_ptr_nonnull(strstr(gusto_context_message(context), set[s][0]));
        gusto_model_destroy(model);
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Early stopping goes by NDCG@10 of the held-out pairs. */
START_TEST(validates_by_ndcg)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = ratings_of(context), *train, *held;
    ck_assert_int_eq(gusto_split_fraction(context, ratings, 0.2, &train, &held), GUSTO_OK);
    gusto_fit_options fit = gusto_fit_options_default();
    fit.validation = held;
    gusto_model *model;
    ck_assert_int_eq(gusto_model_create(context, "bpr", &model), GUSTO_OK);
    gusto_model_set_number(context, model, "rank", K);
    gusto_model_set_number(context, model, "epochs", 20);
    gusto_model_set_number(context, model, "patience", 100);
    ck_assert_int_ge(gusto_model_fit(context, model, train, &fit), 0);
    int64_t            n;
    const gusto_epoch *epoch = gusto_model_history(model, &n);
    double             best = 1;
    for (int64_t e = 0; e < n; e++)
        best = fmin(best, epoch[e].validation);
    const char *const metric = "ndcg@10";
    double            ndcg; /* of the best epoch, which comes back at the end */
    ck_assert_int_eq(gusto_evaluate(context, model, held, NULL, 1, &metric, &ndcg, NULL), GUSTO_OK);
    ck_assert_double_lt(fabs(1 - ndcg - best), 1e-12);
    gusto_model_destroy(model);
    gusto_ratings_destroy(train);
    gusto_ratings_destroy(held);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN_UNFORKED("bpr", NULL, NULL, threads_make_no_difference, learns_kinds, fold_in_minimizes, refuses_what_has_no_meaning,
                 validates_by_ndcg);
}
