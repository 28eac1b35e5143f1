#include "core/rng.h"
#include "../suite.h"

#include <math.h>
#include <string.h>

/* The known answers of philox4x32-10 that Random123 ships (kat_vectors). */
START_TEST(known_answers)
{
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } kat[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t t = 0; t < sizeof kat / sizeof *kat; t++) {
        uint32_t        word[4];
        const uint32_t *c = kat[t].counter, *k = kat[t].key;
        gu_random((uint64_t)k[1] << 32 | k[0], (gu_stream)c[3], (uint64_t)c[1] << 32 | c[0], c[2], word);
        for (int j = 0; j < 4; j++)
            ck_assert_uint_eq(word[j], kat[t].answer[j]);
    }
}
END_TEST

/* Streams are part of the file format: a seed means the same numbers in every version. */
START_TEST(streams_keep_their_numbers)
{
    ck_assert_int_eq(GU_STREAM_SPLIT, 1);
    ck_assert_int_eq(GU_STREAM_INIT, 2);
    ck_assert_int_eq(GU_STREAM_SHUFFLE, 3);
    ck_assert_int_eq(GU_STREAM_BATCHES, 4);
    ck_assert_int_eq(GU_STREAM_USER_PARTS, 5);
    ck_assert_int_eq(GU_STREAM_ITEM_PARTS, 6);
    ck_assert_int_eq(GU_STREAM_SYNTH, 7);
    ck_assert_int_eq(GU_STREAM_TEST, 8);
}
END_TEST

START_TEST(uniform_never_meets_an_end)
{
    ck_assert(gu_uniform(0) > 0);
    ck_assert(gu_uniform(UINT32_MAX) < 1);
    ck_assert(gu_uniform(0) == 0x1p-33);
    ck_assert(gu_uniform(0x80000000u) == 0.5 + 0x1p-33);

    double sum = 0, squares = 0;
    enum { N = 200000 };
    for (uint64_t a = 0; a < N / 4; a++) {
        uint32_t word[4];
        gu_random(7, GU_STREAM_TEST, a, 0, word);
        for (int j = 0; j < 4; j++) {
            const double x = gu_uniform(word[j]);
            sum += x;
            squares += x * x;
        }
    }
    /* Five standard errors: 1 / sqrt(12 N), and sqrt(4 / 45 / N) for the squares. */
    ck_assert_double_lt(fabs(sum / N - 1.0 / 2), 5 / sqrt(12.0 * N));
    ck_assert_double_lt(fabs(squares / N - 1.0 / 3), 5 * sqrt(4.0 / 45 / N));
}
END_TEST

START_TEST(normals_have_the_right_moments)
{
    enum { ROWS = 2000, N = 100 };
    double sum[5] = {0}, neighbours = 0;
    for (uint64_t row = 0; row < ROWS; row++) {
        gusto_real x[N];
        gu_normal_row(3, GU_STREAM_TEST, row, N, 1, x);
        for (int j = 0; j < N; j++) {
            double power = 1;
            for (int p = 1; p <= 4; p++)
                sum[p] += power *= x[j];
            neighbours += (double)x[j] * x[(j + 1) % N];
        }
    }
    /* Five standard errors: the variances of x, x^2, x^3, x^4 are 1, 2, 15, 96, that of a product of neighbours 1. */
    const double n = (double)ROWS * N, mean[5] = {0, 0, 1, 0, 3}, variance[5] = {0, 1, 2, 15, 96};
    for (int p = 1; p <= 4; p++)
        ck_assert_double_lt(fabs(sum[p] / n - mean[p]), 5 * sqrt(variance[p] / n));
    ck_assert_double_lt(fabs(neighbours / n), 5 / sqrt(n));
}
END_TEST

START_TEST(normals_are_finite_at_the_ends)
{
    const uint32_t ends[] = {0, 1, UINT32_MAX};
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            double out[2];
            gu_normal((uint32_t[]){ends[a], ends[b]}, out);
            ck_assert(isfinite(out[0]) && isfinite(out[1]));
            ck_assert_double_lt(hypot(out[0], out[1]), 6.8); /* sqrt(-2 log 2^-33) = 6.764 */
        }
}
END_TEST

/* A row's beginning does not depend on its length, and nothing is written past it. */
START_TEST(rows_are_prefixes)
{
    gusto_real whole[41];
    gu_normal_row(5, GU_STREAM_INIT, 9, 41, 0.25, whole);
    for (int n = 0; n <= 40; n++) {
        gusto_real part[41];
        memset(part, 0, sizeof part);
        gu_normal_row(5, GU_STREAM_INIT, 9, n, 0.25, part);
        ck_assert_mem_eq(part, whole, (size_t)n * sizeof *part);
        for (int j = n; j < 41; j++)
            ck_assert(part[j] == 0);
    }
    gusto_real other[41];
    gu_normal_row(5, GU_STREAM_INIT, 10, 41, 0.25, other);
    ck_assert_mem_ne(other, whole, sizeof whole);
    gu_normal_row(5, GU_STREAM_TEST, 9, 41, 0.25, other);
    ck_assert_mem_ne(other, whole, sizeof whole);
    gu_normal_row(6, GU_STREAM_INIT, 9, 41, 0.25, other);
    ck_assert_mem_ne(other, whole, sizeof whole);
}
END_TEST

static void check_bijection(uint64_t seed, uint64_t n)
{
    unsigned char *seen = calloc(n ? n : 1, 1);
    gu_permutation p;
    gu_permutation_init(&p, seed, GU_STREAM_TEST, n, n);
    for (uint64_t x = 0; x < n; x++) {
        const uint64_t y = gu_permutation_at(&p, x);
        if (y >= n || seen[y]++)
            ck_abort_msg("n = %llu: %llu maps to %llu", (unsigned long long)n, (unsigned long long)x, (unsigned long long)y);
    }
    free(seen);
}

START_TEST(permutations_are_bijections)
{
    for (uint64_t n = 0; n <= 300; n++)
        for (uint64_t seed = 1; seed <= 8; seed++)
            check_bijection(seed, n);
    const uint64_t large[] = {1023, 1024, 1025, 4097, 65535, 65536, 65537, 99991, 1000000};
    for (size_t l = 0; l < sizeof large / sizeof *large; l++)
        check_bijection(1, large[l]);
}
END_TEST

/* For n that cannot be tried out: in range, and distinct at sampled points. */
START_TEST(permutations_of_large_n_stay_in_range)
{
    const uint64_t sizes[] = {((uint64_t)1 << 32) + 7, ((uint64_t)1 << 61) + 1, (uint64_t)1 << 62};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        gu_permutation p;
        gu_permutation_init(&p, 1, GU_STREAM_TEST, 0, sizes[s]);
        enum { N = 300 };
        uint64_t y[N];
        for (uint64_t x = 0; x < N; x++) {
            y[x] = gu_permutation_at(&p, sizes[s] - 1 - x);
            ck_assert(y[x] < sizes[s]);
            for (uint64_t z = 0; z < x; z++)
                if (y[z] == y[x])
                    ck_abort_msg("%llu and %llu map to one", (unsigned long long)z, (unsigned long long)x);
        }
    }
}
END_TEST

/* Each element lands in each tenth equally often: chi-square over seeds. A permutation that hardly moves anything fails. */
START_TEST(permutations_shuffle)
{
    enum { N = 1000, TENTHS = 10, SEEDS = 200 };
    static int count[TENTHS][TENTHS]; /* from, to */
    int        fixed = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        gu_permutation p;
        gu_permutation_init(&p, seed, GU_STREAM_TEST, 0, N);
        for (uint64_t x = 0; x < N; x++) {
            const uint64_t y = gu_permutation_at(&p, x);
            count[x * TENTHS / N][y * TENTHS / N]++;
            fixed += x == y;
        }
    }
    const double expected = (double)N * SEEDS / TENTHS / TENTHS;
    double       chi = 0;
    for (int a = 0; a < TENTHS; a++)
        for (int b = 0; b < TENTHS; b++)
            chi += (count[a][b] - expected) * (count[a][b] - expected) / expected;
    ck_assert_double_lt(chi, 81 + 5 * sqrt(2 * 81.0));                     /* (10 - 1)^2 degrees of freedom */
    ck_assert_double_lt(fabs(fixed - 1.0 * SEEDS), 5 * sqrt(1.0 * SEEDS)); /* one fixed point a permutation, Poisson */
}
END_TEST

int main(void)
{
    RUN("rng", known_answers, streams_keep_their_numbers, uniform_never_meets_an_end, normals_have_the_right_moments,
        normals_are_finite_at_the_ends, rows_are_prefixes, permutations_are_bijections, permutations_of_large_n_stay_in_range,
        permutations_shuffle);
}
