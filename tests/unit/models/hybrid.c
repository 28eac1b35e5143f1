/* Weights of a stack against cases that are known: exact mixtures, the ridge's limit, non-negative least squares by trying every subset. */
#include "../suite.h"
#include "core/rng.h"
#include "kernels/blas.h"
#include "models/stack.h"

#include <math.h>
#include <string.h>

enum { N = 2000, MEMBERS = 4, WIDTH = GU_STACK_TRAITS * (MEMBERS + 1), ROWS = 20 };

static gusto_context *context;
static int32_t        user[N], item[N], count[ROWS];
static gusto_real     value[N], prediction[MEMBERS * N];
static double         room[WIDTH * WIDTH + WIDTH], w[WIDTH];

static const gu_traits traits = {{2, 2}, {0, 0}, {3, 3}};

static gu_stack_pairs pairs(void)
{
    return (gu_stack_pairs){N, MEMBERS, user, item, value, prediction, count, count, 3};
}

/* Members: noise of their own around 3; counts 0, 1, 2, ... */
static void make(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (int r = 0; r < ROWS; r++)
        count[r] = r;
    for (int e = 0; e < N; e++) {
        uint32_t word[4];
        gu_random(5, GU_STREAM_TEST, (uint64_t)e, 0, word);
        user[e] = (int32_t)(word[0] % ROWS);
        item[e] = (int32_t)(word[1] % ROWS);
        gusto_real row[MEMBERS];
        gu_normal_row(6, GU_STREAM_TEST, (uint64_t)e, MEMBERS, 1, row);
        for (int m = 0; m < MEMBERS; m++)
            prediction[m * N + e] = 3 + row[m];
    }
}

static gu_sums sums_of(void)
{
    gu_sums              sums;
    const gu_stack_pairs p = pairs();
    ck_assert_int_eq(gu_sums_init(context, WIDTH, &sums), GUSTO_OK);
    ck_assert_int_eq(gu_sums_add_pairs(context, &p, &traits, NULL, 0, &sums), GUSTO_OK);
    return sums;
}

static double cut_log(int32_t n)
{
    return fmin(log1p((double)n), 3) - 2;
}

START_TEST(a_mixture_is_found)
{
    make();
    for (int e = 0; e < N; e++) {
        double x = 0.25;
        for (int m = 0; m < MEMBERS; m++)
            x += (0.5 - 0.3 * m + 0.1 * cut_log(count[user[e]]) - 0.05 * m * cut_log(count[item[e]])) *
                 ((double)prediction[m * N + e] - 3);
        value[e] = (gusto_real)(3 + x);
    }
    gu_sums                 sums = sums_of();
    const gu_stack_settings set = {.vary = true, .l2 = 1e-6, .l2_vary = 1e-6};
    ck_assert_int_eq(gu_stack_solve(context, &sums, MEMBERS, &set, room, w), GUSTO_OK);
    for (int m = 0; m < MEMBERS; m++) {
        ck_assert_double_eq_tol(w[m], 0.5 - 0.3 * m, 1e-3); /* negative ones too */
        ck_assert_double_eq_tol(w[MEMBERS + 1 + m], 0.1, 1e-3);
        ck_assert_double_eq_tol(w[2 * (MEMBERS + 1) + m], -0.05 * m, 1e-3);
    }
    ck_assert_double_eq_tol(w[MEMBERS], 0.25, 1e-3);
    ck_assert_double_lt(gu_sums_error(&sums, w) / N, 1e-6);
    gu_sums_clear(&context->allocator, &sums);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(an_endless_ridge_weighs_equally)
{
    make();
    for (int e = 0; e < N; e++)
        value[e] = prediction[e];
    gu_sums                 sums = sums_of();
    const gu_stack_settings set = {.vary = true, .l2 = 1e12, .l2_vary = 1e12};
    ck_assert_int_eq(gu_stack_solve(context, &sums, MEMBERS, &set, room, w), GUSTO_OK);
    for (int p = 0; p < WIDTH; p++)
        ck_assert_double_eq_tol(w[p], p < MEMBERS ? 1.0 / MEMBERS : 0, 1e-6);
    gu_sums_clear(&context->allocator, &sums);
    gusto_context_destroy(context);
}
END_TEST

/* The least error over all subsets of members, those whose weights come out negative left out. */
static double best_of_subsets(const gu_sums *sums)
{
    double best = INFINITY;
    for (int subset = 0; subset < 1 << MEMBERS; subset++) {
        int    which[MEMBERS + 1], n = 0;
        double A[(MEMBERS + 1) * (MEMBERS + 1)], x[MEMBERS + 1], all[WIDTH] = {0};
        for (int m = 0; m <= MEMBERS; m++)
            if (m == MEMBERS || subset >> m & 1)
                which[n++] = m;
        for (int p = 0; p < n; p++) {
            x[p] = sums->b[which[p]];
            for (int q = p; q < n; q++)
                A[p * n + q] = sums->G[which[p] * WIDTH + which[q]];
        }
        ck_assert(gu_posv_double(n, A, n, x));
        bool negative = false;
        for (int p = 0; p < n; p++) {
            all[which[p]] = x[p];
            negative |= which[p] < MEMBERS && x[p] < 0;
        }
        if (!negative)
            best = fmin(best, gu_sums_error(sums, all));
    }
    return best;
}

START_TEST(nonnegative_weights_are_the_best_of_all_subsets)
{
    make();
    for (int e = 0; e < N; e++) /* correlated members, two of which would go in with a minus */
        for (int m = 1; m < MEMBERS; m++)
            prediction[m * N + e] += (gusto_real)0.8 * (prediction[e] - 3);
    for (int e = 0; e < N; e++)
        value[e] = 3 + (gusto_real)0.2 * (prediction[e] - 3) + (gusto_real)0.7 * (prediction[N + e] - 3) -
                   (gusto_real)0.4 * (prediction[2 * N + e] - 3) - (gusto_real)0.1 * (prediction[3 * N + e] - 3);
    gu_sums                 sums = sums_of();
    const gu_stack_settings set = {.nonnegative = true, .vary = true, .l2 = 1e-9};
    ck_assert_int_eq(gu_stack_solve(context, &sums, MEMBERS, &set, room, w), GUSTO_OK);
    for (int m = 0; m < MEMBERS; m++)
        ck_assert_double_ge(w[m], 0);
    for (int p = MEMBERS + 1; p < WIDTH; p++)
        ck_assert(w[p] == 0);
    ck_assert_double_eq_tol(gu_sums_error(&sums, w), best_of_subsets(&sums), 1e-3);
    gu_sums_clear(&context->allocator, &sums);
    gusto_context_destroy(context);
}
END_TEST

/* The error that the ridges are chosen by, computed once more from the pairs of each fold. */
START_TEST(error_out_of_fold_is_that_of_the_pairs)
{
    enum { FOLDS = 4 };
    make();
    uint8_t bin[N];
    for (int e = 0; e < N; e++) {
        value[e] = 3 + (gusto_real)0.5 * (prediction[e] - 3) + (gusto_real)0.3 * (prediction[3 * N + e] - 3);
        bin[e] = (uint8_t)(e % FOLDS);
    }
    gu_sums              fold[FOLDS], rest;
    const gu_stack_pairs p = pairs();
    for (int f = 0; f < FOLDS; f++) {
        ck_assert_int_eq(gu_sums_init(context, WIDTH, &fold[f]), GUSTO_OK);
        ck_assert_int_eq(gu_sums_add_pairs(context, &p, &traits, bin, (uint8_t)f, &fold[f]), GUSTO_OK);
    }
    gu_stack_settings set = {.vary = false, .l2 = 300};
    double            error, again = 0;
    ck_assert_int_eq(gu_stack_choose(context, FOLDS, fold, MEMBERS, &set, &error), GUSTO_OK);
    for (int f = 0; f < FOLDS; f++) {
        ck_assert_int_eq(gu_sums_init(context, WIDTH, &rest), GUSTO_OK);
        for (int g = 0; g < FOLDS; g++)
            if (g != f)
                gu_sums_add(&rest, 1, &fold[g]);
        ck_assert_int_eq(gu_stack_solve(context, &rest, MEMBERS, &set, room, w), GUSTO_OK);
        for (int e = f; e < N; e += FOLDS) {
            double x = w[MEMBERS];
            for (int m = 0; m < MEMBERS; m++)
                x += w[m] * ((double)prediction[m * N + e] - 3);
            again += pow(x - ((double)value[e] - 3), 2);
        }
        gu_sums_clear(&context->allocator, &rest);
    }
    ck_assert_double_eq_tol(error, again / N, 1e-6);

    set = (gu_stack_settings){.vary = false};
    double chosen;
    ck_assert_int_eq(gu_stack_choose(context, FOLDS, fold, MEMBERS, &set, &chosen), GUSTO_OK);
    ck_assert(chosen <= error && set.l2 > 0);
    for (int f = 0; f < FOLDS; f++)
        gu_sums_clear(&context->allocator, &fold[f]);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("stack", a_mixture_is_found, an_endless_ridge_weighs_equally, nonnegative_weights_are_the_best_of_all_subsets,
        error_out_of_fold_is_that_of_the_pairs);
}
