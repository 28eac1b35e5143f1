#include "models/lists.h"
#include "../suite.h"
#include "core/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A rank so high that the items fall into several blocks, and more lists than a tile holds. */
enum { RANK = 600, ITEMS = 250, LISTS = 300, BEST = 12 };

typedef struct world {
    gusto_real P[LISTS * RANK], Q[ITEMS * RANK], bu[LISTS], bi[ITEMS], scale[ITEMS];
    bool       dropped[LISTS * ITEMS];
    int32_t    items[LISTS * BEST];
    gusto_real scores[LISTS * BEST];
} world;

static gusto_real draw(uint64_t a, uint32_t b)
{
    uint32_t word[4];
    gu_random(5, GU_STREAM_TEST, a, b, word);
    return (gusto_real)(2 * gu_uniform(word[0]) - 1);
}

static world *make_world(void)
{
    world *w = calloc(1, sizeof *w);
    ck_assert_ptr_nonnull(w);
    for (int j = 0; j < LISTS * RANK; j++)
        w->P[j] = draw((uint64_t)j, 0);
    for (int j = 0; j < ITEMS * RANK; j++)
        w->Q[j] = draw((uint64_t)j, 1);
    for (int j = 0; j < LISTS; j++)
        w->bu[j] = draw((uint64_t)j, 2);
    for (int j = 0; j < ITEMS; j++) {
        w->bi[j] = 5 * draw((uint64_t)j, 3);
        w->scale[j] = 1 + draw((uint64_t)j, 4) / 2;
    }
    for (int j = 0; j < LISTS * ITEMS; j++)
        w->dropped[j] = draw((uint64_t)j, 5) > (gusto_real).6;
    for (int i = 0; i < ITEMS; i++)
        w->dropped[7 * ITEMS + i] = i % 25 != 3; /* ten are left */
    return w;
}

/* The first list that a call makes is list `first` of the world. */
typedef struct dropping {
    const world *w;
    int64_t      first;
} dropping;

static void filter(const void *arg, int64_t j, const gu_dropped *dropped)
{
    const dropping *d = arg;
    gu_drop_all(dropped);
    for (int32_t i = 0; i < ITEMS; i++)
        gu_drop_not(dropped, i);
    for (int32_t i = 0; i < ITEMS; i++)
        if (d->w->dropped[(d->first + j) * ITEMS + i])
            gu_drop(dropped, i);
}

static gusto_status make(gusto_context *context, world *w, int64_t first, int64_t n, int32_t *items, gusto_real *scores)
{
    const dropping d = {w, first};
    const gu_lists job = {
        .query = {w->P + first * RANK, RANK, NULL, w->bu + first, 1, NULL},
        .item = {w->Q, RANK, NULL, w->bi, 1, w->scale},
        .n_items = ITEMS,
        .k = RANK,
        .base = 3,
        .n_best = BEST,
        .filter = filter,
        .arg = &d,
        .items = items,
        .scores = scores,
    };
    return gu_lists_make(context, &job, n);
}

static gusto_context *make_context(int threads)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    ck_assert_int_eq(gusto_context_set_threads(context, threads), GUSTO_OK);
    return context;
}

static double score(const world *w, int64_t j, int32_t i)
{
    double x = 0;
    for (int f = 0; f < RANK; f++)
        x += (double)w->P[j * RANK + f] * (double)w->Q[i * RANK + f];
    return 3 + (double)w->bu[j] + (double)w->bi[i] + (double)w->scale[i] * x;
}

START_TEST(against_scores_in_double)
{
    world         *w = make_world();
    gusto_context *context = make_context(2);
    ck_assert_int_eq(make(context, w, 0, LISTS, w->items, w->scores), GUSTO_OK);
    for (int64_t j = 0; j < LISTS; j++) {
        const int n = j == 7 ? 10 : BEST;
        bool      listed[ITEMS] = {false};
        for (int b = 0; b < n; b++) {
            const int32_t i = w->items[j * BEST + b];
            ck_assert(i >= 0 && i < ITEMS && !listed[i] && !w->dropped[j * ITEMS + i]);
            listed[i] = true;
            ck_assert_double_le(fabs((double)w->scores[j * BEST + b] - score(w, j, i)), 1e-4);
            ck_assert(b == 0 || w->scores[j * BEST + b] <= w->scores[j * BEST + b - 1]);
        }
        for (int b = n; b < BEST; b++)
            ck_assert(w->items[j * BEST + b] == -1 && isnan((double)w->scores[j * BEST + b]));
        for (int32_t i = 0; i < ITEMS; i++)
            ck_assert(listed[i] || w->dropped[j * ITEMS + i] || score(w, j, i) <= (double)w->scores[j * BEST + n - 1] + 1e-4);
    }
    free(w);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(a_list_is_the_same_alone_and_at_any_thread_count)
{
    world *w = make_world();
    for (int threads = 1; threads <= 3; threads++) {
        gusto_context    *context = make_context(threads);
        static int32_t    items[LISTS * BEST];
        static gusto_real scores[LISTS * BEST];
        ck_assert_int_eq(make(context, w, 0, LISTS, threads == 1 ? w->items : items, threads == 1 ? w->scores : scores),
                         GUSTO_OK);
        if (threads > 1)
            ck_assert(memcmp(items, w->items, sizeof items) == 0 && memcmp(scores, w->scores, sizeof scores) == 0);
        for (int64_t j = 0; j < LISTS; j += 13) {
            const int64_t n = j % 2 ? 1 : 20 < LISTS - j ? 20 : LISTS - j;
            ck_assert_int_eq(make(context, w, j, n, items, scores), GUSTO_OK);
            ck_assert_mem_eq(items, w->items + j * BEST, (size_t)(n * BEST) * sizeof *items);
            ck_assert_mem_eq(scores, w->scores + j * BEST, (size_t)(n * BEST) * sizeof *scores);
        }
        ck_assert_int_eq(make(context, w, 0, LISTS, items, NULL), GUSTO_OK);
        ck_assert_mem_eq(items, w->items, sizeof items);
        gusto_context_destroy(context);
    }
    free(w);
}
END_TEST

START_TEST(equal_scores_go_by_item)
{
    world         *w = make_world();
    gusto_context *context = make_context(2);
    memset(w->Q, 0, sizeof w->Q);
    memset(w->bi, 0, sizeof w->bi);
    memset(w->dropped, 0, sizeof w->dropped);
    w->dropped[1] = true;
    for (int64_t n = 1; n <= LISTS; n += LISTS - 1) {
        ck_assert_int_eq(make(context, w, 0, n, w->items, w->scores), GUSTO_OK);
        for (int b = 0; b < BEST; b++)
            ck_assert_int_eq(w->items[b], b ? b + 1 : 0);
    }
    free(w);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(a_failed_allocation_is_an_error)
{
    world *w = make_world();
    for (int64_t n = 1; n <= LISTS; n += LISTS - 1) {
        gusto_status status = GUSTO_ENOMEM;
        for (long fail_at = 2; status == GUSTO_ENOMEM; fail_at++) {
            counting              c = {.fail_at = fail_at};
            const gusto_allocator allocator = counting_allocator(&c);
            gusto_context        *context;
            ck_assert_int_eq(gusto_context_create(&allocator, &context), GUSTO_OK);
            status = make(context, w, 0, n, w->items, w->scores);
            ck_assert(status == GUSTO_ENOMEM || (status == GUSTO_OK && fail_at > 4));
            gusto_context_destroy(context);
            ck_assert_int_eq(atomic_load(&c.live), 0);
        }
    }
    free(w);
}
END_TEST

int main(void)
{
    RUN("lists", against_scores_in_double, a_list_is_the_same_alone_and_at_any_thread_count, equal_scores_go_by_item,
        a_failed_allocation_is_an_error);
}
