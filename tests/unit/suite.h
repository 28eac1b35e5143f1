/* What every test program has in common: a suite of cases run by main, and the allocator of counting.h. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include "counting.h"

/* Runs a case as a suite of its own; the exit code of the program. */
static inline int run_case(const char *name, TCase *tcase, enum fork_status fork)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, fork);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner), run = srunner_ntests_run(runner);
    srunner_free(runner);
    return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Runs the tests, each between setup and teardown unless these are NULL. The time limit is generous: sanitizers and shared machines are
 * slow. */
static inline int run_suite(const char *name, enum fork_status fork, void (*setup)(void), void (*teardown)(void),
                            const TTest *const *tests, size_t n)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 300);
    if (setup)
        tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t t = 0; t < n; t++)
        tcase_add_test(tcase, tests[t]);
    return run_case(name, tcase, fork);
}

/* int main(void) { RUN("tiles", covers, balances); } */
#define RUN(name, ...)                          \
    const TTest *const tests[] = {__VA_ARGS__}; \
    return run_suite((name), CK_FORK_GETENV, NULL, NULL, tests, sizeof tests / sizeof *tests)

/* The same with a fixture. */
#define RUN_WITH(name, setup, teardown, ...)    \
    const TTest *const tests[] = {__VA_ARGS__}; \
    return run_suite((name), CK_FORK_GETENV, (setup), (teardown), tests, sizeof tests / sizeof *tests)

/* The same in one process, without a time limit: OpenMP's threads do not outlive a fork. */
#define RUN_UNFORKED(name, setup, teardown, ...) \
    const TTest *const tests[] = {__VA_ARGS__};  \
    return run_suite((name), CK_NOFORK, (setup), (teardown), tests, sizeof tests / sizeof *tests)

#endif
