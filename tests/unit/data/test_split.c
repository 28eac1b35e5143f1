/* Splits: nothing lost, nothing twice, sizes exact, time respected, the same at any number of threads. */
#include "../suite.h"

#include "core/rng.h"

#include <gusto/split.h>

#include <math.h>
#include <string.h>

enum { N_USERS = 61, N_ITEMS = 83, N_IDS = 100 };

static gusto_context *context;

static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

static void teardown(void)
{
    gusto_context_destroy(context);
}

/* n distinct pairs; value, weight and time all differ from rating to rating but for times, of which many are equal.
 * Users and items have external ids. */
static gusto_ratings *make(gusto_context *own, int64_t n, bool times)
{
    static int32_t    user[N_USERS * N_ITEMS], item[N_USERS * N_ITEMS];
    static gusto_real value[N_USERS * N_ITEMS], weight[N_USERS * N_ITEMS];
    static int64_t    time[N_USERS * N_ITEMS], ids[N_IDS];
    gu_permutation    cells;
    gu_permutation_init(&cells, 5, GU_STREAM_TEST, 0, N_USERS * N_ITEMS);
    for (int64_t e = 0; e < n; e++) {
        const uint64_t cell = gu_permutation_at(&cells, (uint64_t)e);
        user[e] = (int32_t)(cell / N_ITEMS);
        item[e] = (int32_t)(cell % N_ITEMS);
        value[e] = (gusto_real)e;
        weight[e] = (gusto_real)e / 2;
        time[e] = -20 + (int64_t)(cell * 7919 % 90);
    }
    for (int64_t j = 0; j < N_IDS; j++)
        ids[j] = 1000 + j;
    gusto_entries  list = {.size = sizeof list,
                           .n = n,
                           .n_users = N_USERS,
                           .n_items = N_ITEMS,
                           .user = user,
                           .item = item,
                           .value = value,
                           .weight = weight,
                           .time = times ? time : NULL};
    gusto_ratings *made = NULL;
    if (gusto_ids_from_ints(own, ids, N_USERS, &list.user_ids) == GUSTO_OK &&
        gusto_ids_from_ints(own, ids, N_ITEMS, &list.item_ids) == GUSTO_OK)
        (void)gusto_ratings_from_entries(own, &list, GUSTO_DUPLICATES_ERROR, &made);
    gusto_ids_release(list.user_ids);
    gusto_ids_release(list.item_ids);
    return made;
}

static gusto_rows rows_of(const gusto_ratings *ratings)
{
    gusto_rows rows;
    ck_assert_int_eq(gusto_ratings_by_user(context, ratings, &rows), GUSTO_OK);
    return rows;
}

/* The whole, its parts merged: every rating with all that belongs to it is in exactly one part, and both parts keep shape and ids. */
static void check_partition(const gusto_ratings *whole, const gusto_ratings *train, const gusto_ratings *test)
{
    const gusto_rows           all = rows_of(whole), part[2] = {rows_of(train), rows_of(test)};
    const gusto_ratings *const owner[2] = {train, test};
    for (int p = 0; p < 2; p++) {
        require(part[p].n_rows == all.n_rows && part[p].n_columns == all.n_columns);
        require(gusto_ratings_user_ids(owner[p]) == gusto_ratings_user_ids(whole));
        require(gusto_ratings_item_ids(owner[p]) == gusto_ratings_item_ids(whole));
        require(!part[p].time == !all.time);
    }
    require(part[0].nnz + part[1].nnz == all.nnz);
    for (int32_t u = 0; u < all.n_rows; u++) {
        int64_t at[2] = {part[0].start[u], part[1].start[u]};
        for (int64_t e = all.start[u]; e < all.start[u + 1]; e++) {
            const int        p = at[0] < part[0].start[u + 1] && part[0].column[at[0]] == all.column[e] ? 0 : 1;
            const gusto_rows r = part[p];
            const int64_t    f = at[p]++;
            require(f < r.start[u + 1]);
            require(r.column[f] == all.column[e]);
            require(r.value[f] == all.value[e]);
            require(r.weight[f] == all.weight[e]);
            require(!all.time || r.time[f] == all.time[e]);
        }
        require(at[0] == part[0].start[u + 1] && at[1] == part[1].start[u + 1]);
    }
}

static bool same(const gusto_ratings *a, const gusto_ratings *b)
{
    const gusto_rows x = rows_of(a), y = rows_of(b);
    return x.nnz == y.nnz && memcmp(x.start, y.start, ((size_t)x.n_rows + 1) * sizeof *x.start) == 0 &&
           memcmp(x.column, y.column, (size_t)x.nnz * sizeof *x.column) == 0 &&
           memcmp(x.value, y.value, (size_t)x.nnz * sizeof *x.value) == 0;
}

/* The splits under one signature. */
static gusto_status by_fraction(gusto_context *own, const gusto_ratings *r, gusto_ratings **train, gusto_ratings **test)
{
    return gusto_split_fraction(own, r, 0.3, train, test);
}

static gusto_status by_fold(gusto_context *own, const gusto_ratings *r, gusto_ratings **train, gusto_ratings **test)
{
    return gusto_split_kfold(own, r, 5, 2, train, test);
}

static gusto_status by_user(gusto_context *own, const gusto_ratings *r, gusto_ratings **train, gusto_ratings **test)
{
    return gusto_split_user_fraction(own, r, 0.2, train, test);
}

static gusto_status by_items(gusto_context *own, const gusto_ratings *r, gusto_ratings **train, gusto_ratings **test)
{
    return gusto_split_items(own, r, 0.1, train, test);
}

static gusto_status by_last(gusto_context *own, const gusto_ratings *r, gusto_ratings **train, gusto_ratings **test)
{
    return gusto_split_leave_last_out(own, r, 2, train, test);
}

static gusto_status by_time(gusto_context *own, const gusto_ratings *r, gusto_ratings **train, gusto_ratings **test)
{
    return gusto_split_time(own, r, 0.25, train, test);
}

static gusto_status (*const splits[])(gusto_context *, const gusto_ratings *, gusto_ratings **,
                                      gusto_ratings **) = {by_fraction, by_fold, by_user, by_items, by_last, by_time};

enum { N_SPLITS = sizeof splits / sizeof *splits, N_RANDOM = 4 /* the first ones draw */ };

START_TEST(fraction_is_exact)
{
    const int64_t sizes[] = {0, 1, 2, 3, 10, 1999};
    const double  fractions[] = {0.001, 0.1, 0.25, 0.5, 0.9, 0.9999};
    for (int s = 0; s < 6; s++) {
        gusto_ratings *whole = make(context, sizes[s], false);
        for (int f = 0; f < 6; f++) {
            gusto_ratings *train, *test;
            ck_assert_int_eq(gusto_split_fraction(context, whole, fractions[f], &train, &test), GUSTO_OK);
            ck_assert_int_eq(gusto_ratings_nnz(test), llround(fractions[f] * (double)sizes[s]));
            check_partition(whole, train, test);
            gusto_ratings_destroy(train);
            gusto_ratings_destroy(test);
        }
        gusto_ratings_destroy(whole);
    }
}
END_TEST

/* Of each user's ratings the same share, and never all. */
START_TEST(each_user_gives_his_share)
{
    const double fractions[] = {0.001, 0.2, 0.5, 0.9999};
    for (int64_t n = 50; n <= 1999; n += 1949)
        for (int f = 0; f < 4; f++) {
            gusto_ratings *whole = make(context, n, true), *train, *test;
            ck_assert_int_eq(gusto_split_user_fraction(context, whole, fractions[f], &train, &test), GUSTO_OK);
            check_partition(whole, train, test);
            const gusto_rows all = rows_of(whole), held = rows_of(test);
            for (int32_t u = 0; u < N_USERS; u++) {
                const int64_t had = all.start[u + 1] - all.start[u], wanted = llround(fractions[f] * (double)had);
                require(held.start[u + 1] - held.start[u] == (wanted < had ? wanted : had ? had - 1 : 0));
            }
            gusto_ratings_destroy(whole);
            gusto_ratings_destroy(train);
            gusto_ratings_destroy(test);
        }
}
END_TEST

/* An item is held out as a whole or not at all. */
START_TEST(items_go_as_a_whole)
{
    gusto_ratings *whole = make(context, 3000, true), *train, *test; /* every item has ratings */
    ck_assert_int_eq(gusto_split_items(context, whole, 0.1, &train, &test), GUSTO_OK);
    check_partition(whole, train, test);
    const gusto_rows kept = rows_of(train), held = rows_of(test);
    bool             is_kept[N_ITEMS] = {false}, is_held[N_ITEMS] = {false};
    int              n_held = 0;
    for (int64_t e = 0; e < kept.nnz; e++)
        is_kept[kept.column[e]] = true;
    for (int64_t e = 0; e < held.nnz; e++)
        is_held[held.column[e]] = true;
    for (int i = 0; i < N_ITEMS; i++) {
        require(is_kept[i] != is_held[i]);
        n_held += is_held[i];
    }
    ck_assert_int_eq(n_held, 8);
    gusto_ratings_destroy(whole);
    gusto_ratings_destroy(train);
    gusto_ratings_destroy(test);
}
END_TEST

/* Test parts of all folds together hold each rating once. Values are the ratings' numbers. */
START_TEST(folds_partition)
{
    const struct {
        int64_t n;
        int     folds;
    } cases[] = {{2, 2}, {7, 7}, {1003, 10}, {500, 3}};
    for (int c = 0; c < 4; c++) {
        gusto_ratings *whole = make(context, cases[c].n, false);
        int            times_held[1003] = {0};
        for (int fold = 0; fold < cases[c].folds; fold++) {
            gusto_ratings *train, *test;
            ck_assert_int_eq(gusto_split_kfold(context, whole, cases[c].folds, fold, &train, &test), GUSTO_OK);
            check_partition(whole, train, test);
            const gusto_rows held = rows_of(test);
            const int64_t    least = cases[c].n / cases[c].folds;
            ck_assert(held.nnz == least || (cases[c].n % cases[c].folds && held.nnz == least + 1));
            for (int64_t e = 0; e < held.nnz; e++)
                times_held[(int)held.value[e]]++;
            gusto_ratings_destroy(train);
            gusto_ratings_destroy(test);
        }
        for (int64_t e = 0; e < cases[c].n; e++)
            require(times_held[e] == 1);
        gusto_ratings_destroy(whole);
    }
}
END_TEST

/* (time, item) of what is held out is above all that is kept, user by user; users of at most n keep all. */
START_TEST(last_out_takes_the_latest)
{
    for (int n = 1; n <= 40; n += 13) {
        gusto_ratings *whole = make(context, 1500, true), *train, *test;
        ck_assert_int_eq(gusto_split_leave_last_out(context, whole, n, &train, &test), GUSTO_OK);
        check_partition(whole, train, test);
        const gusto_rows all = rows_of(whole), kept = rows_of(train), held = rows_of(test);
        for (int32_t u = 0; u < N_USERS; u++) {
            const int64_t had = all.start[u + 1] - all.start[u];
            require(held.start[u + 1] - held.start[u] == (had > n ? n : 0));
            for (int64_t h = held.start[u]; h < held.start[u + 1]; h++)
                for (int64_t k = kept.start[u]; k < kept.start[u + 1]; k++)
                    require(held.time[h] > kept.time[k] || (held.time[h] == kept.time[k] && held.column[h] > kept.column[k]));
        }
        gusto_ratings_destroy(whole);
        gusto_ratings_destroy(train);
        gusto_ratings_destroy(test);
    }
}
END_TEST

START_TEST(time_cuts_once)
{
    const double fractions[] = {0.01, 0.2, 0.5, 0.97};
    for (int f = 0; f < 4; f++) {
        gusto_ratings *whole = make(context, 1500, true), *train, *test;
        ck_assert_int_eq(gusto_split_time(context, whole, fractions[f], &train, &test), GUSTO_OK);
        check_partition(whole, train, test);
        const gusto_rows kept = rows_of(train), held = rows_of(test);
        int64_t          last = INT64_MIN, n_last = 0;
        for (int64_t e = 0; e < kept.nnz; e++)
            if (kept.time[e] >= last) {
                n_last = kept.time[e] > last ? 1 : n_last + 1;
                last = kept.time[e];
            }
        for (int64_t e = 0; e < held.nnz; e++)
            require(held.time[e] > last);
        /* The last time kept is the quantile: without its ratings too few would be kept. */
        ck_assert_int_ge(kept.nnz, (int64_t)ceil((1 - fractions[f]) * 1500));
        ck_assert_int_lt(kept.nnz - n_last, (int64_t)ceil((1 - fractions[f]) * 1500));
        gusto_ratings_destroy(whole);
        gusto_ratings_destroy(train);
        gusto_ratings_destroy(test);
    }
}
END_TEST

START_TEST(extreme_times)
{
    int32_t        user[] = {0, 0, 0}, item[] = {0, 1, 2};
    int64_t        time[] = {INT64_MAX, INT64_MIN, 0};
    gusto_entries  list = {.size = sizeof list, .n = 3, .n_users = 1, .n_items = 3, .user = user, .item = item, .time = time};
    gusto_ratings *whole, *train, *test;
    ck_assert_int_eq(gusto_ratings_from_entries(context, &list, GUSTO_DUPLICATES_ERROR, &whole), GUSTO_OK);
    ck_assert_int_eq(gusto_split_time(context, whole, 0.34, &train, &test), GUSTO_OK);
    const gusto_rows held = rows_of(test);
    ck_assert_int_eq(held.nnz, 1);
    ck_assert_int_eq(held.column[0], 0);
    gusto_ratings_destroy(whole);
    gusto_ratings_destroy(train);
    gusto_ratings_destroy(test);
}
END_TEST

START_TEST(threads_and_seeds)
{
    gusto_ratings *whole = make(context, 2500, true);
    for (int s = 0; s < N_SPLITS; s++) {
        gusto_ratings *first[2], *other[2];
        ck_assert_int_eq(gusto_context_set_threads(context, 1), GUSTO_OK);
        ck_assert_int_eq(splits[s](context, whole, &first[0], &first[1]), GUSTO_OK);
        for (int threads = 2; threads <= 4; threads += 2) {
            ck_assert_int_eq(gusto_context_set_threads(context, threads), GUSTO_OK);
            ck_assert_int_eq(splits[s](context, whole, &other[0], &other[1]), GUSTO_OK);
            ck_assert(same(first[0], other[0]) && same(first[1], other[1]));
            gusto_ratings_destroy(other[0]);
            gusto_ratings_destroy(other[1]);
        }
        gusto_context_set_seed(context, 2);
        ck_assert_int_eq(splits[s](context, whole, &other[0], &other[1]), GUSTO_OK);
        ck_assert_int_eq(same(first[1], other[1]), s >= N_RANDOM);
        gusto_context_set_seed(context, 1);
        for (int p = 0; p < 2; p++) {
            gusto_ratings_destroy(first[p]);
            gusto_ratings_destroy(other[p]);
        }
    }
    gusto_ratings_destroy(whole);
}
END_TEST

#define ck_refused(call, part)                                                                             \
    do {                                                                                                   \
        gusto_ratings *train = whole, *test = whole; /* must become NULL */                                \
        ck_assert_int_eq(call, GUSTO_EARG);                                                                \
        ck_assert(!train && !test);                                                                        \
        ck_assert_msg(strstr(gusto_context_message(context), part), "%s", gusto_context_message(context)); \
    } while (0)

START_TEST(bad_arguments)
{
    gusto_ratings *whole = make(context, 10, false);
    const double   fractions[] = {0, 1, -0.5, 1.5, (double)NAN, (double)INFINITY};
    for (int f = 0; f < 6; f++) {
        ck_refused(gusto_split_fraction(context, whole, fractions[f], &train, &test), "fraction");
        ck_refused(gusto_split_time(context, whole, fractions[f], &train, &test), "fraction");
        ck_refused(gusto_split_user_fraction(context, whole, fractions[f], &train, &test), "fraction");
        ck_refused(gusto_split_items(context, whole, fractions[f], &train, &test), "fraction");
    }
    ck_refused(gusto_split_kfold(context, whole, 1, 0, &train, &test), "n_folds is 1");
    ck_refused(gusto_split_kfold(context, whole, 11, 0, &train, &test), "number of ratings, 10");
    ck_refused(gusto_split_kfold(context, whole, 5, -1, &train, &test), "fold is -1, expected 0 to 4");
    ck_refused(gusto_split_kfold(context, whole, 5, 5, &train, &test), "fold is 5");
    ck_refused(gusto_split_leave_last_out(context, whole, 0, &train, &test), "n is 0");
    ck_refused(gusto_split_leave_last_out(context, whole, 1, &train, &test), "have none");
    ck_refused(gusto_split_time(context, whole, 0.5, &train, &test), "have none");
    gusto_ratings_destroy(whole);
}
END_TEST

static int swept;

static gusto_status every_part(gusto_context *own)
{
    gusto_ratings *whole = make(own, 300, true), *train = NULL, *test = NULL;
    if (!whole)
        return GUSTO_ENOMEM;
    const gusto_status status = splits[swept](own, whole, &train, &test);
    ck_assert_int_eq(status == GUSTO_OK, train && test);
    ck_assert(status == GUSTO_OK || (!train && !test));
    gusto_ratings_destroy(whole);
    gusto_ratings_destroy(train);
    gusto_ratings_destroy(test);
    return status;
}

START_TEST(out_of_memory)
{
    for (swept = 0; swept < N_SPLITS; swept++)
        sweep_allocations(every_part);
}
END_TEST

int main(void)
{
    RUN_UNFORKED("split", setup, teardown, fraction_is_exact, each_user_gives_his_share, items_go_as_a_whole, folds_partition,
                 last_out_takes_the_latest, time_cuts_once, extreme_times, threads_and_seeds, bad_arguments, out_of_memory);
}
