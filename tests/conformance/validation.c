/* What a validation set is measured by: ratings by RMSE, scores that are no ratings by 1 - NDCG@10; and by how that stands in the model. */
#include "each_model.h"

#include "train/params.h"

static gusto_model *fitted(const char *name, const char *option, const char *text, const gusto_ratings *train,
                           const gusto_ratings *held)
{
    gusto_model      *model;
    gusto_features   *features = fixture_features(context, ITEMS, 7, 1);
    gusto_fit_options fit = gusto_fit_options_default();
    fit.validation = held;
    ck_assert_int_eq(gusto_model_create(context, name, &model), GUSTO_OK);
    if (option)
        ck_assert_int_eq(gusto_model_set(context, model, option, text), GUSTO_OK);
    if (gusto_model_uses_item_features(model))
        fit.item_features = features;
    ck_assert_msg(gusto_model_fit(context, model, train, &fit) >= 0, "%s: %s", name, gusto_context_message(context));
    gusto_features_destroy(features);
    return model;
}

static double measured(const gusto_model *model, const gusto_ratings *held, const char *metric)
{
    double value;
    ck_assert_int_eq(gusto_evaluate(context, model, held, NULL, 1, &metric, &value, NULL), GUSTO_OK);
    return value;
}

static bool equal_tensors(const gusto_model *a, const gusto_model *b)
{
    gusto_tensor x, y;
    for (int t = 0; gusto_model_tensor_at(a, t, &x); t++)
        if (!gusto_model_tensor_at(b, t, &y) || x.rows != y.rows ||
            (x.dtype == GU_DTYPE_REAL && memcmp(x.data, y.data, (size_t)(x.rows * x.ld) * sizeof(gusto_real)) != 0))
            return false;
    return true;
}

/* Sweeps end with the last: its metric is that of the model, which no validation set has changed. */
START_TEST(sweeps_are_measured_as_the_model_is)
{
    static const struct {
        const char *model, *option, *text;
        bool        lists;
    } cases[] = {{"ials", NULL, NULL, true},
                 {"logistic", NULL, NULL, true},
                 {"puresvd", "rank", "4", true},
                 {"content", "feedback", "implicit", true},
                 {"hybrid", "combine", "zscore", true},
                 {"content", NULL, NULL, false},
                 {"als", NULL, NULL, false},
                 {"hybrid", NULL, NULL, false}};
    gusto_ratings *all = fixture_ratings(context, 1), *train, *held;
    ck_assert_int_eq(gusto_split_fraction(context, all, 0.2, &train, &held), GUSTO_OK);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        gusto_model       *model = fitted(cases[c].model, cases[c].option, cases[c].text, train, held);
        gusto_model       *without = fitted(cases[c].model, cases[c].option, cases[c].text, train, NULL);
        int64_t            n;
        const gusto_epoch *epoch = gusto_model_history(model, &n);
        const double       expected = cases[c].lists ? 1 - measured(model, held, "ndcg@10") : measured(model, held, "rmse");
        ck_assert_int_gt(n, 0);
        ck_assert_msg(fabs(epoch[n - 1].validation - expected) < 1e-9, "%s: validation %g, not %g", cases[c].model,
                      epoch[n - 1].validation, expected);
        ck_assert_msg(equal_tensors(model, without), "%s", cases[c].model);
        gusto_model_destroy(model);
        gusto_model_destroy(without);
    }
    gusto_ratings_destroy(train);
    gusto_ratings_destroy(held);
    gusto_ratings_destroy(all);
    gusto_context_destroy(context);
}
END_TEST

/* What models predict, with the options that they have. */
static const struct {
    const char *model, *option, *text;
    bool        ratings;
} kinds[] = {{"mf", NULL, NULL, true},
             {"mf", "loss", "logistic", true},
             {"svdpp", NULL, NULL, true},
             {"content", NULL, NULL, true},
             {"hybrid", NULL, NULL, true},
             {"hybrid", "combine", "rank", true},
             {"popularity", NULL, NULL, true},
             {"ials", NULL, NULL, false},
             {"logistic", NULL, NULL, false},
             {"puresvd", NULL, NULL, false},
             {"ease", NULL, NULL, false},
             {"slim", NULL, NULL, false},
             {"rp3beta", NULL, NULL, false},
             {"bpr", NULL, NULL, false},
             {"dmf", NULL, NULL, false},
             {"autoencoder", NULL, NULL, true},
             {"autoencoder", "variant", "multinomial", false},
             {"warp", NULL, NULL, false},
             {"itemknn", NULL, NULL, true},
             {"itemknn", "target", "ranking", false},
             {"userknn", NULL, NULL, true},
             {"userknn", "similarity", "dice", false},
             {"content", "feedback", "implicit", true},
             {"hybrid", "combine", "zscore", true}};

START_TEST(predictions_are_ratings_or_not)
{
    for (size_t c = 0; c < sizeof kinds / sizeof *kinds; c++) {
        gusto_model *model;
        ck_assert_int_eq(gusto_model_create(context, kinds[c].model, &model), GUSTO_OK);
        if (kinds[c].option)
            ck_assert_int_eq(gusto_model_set(context, model, kinds[c].option, kinds[c].text), GUSTO_OK);
        ck_assert_msg(gusto_model_predicts_ratings(model) == kinds[c].ratings, "%s", kinds[c].model);
        gusto_model_destroy(model);
    }
    gusto_context_destroy(context);
}
END_TEST

/* The scores of a user are the predictions of his pairs, or the model says that they are not. */
START_TEST(scores_are_predictions_or_not)
{
    gusto_ratings *ratings = fixture_ratings(context, 1);
    for (size_t c = 0; c < sizeof kinds / sizeof *kinds; c++) {
        gusto_model *model = fitted(kinds[c].model, kinds[c].option, kinds[c].text, ratings, NULL);
        int32_t      users[ITEMS], items[ITEMS];
        gusto_real   scores[ITEMS], predicted[ITEMS];
        bool         same = true;
        for (int32_t i = 0; i < ITEMS; i++) {
            users[i] = 5;
            items[i] = i;
        }
        ck_assert_int_eq(gusto_model_score(context, model, 1, users, scores), GUSTO_OK);
        ck_assert_int_eq(gusto_model_predict(context, model, ITEMS, users, items, predicted), GUSTO_OK);
        for (int i = 0; i < ITEMS; i++)
            same = same && fabs((double)(scores[i] - predicted[i])) <= 1e-3 * (1 + fabs((double)predicted[i]));
        ck_assert_msg(gusto_model_scores_predict(model) == same, "%s", kinds[c].model);
        gusto_model_destroy(model);
    }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN_WITH("validation", setup_context, NULL, sweeps_are_measured_as_the_model_is, predictions_are_ratings_or_not,
             scores_are_predictions_or_not);
}
