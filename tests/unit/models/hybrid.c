/* Weights of a stack against cases that are known: exact mixtures, the ridge's limit, non-negative least squares by trying every subset. */
#include "../../conformance/fixture.h"
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

static gusto_model *blend(gusto_context *c, const char *combine)
{
    gusto_model *model = NULL;
    bool         whole = gusto_model_create(c, "hybrid", &model) == GUSTO_OK;
    whole = whole && gusto_model_set(c, model, "members", "mf, popularity") == GUSTO_OK;
    whole = whole && gusto_model_set(c, model, "combine", combine) == GUSTO_OK;
    whole = whole && gusto_model_set(c, model, "learned", "true") == GUSTO_OK;
    whole = whole && gusto_model_set(c, model, "mf.epochs", "2") == GUSTO_OK;
    whole = whole && gusto_model_set(c, model, "folds", "2") == GUSTO_OK;
    if (!whole) {
        gusto_model_destroy(model);
        model = NULL;
    }
    return model;
}

/* Scores of a blend, made once more from those of its members fitted alone: z over what the user has not had. */
START_TEST(a_blend_adds_comparable_scores)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_ratings *ratings = fixture_ratings(context, 1);
    gusto_model   *model = blend(context, "zscore"), *alone[3];
    gusto_rows     seen;
    gusto_tensor   weights;
    const char    *names[] = {"mf", "popularity", "baseline"};
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_OK);
    ck_assert(gusto_model_tensor(model, "weights", &weights) && weights.columns == 3);
    ck_assert(gusto_model_tensor(model, "mf.Q", &weights) && weights.rows == ITEMS);
    ck_assert(gusto_model_tensor(model, "weights", &weights));
    gusto_model_seen(model, &seen);
    for (int m = 0; m < 3; m++) {
        ck_assert_int_eq(gusto_model_create(context, names[m], &alone[m]), GUSTO_OK);
        if (m == 0)
            ck_assert_int_eq(gusto_model_set(context, alone[m], "epochs", "2"), GUSTO_OK);
        ck_assert_int_eq(gusto_model_fit(context, alone[m], ratings, NULL), GUSTO_OK);
    }
    for (int32_t u = 0; u < USERS; u++) {
        gusto_real score[ITEMS], one[ITEMS];
        double     sum[ITEMS] = {0};
        bool       had[ITEMS] = {false};
        for (int64_t e = seen.start[u]; e < seen.start[u + 1]; e++)
            had[seen.column[e]] = true;
        ck_assert_int_eq(gusto_model_score(context, model, 1, &u, score), GUSTO_OK);
        for (int m = 0; m < 3; m++) {
            double n = 0, mean = 0, square = 0;
            ck_assert_int_eq(gusto_model_score(context, alone[m], 1, &u, one), GUSTO_OK);
            for (int i = 0; i < ITEMS; i++)
                if (!had[i]) {
                    n++;
                    mean += (double)one[i];
                    square += (double)one[i] * (double)one[i];
                }
            mean /= n;
            const double deviation = sqrt(square / n - mean * mean);
            for (int i = 0; i < ITEMS; i++)
                sum[i] += (double)((const gusto_real *)weights.data)[m] * ((double)one[i] - mean) / deviation;
        }
        for (int i = 0; i < ITEMS; i++)
            ck_assert_double_eq_tol((double)score[i], sum[i], 2e-3 * (1 + fabs(sum[i])));
    }
    for (int m = 0; m < 3; m++)
        gusto_model_destroy(alone[m]);
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

/* A blend's whole life, with the n-th allocation failing. Returns whether it all went through. */
static bool life(const gusto_allocator *allocator, const char *combine, const char *path)
{
    gusto_context *c;
    if (gusto_context_create(allocator, &c) < 0)
        return false;
    const int32_t  ids[] = {0, 1};
    int32_t        items[6];
    gusto_real     scores[2 * ITEMS], again[2 * ITEMS];
    gusto_ratings *ratings = fixture_ratings(c, 1);
    gusto_model   *model = ratings ? blend(c, combine) : NULL, *loaded = NULL;
    bool           whole = model && gusto_model_fit(c, model, ratings, NULL) == GUSTO_OK;
    whole = whole && gusto_model_score(c, model, 2, ids, scores) == GUSTO_OK;
    whole = whole && gusto_model_recommend(c, model, 2, ids, 3, NULL, items, NULL) == GUSTO_OK;
    whole = whole && gusto_model_save(c, model, path) == GUSTO_OK;
    whole = whole && gusto_model_load(c, path, &loaded) == GUSTO_OK;
    whole = whole && gusto_model_score(c, loaded, 2, ids, again) == GUSTO_OK;
    if (whole)
        ck_assert(memcmp(scores, again, sizeof scores) == 0);
    gusto_model_destroy(loaded);
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(c);
    return whole;
}

START_TEST(no_failed_allocation_of_a_blend_leaks)
{
    static const char *const combine[] = {"zscore", "rank"};
    char                     path[512];
    fixture_path(path, "blend");
    for (int t = 0; t < 2; t++) {
        bool whole = false;
        for (long n = 1; !whole; n += t == 0 ? 3 : 97) {
            counting        c = {.fail_at = n};
            gusto_allocator allocator = counting_allocator(&c);
            whole = life(&allocator, combine[t], path);
            ck_assert_msg(c.live == 0, "%s: allocation %ld fails: %ld are left", combine[t], n, (long)c.live);
            ck_assert_msg(whole == (c.calls < n), "%s: allocation %ld fails, and nobody says so", combine[t], n);
        }
    }
    unlink(path);
}
END_TEST

START_TEST(lists_of_members)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gusto_model *model;
    double       found;
    ck_assert_int_eq(gusto_model_create(context, "hybrid", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "members", "mf,mf2"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "mf2.rank", "5"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "mf2.adam.beta1", "0.5"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "members", "popularity mf2"), GUSTO_OK); /* what stays keeps its values */
    ck_assert_int_eq(gusto_model_get_number(context, model, "mf2.rank", &found), GUSTO_OK);
    ck_assert(found == 5);
    ck_assert_int_eq(gusto_model_get_number(context, model, "mf.rank", &found), GUSTO_EOPTION);
    ck_assert_int_eq(gusto_model_get_number(context, model, "baseline.sweeps", &found), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "members", "mf,mv"), GUSTO_EOPTION);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "\"mv\"; did you mean \"mf\"?"));
    ck_assert_int_eq(gusto_model_set(context, model, "members", "mf,hybrid"), GUSTO_EOPTION);
    ck_assert_int_eq(gusto_model_set(context, model, "members", "mf,mf"), GUSTO_EOPTION);
    ck_assert_int_eq(gusto_model_get_number(context, model, "mf2.rank", &found), GUSTO_OK);

    int64_t plain, learned; /* the tops of lists, of 1000 users and 5 folds: 60 items a member, with all members' scores */
    ck_assert_int_eq(gusto_model_set(context, model, "combine", "zscore"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_memory(context, model, 1000, 500, 20000, false, &plain), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "learned", "yes"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_memory(context, model, 1000, 500, 20000, false, &learned), GUSTO_OK);
    ck_assert_int_ge(learned - plain, 5 * 1000 * 3 * 60 * 3 * (int64_t)sizeof(gusto_real));
    gusto_model_destroy(model);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(one_cold_fold_is_refused)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    int32_t        u[] = {0, 0, 1, 1}, i[] = {0, 1, 0, 1};
    gusto_real     r[] = {1, 2, 3, 4};
    gusto_entries  e = {.size = sizeof e, .n = 4, .n_users = 2, .n_items = 2, .user = u, .item = i, .value = r};
    gusto_ratings *ratings;
    gusto_model   *model;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &e, GUSTO_DUPLICATES_ERROR, &ratings), GUSTO_OK);
    ck_assert_int_eq(gusto_model_create(context, "hybrid", &model), GUSTO_OK);
    ck_assert_int_eq(gusto_model_set(context, model, "cold_folds", "1"), GUSTO_OK);
    ck_assert_int_eq(gusto_model_fit(context, model, ratings, NULL), GUSTO_EOPTION);
    ck_assert_ptr_nonnull(strstr(gusto_context_message(context), "cold_folds is 1"));
    gusto_model_destroy(model);
    gusto_ratings_destroy(ratings);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("hybrid", a_mixture_is_found, an_endless_ridge_weighs_equally, nonnegative_weights_are_the_best_of_all_subsets,
        error_out_of_fold_is_that_of_the_pairs, a_blend_adds_comparable_scores, no_failed_allocation_of_a_blend_leaks,
        lists_of_members, one_cold_fold_is_refused);
}
