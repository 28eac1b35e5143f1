/* The tables that this processor can run, and arrays to run them on. */
#ifndef TESTS_VARIANTS_H
#define TESTS_VARIANTS_H

#include "../suite.h"
#include "core/rng.h"
#include "kernels/kernels.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_VARIANTS = 3 };

/* table[0] is the reference. Returns how many there are. */
static inline int variants(const gu_kernels *table[MOST_VARIANTS])
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    int n = 0;
    for (int isa = GUSTO_ISA_REFERENCE; isa <= GUSTO_ISA_AVX512; isa++)
        if (gusto_context_set_isa(context, (gusto_isa)isa) == GUSTO_OK) {
            table[n] = gu_kernels_of(context);
            ck_assert_int_eq(table[n]->isa, isa);
            n++;
        }
    gusto_context_destroy(context);
    return n;
}

/* Lengths about the edges of vectors. */
static const int64_t lengths[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 100, 257};
enum { N_LENGTHS = sizeof lengths / sizeof *lengths };

/* An array of n numbers in -scale..scale that starts `offset` elements past a cache line, with guards on both sides. */
enum { MOST = 4096, GUARD = 32 };

typedef struct array {
    _Alignas(64) gusto_real room[MOST + 2 * GUARD + 64];
    gusto_real *at;
    int64_t     n;
} array;

#define GUARD_VALUE ((gusto_real)12345.5)

static inline gusto_real *make(array *a, int64_t n, int offset, uint64_t seed, double scale)
{
    ck_assert_int_le(n, MOST);
    for (size_t j = 0; j < sizeof a->room / sizeof *a->room; j++)
        a->room[j] = GUARD_VALUE;
    a->at = a->room + GUARD + offset;
    a->n = n;
    for (int64_t j = 0; j < n; j++) {
        uint32_t word[4];
        gu_random(seed, GU_STREAM_TEST, (uint64_t)j, 0, word);
        a->at[j] = (gusto_real)(scale * (2 * gu_uniform(word[0]) - 1));
    }
    return a->at;
}

/* Nothing outside the n was written. */
static inline void check_guards(const array *a)
{
    for (size_t j = 0; j < sizeof a->room / sizeof *a->room; j++)
        if ((a->room + j < a->at || a->room + j >= a->at + a->n) && a->room[j] != GUARD_VALUE)
            ck_abort_msg("element %ld was written", (long)(a->room + j - a->at));
}

static inline void check_same(const gu_kernels *k, const void *a, const void *b, size_t size, const char *what, int64_t n)
{
    if (memcmp(a, b, size) != 0)
        ck_abort_msg("%s of %s differs from the reference at n = %ld", what, gusto_isa_name(k->isa), (long)n);
}

static inline void check_near(double x, double expected, double tolerance)
{
    if (!(fabs(x - expected) <= tolerance))
        ck_abort_msg("%.17g, not %.17g within %g", x, expected, tolerance);
}

static const double epsilon = sizeof(gusto_real) == sizeof(float) ? FLT_EPSILON : DBL_EPSILON;

#endif
