/* svdpp: with a small rate, what an epoch changes is minus rate times the gradient of the objective, whatever the order of ratings. */
#include "core/context.h"
#include "core/rng.h"

#include <gusto/gusto.h>

#include "../suite.h"

#include <math.h>
#include <string.h>

enum { USERS = 9, ITEMS = 6, K = 4 };

static const double RATE = 1e-4, L2 = 0.3, L2_BIAS = 0.2, INIT = 0.5;

static int64_t n_of(int u)
{
    int64_t n = 0;
    for (int i = 0; i < ITEMS; i++)
        n += (u + 2 * i) % 3 != 0;
    return n;
}

static gusto_ratings *ratings_of(gusto_context *context, double r[USERS][ITEMS])
{
    int32_t       user[USERS * ITEMS], item[USERS * ITEMS];
    gusto_real    value[USERS * ITEMS];
    gusto_entries entries = {
        .size = sizeof entries, .n_users = USERS, .n_items = ITEMS, .user = user, .item = item, .value = value};
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            r[u][i] = (u + 2 * i) % 3 ? 1 + (3 * u + i * i) % 5 : 0;
            if (r[u][i] == 0)
                continue;
            user[entries.n] = u;
            item[entries.n] = i;
            value[entries.n++] = (gusto_real)r[u][i];
        }
    gusto_ratings *ratings;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &entries, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    return ratings;
}

static double at(const gusto_model *model, const char *name, int64_t row, int64_t column)
{
    gusto_tensor tensor;
    ck_assert(gusto_model_tensor(model, name, &tensor));
    return (double)((const gusto_real *)tensor.data)[row * tensor.ld + column];
}

static gusto_model *fitted(gusto_context *context, const gusto_ratings *ratings, double rate, double epochs)
{
    gusto_model *model;
    ck_assert_int_eq(gusto_model_create(context, "svdpp", &model), GUSTO_OK);
    gusto_model_set_number(context, model, "rank", K);
    gusto_model_set_number(context, model, "l2", L2);
    gusto_model_set_number(context, model, "l2_bias", L2_BIAS);
    gusto_model_set_number(context, model, "bias_rate", 1);
    gusto_model_set_number(context, model, "init", INIT);
    gusto_model_set_number(context, model, "learning_rate", rate);
    gusto_model_set_number(context, model, "epochs", epochs);
    ck_assert_int_ge(gusto_model_fit(context, model, ratings, NULL), 0);
    return model;
}

/* Y starts at 0, so that P is p before the first epoch, and the ridge of Y has no part in its first gradient. */
START_TEST(an_epoch_follows_the_gradient)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    double         r[USERS][ITEMS];
    gusto_ratings *ratings = ratings_of(context, r);
    gusto_model   *before = fitted(context, ratings, 1e-30, 1), *after = fitted(context, ratings, RATE, 1);
    const double   mu = gusto_model_mean(before);
    double         worst = 0, size = 0;
    double         Q[ITEMS][K] = {{0}}, Y[ITEMS][K] = {{0}}, p[USERS][K] = {{0}}, bu[USERS] = {0}, bi[ITEMS] = {0};
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            if (r[u][i] == 0)
                continue;
            double d = r[u][i] - mu;
            for (int j = 0; j < K; j++)
                d -= at(before, "P", u, j) * at(before, "Q", i, j);
            bu[u] += d;
            bi[i] += d;
            for (int j = 0; j < K; j++) {
                p[u][j] += d * at(before, "Q", i, j) - L2 * at(before, "P", u, j);
                Q[i][j] += d * at(before, "P", u, j) - L2 * at(before, "Q", i, j);
                for (int other = 0; other < ITEMS; other++)
                    Y[other][j] += r[u][other] != 0 ? d * at(before, "Q", i, j) / sqrt((double)n_of(u)) : 0;
            }
        }
    for (int i = 0; i < ITEMS; i++) {
        worst = fmax(worst, fabs((at(after, "bi", i, 0) - 0) / RATE - bi[i]));
        for (int j = 0; j < K; j++) {
            worst = fmax(worst, fabs((at(after, "Q", i, j) - at(before, "Q", i, j)) / RATE - Q[i][j]));
            worst = fmax(worst, fabs(at(after, "Y", i, j) / RATE - Y[i][j]));
            size = fmax(size, fabs(Q[i][j]));
        }
    }
    for (int u = 0; u < USERS; u++) {
        worst = fmax(worst, fabs(at(after, "bu", u, 0) / RATE - bu[u]));
        for (int j = 0; j < K; j++) { /* P = p + z */
            double z = 0;
            for (int i = 0; i < ITEMS; i++)
                z += r[u][i] != 0 ? at(after, "Y", i, j) / sqrt((double)n_of(u)) : 0;
            worst = fmax(worst, fabs((at(after, "P", u, j) - z - at(before, "P", u, j)) / RATE - p[u][j]));
        }
    }
    ck_assert_double_gt(size, 1);
    ck_assert_double_lt(worst, 0.02 * size);
    gusto_model_destroy(before);
    gusto_model_destroy(after);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(descends_and_says_where_it_diverges)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    double             r[USERS][ITEMS];
    gusto_ratings     *ratings = ratings_of(context, r);
    gusto_model       *model = fitted(context, ratings, 0.02, 100);
    int64_t            n;
    const gusto_epoch *epoch = gusto_model_history(model, &n);
    ck_assert_int_eq(n, 100);
    ck_assert_double_lt(epoch[99].loss, epoch[0].loss / 2);
    gusto_model_set_number(context, model, "learning_rate", 1);
    gusto_model_set_number(context, model, "init", 100);
    gusto_model_set_number(context, model, "decay", 1);
    ck_assert_int_lt(gusto_model_fit(context, model, ratings, NULL), 0);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "epoch"));
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("svdpp", an_epoch_follows_the_gradient, descends_and_says_where_it_diverges);
}
