/* What every test program has in common: a suite of cases run by main, and an allocator that counts and can fail. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <gusto/context.h>

#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Runs the tests; the exit code of the program. The time limit is generous: sanitizers and shared machines are slow. */
static inline int run_suite(const char *name, const TTest *const *tests, size_t n)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 300);
    for (size_t t = 0; t < n; t++)
        tcase_add_test(tcase, tests[t]);
    suite_add_tcase(suite, tcase);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner), run = srunner_ntests_run(runner);
    srunner_free(runner);
    return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* int main(void) { RUN("tiles", covers, balances); } */
#define RUN(name, ...)                          \
    const TTest *const tests[] = {__VA_ARGS__}; \
    return run_suite((name), tests, sizeof tests / sizeof *tests)

/* An allocator that counts what is alive and fails once, at the fail_at-th call (from 1; 0: never). */
typedef struct counting {
    atomic_long calls, live;
    long        fail_at;
} counting;

static inline void *counting_alloc(void *user, size_t size, size_t alignment)
{
    counting *c = user;
    if (atomic_fetch_add(&c->calls, 1) + 1 == c->fail_at)
        return NULL;
    void *memory = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (!memory)
        return NULL;
    atomic_fetch_add(&c->live, 1);
    return memory;
}

static inline void counting_release(void *user, void *memory)
{
    counting *c = user;
    atomic_fetch_sub(&c->live, 1);
    free(memory);
}

static inline gusto_allocator counting_allocator(counting *c)
{
    return (gusto_allocator){counting_alloc, counting_release, c};
}

#endif
