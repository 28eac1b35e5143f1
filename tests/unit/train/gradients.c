/* The gradient against finite differences of the objective, and the three ways against each other. */
#include "problem.h"

static const double RATE = 1e-2;

/* The objective in double, straight from its definition in train/bilinear.h. */
static double objective(const gu_bilinear_settings *set, const gusto_rows *rows, const int32_t *item_count, const values *v)
{
    double sum = 0;
    for (int64_t u = 0; u < USERS; u++)
        for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++) {
            const int64_t i = rows->column[e];
            double        x = (double)set->mu + (double)v->bu[u] + (double)v->bi[i], squares = 0, r = (double)rows->value[e];
            const double  n_user = set->by_count ? 1 : (double)(rows->start[u + 1] - rows->start[u]);
            const double  n_item = set->by_count ? 1 : (double)item_count[i];
            for (int64_t j = 0; j < K; j++) {
                const double p = (double)v->P[u * LD + j], q = (double)v->Q[i * LD + j];
                x += p * q;
                squares += p * p / n_user + q * q / n_item;
            }
            const double w = rows->weight ? (double)rows->weight[e] : 1;
            if (set->loss == GU_LOSS_SQUARED) {
                sum += w * (x - r) * (x - r) / 2;
            } else {
                r = (r - set->low) / (set->high - set->low);
                sum += w * (log1p(exp(x)) - r * x);
            }
            sum += set->l2 / 2 * squares;
            sum +=
                set->l2_bias / 2 * ((double)v->bu[u] * (double)v->bu[u] / n_user + (double)v->bi[i] * (double)v->bi[i] / n_item);
        }
    return sum;
}

/* One gradient step from v gives the gradient as (before - after) / rate; every parameter is compared. */
static void compare(gusto_context *context, const gu_bilinear_settings *set, bool weighted, gu_way way)
{
    gusto_ratings *ratings = make_ratings(context, weighted);
    gusto_rows     rows;
    ck_assert_int_eq(gusto_ratings_by_user(context, ratings, &rows), GUSTO_OK);
    int32_t item_count[ITEMS] = {0};
    for (int64_t e = 0; e < rows.nnz; e++)
        item_count[rows.column[e]]++;

    static values before, after;
    start(&before);
    after = before;
    const gu_training training = full_batch(RATE, way);
    run_epochs(context, set, &training, ratings, 1, &after);

    gusto_real       *at[] = {before.P, before.Q, before.bu, before.bi};
    const gusto_real *moved[] = {after.P, after.Q, after.bu, after.bi};
    const int64_t     n[] = {USERS * LD, ITEMS * LD, USERS, ITEMS};
    double            worst = 0, size = 0;
    for (int a = 0; a < 4; a++)
        for (int64_t j = 0; j < n[a]; j++) {
            if (a < 2 && j % LD >= K) {
                ck_assert(moved[a][j] == 0); /* the padding */
                continue;
            }
            const double     h = 1e-2;
            const gusto_real x = at[a][j];
            const double     gradient = ((double)x - (double)moved[a][j]) / RATE;
            at[a][j] = (gusto_real)((double)x + h);
            const double up_at = (double)at[a][j], up = objective(set, &rows, item_count, &before);
            at[a][j] = (gusto_real)((double)x - h);
            const double down_at = (double)at[a][j], down = objective(set, &rows, item_count, &before);
            at[a][j] = x;
            const double expected = (up - down) / (up_at - down_at);
            worst = fmax(worst, fabs(gradient - expected));
            size = fmax(size, fabs(expected));
        }
    gusto_ratings_destroy(ratings);
    ck_assert_double_gt(size, 1);
    ck_assert_double_lt(worst, 2e-3 * size);
}

static gu_bilinear_settings settings(gu_loss loss, bool by_count)
{
    return (gu_bilinear_settings){.loss = loss,
                                  .by_count = by_count,
                                  .l2 = 0.3,
                                  .l2_bias = 0.7,
                                  .unit = 1,
                                  .mu = loss == GU_LOSS_SQUARED ? (gusto_real)2.9 : (gusto_real)0.2,
                                  .low = 1,
                                  .high = 5};
}

START_TEST(sparse_gradient_is_the_derivative)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (int loss = 0; loss < 2; loss++)
        for (int by_count = 0; by_count < 2; by_count++)
            for (int weighted = 0; weighted < 2; weighted++) {
                const gu_bilinear_settings set = settings((gu_loss)loss, by_count);
                compare(context, &set, weighted, GU_WAY_SPARSE);
            }
    gusto_context_destroy(context);
}
END_TEST

START_TEST(dense_and_gathered_gradients_are_the_derivative)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (int by_count = 0; by_count < 2; by_count++) {
        const gu_bilinear_settings set = settings(GU_LOSS_SQUARED, by_count);
        compare(context, &set, false, GU_WAY_DENSE);
        compare(context, &set, false, GU_WAY_GATHERED);
    }
    gusto_context_destroy(context);
}
END_TEST

static double difference(const values *a, const values *b)
{
    double            worst = 0;
    const gusto_real *x = (const gusto_real *)a, *y = (const gusto_real *)b;
    for (size_t j = 0; j < offsetof(values, bi) / sizeof *x + ITEMS; j++)
        worst = fmax(worst, fabs((double)x[j] - (double)y[j]));
    return worst;
}

/* Several epochs of Adam over batches of whole users: all ways see the same batches in the same order. */
START_TEST(ways_agree_to_rounding)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings             *ratings = make_ratings(context, false);
    const gu_bilinear_settings set = settings(GU_LOSS_SQUARED, true);
    static values              v[4];
    double                     loss[4];
    for (int way = GU_WAY_SPARSE; way <= GU_WAY_GATHERED; way++) {
        gu_training training = full_batch(1e-2, (gu_way)way);
        training.schedule = gusto_schedule_find("users");
        training.optimizer = gusto_optimizer_find("momentum");
        double values_of_optimizer[8];
        for (int o = 0; o < training.optimizer->n_options; o++)
            values_of_optimizer[o] = training.optimizer->options[o].value;
        training.optimizer_values = values_of_optimizer;
        start(&v[way]);
        loss[way] = run_epochs(context, &set, &training, ratings, 5, &v[way]);
    }
    ck_assert_double_lt(difference(&v[GU_WAY_SPARSE], &v[GU_WAY_DENSE]), 1e-4);
    ck_assert_double_lt(difference(&v[GU_WAY_SPARSE], &v[GU_WAY_GATHERED]), 1e-4);
    ck_assert_double_lt(fabs(loss[GU_WAY_SPARSE] - loss[GU_WAY_DENSE]), 1e-4);
    ck_assert_double_lt(fabs(loss[GU_WAY_SPARSE] - loss[GU_WAY_GATHERED]), 1e-4);

    static values untouched;
    start(&untouched);
    ck_assert_double_gt(difference(&untouched, &v[GU_WAY_SPARSE]), 1e-2);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* Same bytes at 1, 2 and 4 threads, whatever the schedule and the way. */
START_TEST(threads_do_not_matter)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings             *ratings = make_ratings(context, false);
    const gu_bilinear_settings set = settings(GU_LOSS_SQUARED, false);
    const gusto_schedule_type *schedule;
    for (int s = 0; (schedule = gusto_schedule_at(s)); s++)
        for (int way = GU_WAY_AUTO; way <= GU_WAY_GATHERED; way++) {
            if (way == GU_WAY_DENSE && strcmp(schedule->name, "users") != 0 && strcmp(schedule->name, "full") != 0)
                continue;
            double schedule_values[8];
            for (int o = 0; o < schedule->n_options; o++)
                schedule_values[o] = schedule->options[o].value;
            gu_training training = full_batch(1e-3, (gu_way)way);
            training.schedule = schedule;
            training.schedule_values = schedule_values;
            static values one, many;
            for (int threads = 1; threads <= 4; threads *= 2) {
                values *v = threads == 1 ? &one : &many;
                ck_assert_int_eq(gusto_context_set_threads(context, threads), GUSTO_OK);
                start(v);
                run_epochs(context, &set, &training, ratings, 3, v);
                ck_assert_msg(threads == 1 || memcmp(&one, &many, sizeof one) == 0, "schedule %s, way %d, %d threads",
                              schedule->name, way, threads);
            }
        }
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("gradients", sparse_gradient_is_the_derivative, dense_and_gathered_gradients_are_the_derivative, ways_agree_to_rounding,
        threads_do_not_matter);
}
