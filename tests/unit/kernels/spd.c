#include "kernels/spd.h"
#include "../suite.h"
#include "core/memory.h"
#include "core/rng.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Sizes around the tiles of spd.c. */
static const int64_t sizes[] = {0, 1, 3, 40, 256, 257, 600};
enum { N_SIZES = sizeof sizes / sizeof *sizes, PAD = 5, RHS = 3 };

static const double epsilon = sizeof(gusto_real) == sizeof(float) ? FLT_EPSILON : DBL_EPSILON;

static gusto_context *context;

/* M'M / n + I, M of numbers in -1..1: eigenvalues of 1 and more. */
static gusto_real *draw(int64_t n, int64_t ld, uint64_t seed)
{
    gusto_real *A = gu_new_zero(context, n * ld, gusto_real), *M = gu_new(context, n * n, gusto_real);
    for (int64_t j = 0; j < n * n; j++) {
        uint32_t word[4];
        gu_random(seed, GU_STREAM_TEST, (uint64_t)j, 0, word);
        M[j] = (gusto_real)(2 * gu_uniform(word[0]) - 1);
    }
    for (int64_t k = 0; k < n; k++)
        for (int64_t r = 0; r < n; r++)
            for (int64_t c = 0; c < n; c++)
                A[r * ld + c] += M[k * n + r] * M[k * n + c] / (gusto_real)n;
    for (int64_t r = 0; r < n; r++)
        A[r * ld + r] += 1;
    gu_free(&context->allocator, M);
    return A;
}

/* A X = B, and A P = I, at 1 and 3 threads with equal bytes. */
START_TEST(factor_solve_and_invert)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (int s = 0; s < N_SIZES; s++) {
        const int64_t n = sizes[s], ld = n + PAD;
        gusto_real   *A = draw(n, ld, 1), *kept[2][2] = {{NULL}};
        for (int t = 0; t < 2; t++) {
            gusto_context_set_threads(context, t ? 3 : 1);
            gusto_real *U = kept[t][0] = gu_new(context, n * ld, gusto_real),
                       *B = kept[t][1] = gu_new(context, n * RHS, gusto_real);
            memcpy(U, A, (size_t)(n * ld) * sizeof *U);
            for (int64_t j = 0; j < n * RHS; j++)
                B[j] = (gusto_real)(j % 7) - 3;
            int64_t row;
            ck_assert_int_eq(gu_spd_factor(context, n, U, ld, &row), GUSTO_OK);
            ck_assert_int_eq(row, n);
            gu_spd_solve(context, n, RHS, U, ld, B, RHS);
            ck_assert_int_eq(gu_spd_inverse(context, n, U, ld), GUSTO_OK);
        }
        const gusto_real *P = kept[0][0], *X = kept[0][1];
        const double      tolerance = 40 * epsilon;
        for (int64_t r = 0; r < n; r++) {
            for (int64_t c = 0; c < RHS; c++) {
                double sum = 0;
                for (int64_t k = 0; k < n; k++)
                    sum += (double)A[r * ld + k] * (double)X[k * RHS + c];
                ck_assert(fabs(sum - ((double)((r * RHS + c) % 7) - 3)) < 10 * tolerance);
            }
            for (int64_t c = 0; c < n && n <= 257; c++) {
                double sum = 0;
                for (int64_t k = 0; k < n; k++)
                    sum += (double)A[r * ld + k] * (double)(k <= c ? P[k * ld + c] : P[c * ld + k]);
                ck_assert(fabs(sum - (r == c)) < tolerance);
            }
            ck_assert(memcmp(P + r * ld + r, kept[1][0] + r * ld + r, (size_t)(n - r) * sizeof *P) == 0);
        }
        ck_assert(n == 0 || memcmp(X, kept[1][1], (size_t)(n * RHS) * sizeof *X) == 0);
        gu_free(&context->allocator, A);
        for (int t = 0; t < 4; t++)
            gu_free(&context->allocator, kept[t / 2][t % 2]);
    }
    gusto_context_destroy(context);
}
END_TEST

START_TEST(a_bad_pivot_is_named)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    const int64_t n = 300, bad[] = {0, 17, 255, 256, 299};
    for (int b = 0; b < 5; b++)
        for (int nan = 0; nan < 2; nan++) {
            gusto_real *A = draw(n, n, 2);
            A[bad[b] * n + bad[b]] = nan ? (gusto_real)NAN : -1;
            int64_t row;
            ck_assert_int_eq(gu_spd_factor(context, n, A, n, &row), GUSTO_ESINGULAR);
            ck_assert_int_eq(row, bad[b]);
            gu_free(&context->allocator, A);
        }
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("spd", factor_solve_and_invert, a_bad_pivot_is_named);
}
