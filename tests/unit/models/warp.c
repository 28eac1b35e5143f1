/* warp: the same bytes at any number of threads, what it learns, and the first step by hand. */
#include "triples.h"

static gusto_model *fitted(gusto_context *context, const gusto_ratings *ratings, double epochs)
{
    gusto_model *model;
    ck_assert_int_eq(gusto_model_create(context, "warp", &model), GUSTO_OK);
    gusto_model_set_number(context, model, "rank", K);
    gusto_model_set_number(context, model, "epochs", epochs);
    gusto_model_set_number(context, model, "l2_user", 0.02);
    gusto_model_set_number(context, model, "l2_item", 0.02);
    ck_assert_int_eq(gusto_model_set(context, model, "rate", "constant"), GUSTO_OK);
    ck_assert_int_ge(gusto_model_fit(context, model, ratings, NULL), 0);
    return model;
}

static gusto_model *quick(gusto_context *context, const gusto_ratings *ratings, const void *how)
{
    (void)how;
    return fitted(context, ratings, 3);
}

START_TEST(threads_make_no_difference)
{
    check_threads(quick, NULL);
}
END_TEST

START_TEST(learns_kinds)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings     *ratings = ratings_of(context);
    gusto_model       *model = fitted(context, ratings, 60);
    int64_t            n;
    const gusto_epoch *epoch = gusto_model_history(model, &n);
    ck_assert_double_lt(epoch[59].loss, 0.7 * epoch[0].loss);
    check_kinds(context, model);
    ck_assert_int_eq(gusto_model_user_width(model), 0);
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Three items, of which the user has had one: all scores are near 0, so the first item drawn comes within the margin. Its weight is 1, and biases
 * move by the rate. */
START_TEST(the_first_step_by_hand)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    int32_t       user[] = {0}, item[] = {1};
    gusto_real    value[] = {4};
    gusto_entries entries = {
        .size = sizeof entries, .n = 1, .n_users = 1, .n_items = 3, .user = user, .item = item, .value = value};
    gusto_ratings *ratings;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &entries, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    gusto_model       *model = fitted(context, ratings, 1);
    const gusto_real  *bi = tensor_of(model, "bi").data;
    double             rate;
    int64_t            n;
    const gusto_epoch *epoch = gusto_model_history(model, &n);
    ck_assert_int_eq(gusto_model_get_number(context, model, "learning_rate", &rate), GUSTO_OK);
    ck_assert_double_lt(fabs((double)bi[1] - rate), 1e-6);
    ck_assert_double_lt(fabs((double)bi[0] + (double)bi[2] + rate), 1e-6);
    ck_assert(bi[0] == 0 || bi[2] == 0);
    ck_assert_double_lt(fabs(epoch[0].loss - 1), 0.1);
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN_UNFORKED("warp", NULL, NULL, threads_make_no_difference, learns_kinds, the_first_step_by_hand);
}
