/* Defaults hold on any scale of ratings: with all ratings times a number, what comes out is times that number. */
#include "linear.h"

enum { USERS = 120, ITEMS = 60, RATINGS = 2400 };

static gusto_context *context;

static const struct {
    const char *model, *set[5];
} cases[] = {
    {"mf", {NULL}},
    {"mf", {"solver", "minibatch", NULL}},
    {"mf", {"solver", "minibatch", "optimizer", "adam", NULL}},
    {"mf", {"solver", "minibatch", "optimizer", "nesterov", NULL}},
    {"fmf", {NULL}},
    {"fmf", {"item_clusters", "3", "optimizer", "sgd", NULL}},
    {"svdpp", {NULL}},
    {"nmf", {NULL}},
    {"cluster", {NULL}},
    {"cluster", {"side", "items", NULL}},
    {"cocluster", {NULL}},
    {"autoencoder", {NULL}},
    {"autoencoder", {"variant", "users", NULL}},
};

/* A copy with all values times `by`. */
static gusto_ratings *scaled(const gusto_ratings *ratings, double by)
{
    static int32_t    user[RATINGS], item[RATINGS];
    static gusto_real value[RATINGS];
    gusto_entries     e = {.size = sizeof e, .n_users = USERS, .n_items = ITEMS, .user = user, .item = item, .value = value};
    gusto_rows        rows;
    gusto_ratings    *out;
    ck_assert_int_eq(gusto_ratings_by_user(context, ratings, &rows), GUSTO_OK);
    for (int32_t u = 0; u < rows.n_rows; u++)
        for (int64_t at = rows.start[u]; at < rows.start[u + 1]; at++) {
            user[e.n] = u;
            item[e.n] = rows.column[at];
            value[e.n++] = (gusto_real)((double)rows.value[at] * by);
        }
    ck_assert_int_eq(gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_ERROR, &out), GUSTO_OK);
    return out;
}

/* Scores of all users over `by`, and behind them those of user 1 folded in anew. scores [(USERS + 1) x ITEMS]. Returns the RMSE in training, over `by`. */
static double fit(int c, const gusto_ratings *stars, double by, double *scores)
{
    static gusto_real out[USERS * ITEMS];
    static int32_t    users[USERS];
    gusto_real        row[1024], folded[ITEMS];
    gusto_ratings    *ratings = scaled(stars, by);
    gusto_model      *model;
    gusto_rows        rows;
    ck_assert_int_eq(gusto_model_create(context, cases[c].model, &model), GUSTO_OK);
    for (int s = 0; cases[c].set[s]; s += 2)
        ck_assert_int_eq(gusto_model_set(context, model, cases[c].set[s], cases[c].set[s + 1]), GUSTO_OK);
    ck_assert_msg(gusto_model_fit(context, model, ratings, NULL) == GUSTO_OK, "%s", gusto_context_message(context));
    for (int32_t u = 0; u < USERS; u++)
        users[u] = u;
    ck_assert_int_eq(gusto_model_score(context, model, USERS, users, out), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_by_user(context, ratings, &rows), GUSTO_OK);
    ck_assert_int_le(gusto_model_user_width(model), 1024);
    ck_assert_int_eq(gusto_model_fold_in(context, model, rows.start[2] - rows.start[1], rows.column + rows.start[1],
                                         rows.value + rows.start[1], NULL, row),
                     GUSTO_OK);
    ck_assert_int_eq(gusto_model_score_rows(context, model, 1, row, folded), GUSTO_OK);

    double square = 0;
    for (int32_t u = 0; u < USERS; u++)
        for (int64_t e = rows.start[u]; e < rows.start[u + 1]; e++)
            square += pow((double)(out[u * ITEMS + rows.column[e]] - rows.value[e]) / by, 2);
    for (int j = 0; j < USERS * ITEMS; j++)
        scores[j] = (double)out[j] / by;
    for (int i = 0; i < ITEMS; i++)
        scores[USERS * ITEMS + i] = (double)folded[i] / by;
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    return sqrt(square / RATINGS);
}

static double distance(const double *a, const double *b, int n)
{
    double square = 0;
    for (int j = 0; j < n; j++)
        square += (a[j] - b[j]) * (a[j] - b[j]);
    return sqrt(square / n);
}

START_TEST(predictions_scale_with_the_ratings)
{
    static double       plain[(USERS + 1) * ITEMS], large[(USERS + 1) * ITEMS], small[(USERS + 1) * ITEMS];
    gusto_ratings      *stars;
    gusto_synth_options shape = gusto_synth_options_default();
    shape.n_users = USERS;
    shape.n_items = ITEMS;
    shape.n_ratings = RATINGS;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    ck_assert_int_eq(gusto_ratings_synth(context, &shape, &stars), GUSTO_OK);
    gusto_rows rows;
    double     square = 0;
    ck_assert_int_eq(gusto_ratings_by_user(context, stars, &rows), GUSTO_OK);
    for (int64_t e = 0; e < rows.nnz; e++)
        square += pow((double)rows.value[e] - gusto_ratings_mean(stars), 2);
    const double by =
        1.125 / sqrt(square / RATINGS); /* as those of ml-100k: their unit is 1, and those of the others 20 and .01 */
    const double rmse = fit(_i, stars, by, plain), rmse_large = fit(_i, stars, 20 * by, large),
                 rmse_small = fit(_i, stars, .01 * by, small);
    static const struct {
        int begin, n;
    } part[] = {{0, USERS * ITEMS}, {USERS * ITEMS, ITEMS}}; /* of training users, and folded in */
    for (int p = 0; p < 2; p++) {
        const double up = distance(plain + part[p].begin, large + part[p].begin, part[p].n);
        const double down = distance(plain + part[p].begin, small + part[p].begin, part[p].n);
        ck_assert_msg(up < 2e-3 && down < 2e-3, "part %d: times 20 %g, times .01 %g from what stars come to", p, up, down);
    }
    ck_assert_msg(fabs(rmse_large - rmse) < 1e-3 && fabs(rmse_small - rmse) < 1e-3,
                  "RMSE in training: %g, times 20 %g, times .01 %g", rmse, rmse_large, rmse_small);
    gusto_ratings_destroy(stars);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("scale");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, predictions_scale_with_the_ratings, 0, (int)(sizeof cases / sizeof *cases));
    return run_case("scale", tcase, CK_FORK_GETENV);
}
