/* Users and items without ratings that the model has features of: scored by these, counted as unseen. */
#include "../suite.h"

#include <gusto/gusto.h>

#include <math.h>

/* Items 2 and 3 are in the dictionary without a rating; 2 has the feature of the items that are liked, 3 has none. */
START_TEST(features_stand_in_for_ratings)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    int32_t       user[] = {0, 0, 1, 1}, item[] = {0, 1, 0, 1}, test_user[] = {0, 0}, test_item[] = {2, 3};
    gusto_real    value[] = {5, 1, 4, 2}, test_value[] = {5, 1};
    gusto_entries train = {.size = sizeof train, .n = 4, .n_users = 2, .n_items = 4, .user = user, .item = item, .value = value};
    gusto_entries held = {
        .size = sizeof held, .n = 2, .n_users = 2, .n_items = 4, .user = test_user, .item = test_item, .value = test_value};
    const int64_t     start[] = {0, 1, 2, 3, 3};
    const int32_t     column[] = {0, 1, 0};
    const gusto_real  one[] = {1, 1, 1};
    const gusto_rows  rows = {.n_rows = 4, .n_columns = 2, .nnz = 3, .start = start, .column = column, .value = one};
    gusto_ratings    *train_ratings, *test;
    gusto_features   *features;
    gusto_model      *model;
    gusto_fit_options fit = gusto_fit_options_default();
    ck_assert_int_eq(gusto_ratings_from_entries(context, &train, GUSTO_DUPLICATES_ERROR, &train_ratings), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_from_entries(context, &held, GUSTO_DUPLICATES_ERROR, &test), GUSTO_OK);
    ck_assert_int_eq(gusto_features_from_rows(context, &rows, NULL, NULL, &features), GUSTO_OK);
    fit.item_features = features;
    ck_assert_int_eq(gusto_model_create(context, "content", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_fit(context, model, train_ratings, &fit), GUSTO_OK);

    const int32_t    u[] = {0, 0}, i[] = {2, -1};
    const char      *name = "mae";
    gusto_real       x[2];
    double           got;
    gusto_evaluation counts;
    ck_assert_int_eq(gusto_model_predict(context, model, 2, u, i, x), GUSTO_OK);
    ck_assert(x[0] > x[1]); /* the feature tells */
    ck_assert_int_eq(gusto_evaluate(context, model, test, NULL, 1, &name, &got, &counts), GUSTO_OK);
    ck_assert_double_eq_tol(got, (fabs((double)x[0] - 5) + fabs((double)x[1] - 1)) / 2, 1e-12);
    ck_assert_int_eq(counts.unseen_items, 2);
    ck_assert_int_eq(counts.unseen_users, 0);
    ck_assert_int_eq(counts.ranked_users, 1);

    gusto_model_destroy(model);
    gusto_features_destroy(features);
    gusto_ratings_destroy(train_ratings);
    gusto_ratings_destroy(test);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("described", features_stand_in_for_ratings);
}
