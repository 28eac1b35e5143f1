/* What every test program has in common: a suite of cases run by main, and the allocator of counting.h. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include "counting.h"

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

#endif
