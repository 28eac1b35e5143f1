/* nmf: one sweep against the update written out in double, and its fixed point. */
#include "core/context.h"
#include "core/rng.h"

#include <gusto/gusto.h>

#include "../suite.h"

#include <math.h>
#include <string.h>

enum { USERS = 7, ITEMS = 5, K = 3 };

/* Two thirds of the cells. */
static gusto_ratings *ratings_of(gusto_context *context, double r[USERS][ITEMS], double w[USERS][ITEMS])
{
    int32_t       user[USERS * ITEMS], item[USERS * ITEMS];
    gusto_real    value[USERS * ITEMS], weight[USERS * ITEMS];
    gusto_entries entries = {
        .size = sizeof entries, .n_users = USERS, .n_items = ITEMS, .user = user, .item = item, .value = value, .weight = weight};
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++) {
            w[u][i] = (u + 2 * i) % 3 ? 1 + (u + i) % 2 : 0;
            r[u][i] = 1 + (3 * u + i * i) % 5;
            if (w[u][i] == 0)
                continue;
            user[entries.n] = u;
            item[entries.n] = i;
            value[entries.n] = (gusto_real)r[u][i];
            weight[entries.n++] = (gusto_real)w[u][i];
        }
    gusto_ratings *ratings;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &entries, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    return ratings;
}

static gusto_model *fitted(gusto_context *context, const gusto_ratings *ratings, double sweeps, double starts)
{
    gusto_model *model;
    ck_assert_int_eq(gusto_model_create(context, "nmf", &model), GUSTO_OK);
    gusto_model_set_number(context, model, "rank", K);
    gusto_model_set_number(context, model, "l2", 0.5);
    gusto_model_set_number(context, model, "starts", starts);
    gusto_model_set_number(context, model, "sweeps", sweeps);
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_OK);
    return model;
}

static double at(const gusto_model *model, const char *name, int64_t row, int64_t column)
{
    gusto_tensor tensor;
    ck_assert(gusto_model_tensor(model, name, &tensor));
    return (double)((const gusto_real *)tensor.data)[row * tensor.ld + column];
}

/* The second sweep from the first one's factors, by the formula. */
START_TEST(a_sweep_is_the_formula)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    double         r[USERS][ITEMS], w[USERS][ITEMS], A[USERS][K], B[ITEMS][K];
    gusto_ratings *ratings = ratings_of(context, r, w);
    gusto_model   *one = fitted(context, ratings, 1, 1), *two = fitted(context, ratings, 2, 1);
    const double   c = sqrt(gusto_model_mean(one) / K), l2 = 0.5;
    for (int j = 0; j < K; j++) {
        for (int u = 0; u < USERS; u++)
            A[u][j] = at(one, "P", u, j);
        for (int i = 0; i < ITEMS; i++)
            B[i][j] = at(one, "Q", i, j);
    }
    for (int side = 0; side < 2; side++) {
        double x[USERS][ITEMS] = {{0}}, next_A[USERS][K], next_B[ITEMS][K];
        for (int u = 0; u < USERS; u++)
            for (int i = 0; i < ITEMS; i++)
                for (int j = 0; j < K; j++)
                    x[u][i] += A[u][j] * B[i][j];
        for (int j = 0; j < K; j++) {
            for (int u = 0; u < USERS; u++) {
                double up = l2 * c, down = l2 * A[u][j];
                for (int i = 0; i < ITEMS; i++) {
                    up += w[u][i] * r[u][i] * B[i][j];
                    down += w[u][i] * x[u][i] * B[i][j];
                }
                next_A[u][j] = A[u][j] * up / down;
            }
            for (int i = 0; i < ITEMS; i++) {
                double up = l2 * c, down = l2 * B[i][j];
                for (int u = 0; u < USERS; u++) {
                    up += w[u][i] * r[u][i] * A[u][j];
                    down += w[u][i] * x[u][i] * A[u][j];
                }
                next_B[i][j] = B[i][j] * up / down;
            }
        }
        if (side == 0)
            memcpy(A, next_A, sizeof A);
        else
            memcpy(B, next_B, sizeof B);
    }
    for (int j = 0; j < K; j++) {
        for (int u = 0; u < USERS; u++)
            ck_assert_double_le(fabs(at(two, "P", u, j) - A[u][j]), 1e-5);
        for (int i = 0; i < ITEMS; i++)
            ck_assert_double_le(fabs(at(two, "Q", i, j) - B[i][j]), 1e-5);
    }
    gusto_model_destroy(one);
    gusto_model_destroy(two);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Each sweep lowers the loss; factors stay non-negative; starts differ, and a negative rating is refused. */
START_TEST(descends_and_stays_nonnegative)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    double             r[USERS][ITEMS], w[USERS][ITEMS];
    gusto_ratings     *ratings = ratings_of(context, r, w);
    gusto_model       *model = fitted(context, ratings, 50, 2);
    int64_t            n;
    const gusto_epoch *epoch = gusto_model_history(model, &n);
    ck_assert_int_eq(n, 50);
    ck_assert_double_lt(epoch[49].loss, epoch[0].loss / 4);
    double apart = 0;
    for (int u = 0; u < USERS; u++)
        for (int j = 0; j < K; j++) {
            ck_assert_double_ge(at(model, "P", u, j), 0);
            apart += fabs(at(model, "P", u, j) - at(model, "P", u, K + j));
        }
    ck_assert_double_gt(apart, 0.01);
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);

    const gusto_real below[] = {1, -1};
    ck_assert_int_eq(gusto_ratings_from_dense(context, 1, 2, 2, below, GUSTO_COPY, &ratings), GUSTO_OK);
    ck_assert_int_eq(gusto_model_create(context, "nmf", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_EARG);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "-1"));
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("nmf", a_sweep_is_the_formula, descends_and_stays_nonnegative);
}
