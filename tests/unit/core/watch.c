#include "core/watch.h"
#include "../suite.h"

#include <omp.h>

typedef struct heard {
    int    calls, stop_at;
    double last;
} heard;

static bool listen(const gu_watch *watch, double share)
{
    heard *h = (heard *)watch->self;
    ck_assert_int_eq(omp_get_thread_num(), 0);
    ck_assert(share >= h->last && share <= 1);
    h->last = share;
    return ++h->calls == h->stop_at;
}

/* A loop of n rows as kernels have it. Returns how many were done. */
static int64_t rows(const gusto_context *context, int threads, int64_t n)
{
    int64_t done = 0;
    gu_watch_units(context, n);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) reduction(+ : done)
    for (int64_t r = 0; r < n; r++)
        if (!gu_watch_done(context, 1))
            done++;
    return done;
}

static gusto_context *watched(heard *h, gu_watch *watch)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    *watch = (gu_watch){.stops = listen, .self = h, .epoch = 1, .n_epochs = 1, .to = 1};
    context->watch = watch;
    return context;
}

START_TEST(is_told_from_one_thread_and_no_more_than_a_thousand_times)
{
    heard          h = {0};
    gu_watch       watch;
    gusto_context *context = watched(&h, &watch);
    const double   begin = omp_get_wtime();
    gu_watch_part(context, 0, 0.25);
    ck_assert_int_eq(rows(context, 3, 100000), 100000);
    ck_assert_double_le(h.last, 0.25);
    gu_watch_part(context, 0.25, 1);
    ck_assert_int_eq(rows(context, 3, 100000), 100000);
    ck_assert_int_ge(h.calls, 1);
    ck_assert_double_le(h.calls, 1002 + 20 * (omp_get_wtime() - begin));
    ck_assert(!gu_watch_stopped(context));
    gusto_context_destroy(context);
}
END_TEST

START_TEST(stops_all_stages)
{
    heard          h = {.stop_at = 2};
    gu_watch       watch;
    gusto_context *context = watched(&h, &watch);
    ck_assert_int_le(rows(context, 1, 100000), 1000); /* of one thread, so that it is certain to be asked */
    ck_assert(gu_watch_stopped(context));
    ck_assert_int_eq(rows(context, 3, 10), 0);
    ck_assert(gu_watch_done(context, 1));
    ck_assert_int_eq(h.calls, 2);
    gusto_context_destroy(context);
}
END_TEST

static bool always(const gu_watch *watch, double share)
{
    (void)watch, (void)share;
    return true;
}

/* A call from within a caller's own team: outside of our loops that thread is told, whichever it is. */
START_TEST(hears_a_caller_that_is_one_of_a_team)
{
    int stopped = 0;
#pragma omp parallel num_threads(3) reduction(+ : stopped)
    {
        gusto_context *context = NULL;
        gu_watch       watch = {.stops = always, .to = 1, .level = omp_get_level()};
        if (gusto_context_create(NULL, &context) == GUSTO_OK) {
            context->watch = &watch;
            stopped += gu_watch_done(context, 0);
        }
        gusto_context_destroy(context);
    }
    ck_assert_int_eq(stopped, 3);
}
END_TEST

START_TEST(nobody_need_watch)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    gu_watch_part(context, 0, 1);
    gu_watch_epoch(context, 1, 1);
    ck_assert_int_eq(rows(context, 3, 100), 100);
    ck_assert(!gu_watch_stopped(context));
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("watch", is_told_from_one_thread_and_no_more_than_a_thousand_times, stops_all_stages,
        hears_a_caller_that_is_one_of_a_team, nobody_need_watch);
}
