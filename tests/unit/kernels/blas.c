#include "kernels/blas.h"
#include "../suite.h"
#include "core/rng.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Against triple loops in double. Sizes are small and odd; leading dimensions are larger than the rows. */
static const int64_t sizes[] = {0, 1, 2, 5, 8, 17, 40};
enum { N_SIZES = sizeof sizes / sizeof *sizes, PAD = 3, LD = 40 + PAD, ROOM = LD * LD };

static const double epsilon = sizeof(gusto_real) == sizeof(float) ? FLT_EPSILON : DBL_EPSILON;

static void fill(gusto_real *x, uint64_t seed)
{
    for (int j = 0; j < ROOM; j++) {
        uint32_t word[4];
        gu_random(seed, GU_STREAM_TEST, (uint64_t)j, 0, word);
        x[j] = (gusto_real)(2 * gu_uniform(word[0]) - 1);
    }
}

static void check_near(double x, double expected, double tolerance)
{
    if (!(fabs(x - expected) <= tolerance))
        ck_abort_msg("%.17g, not %.17g within %g", x, expected, tolerance);
}

/* Outside of the result nothing is written. */
static void check_kept(gusto_real x, gusto_real was)
{
    if (x != was)
        ck_abort_msg("%.17g was written over %.17g", (double)x, (double)was);
}

static gusto_real A[ROOM], B[ROOM], C[ROOM], before[ROOM];

START_TEST(gemm)
{
    const double scales[][2] = {{1, 0}, {-.5, 1}, {2, .25}};
    for (int way = 0; way < 4; way++)
        for (int sm = 0; sm < N_SIZES; sm++)
            for (int sn = 0; sn < N_SIZES; sn++)
                for (int sk = 0; sk < N_SIZES; sk++)
                    for (int s = 0; s < 3; s++) {
                        const int64_t m = sizes[sm], n = sizes[sn], k = sizes[sk];
                        const bool    ta = way & 1, tb = way & 2;
                        const double  alpha = scales[s][0], beta = scales[s][1];
                        fill(A, 1);
                        fill(B, 2);
                        fill(C, 3);
                        fill(before, 3);
                        if (beta == 0)
                            for (int64_t r = 0; r < m; r++)
                                for (int64_t c = 0; c < n; c++)
                                    C[r * LD + c] = (gusto_real)NAN; /* overwritten, not scaled */
                        gu_gemm(ta, tb, m, n, k, (gusto_real)alpha, A, LD, B, LD, (gusto_real)beta, C, LD);
                        for (int64_t r = 0; r < LD; r++)
                            for (int64_t c = 0; c < LD; c++) {
                                double sum = 0;
                                for (int64_t t = 0; t < k; t++)
                                    sum += (double)A[ta ? t * LD + r : r * LD + t] * (double)B[tb ? c * LD + t : t * LD + c];
                                if (r < m && c < n)
                                    check_near((double)C[r * LD + c], alpha * sum + beta * (double)before[r * LD + c],
                                               4 * epsilon * (double)(k + 1));
                                else
                                    check_kept(C[r * LD + c], before[r * LD + c]);
                            }
                    }
}
END_TEST

START_TEST(syrk)
{
    for (int sn = 0; sn < N_SIZES; sn++)
        for (int sk = 0; sk < N_SIZES; sk++)
            for (int b = 0; b < 2; b++) {
                const int64_t n = sizes[sn], k = sizes[sk];
                fill(A, 1);
                fill(C, 3);
                fill(before, 3);
                gu_syrk(n, k, (gusto_real).5, A, LD, (gusto_real)b, C, LD);
                for (int64_t r = 0; r < LD; r++)
                    for (int64_t c = 0; c < LD; c++) {
                        double sum = 0;
                        for (int64_t t = 0; t < k; t++)
                            sum += (double)A[t * LD + r] * (double)A[t * LD + c];
                        if (r < n && c < n && c >= r)
                            check_near((double)C[r * LD + c], .5 * sum + b * (double)before[r * LD + c],
                                       4 * epsilon * (double)(k + 1));
                        else
                            check_kept(C[r * LD + c], before[r * LD + c]);
                    }
            }
}
END_TEST

/* A = M M' + n I is positive definite; its lower triangle is poisoned, as only the upper may be read. */
START_TEST(posv)
{
    const int64_t rhs[] = {0, 1, 2, 7};
    static double full[LD][LD];
    for (int sn = 0; sn < N_SIZES; sn++)
        for (int sr = 0; sr < 4; sr++) {
            const int64_t n = sizes[sn], n_rhs = rhs[sr];
            fill(B, 1);
            for (int64_t r = 0; r < n; r++)
                for (int64_t c = 0; c < n; c++) {
                    full[r][c] = r == c ? (double)n : 0;
                    for (int64_t t = 0; t < n; t++)
                        full[r][c] += (double)B[r * LD + t] * (double)B[c * LD + t];
                    A[r * LD + c] = c >= r ? (gusto_real)full[r][c] : (gusto_real)NAN;
                }
            fill(C, 3);
            fill(before, 3);
            ck_assert(gu_posv(n, n_rhs, A, LD, C, LD));
            for (int64_t r = 0; r < n; r++)
                for (int64_t c = 0; c < n_rhs; c++) {
                    double sum = 0;
                    for (int64_t t = 0; t < n; t++)
                        sum += full[r][t] * (double)C[t * LD + c];
                    check_near(sum, (double)before[r * LD + c], 50 * epsilon * (double)n);
                }
            for (int64_t r = 0; r < LD; r++)
                for (int64_t c = r < n ? n_rhs : 0; c < LD; c++)
                    check_kept(C[r * LD + c], before[r * LD + c]);
        }
}
END_TEST

/* By hand: A = [4 2; 2 3], b = [2 5]: x = [-1/2 2]; the factor is [2 1; 0 sqrt 2]. */
START_TEST(posv_by_hand)
{
    gusto_real a[4] = {4, 2, 0, 3}, b[2] = {2, 5};
    ck_assert(gu_posv(2, 1, a, 2, b, 1));
    check_near((double)b[0], -.5, 4 * epsilon);
    check_near((double)b[1], 2, 4 * epsilon);
    check_near((double)a[0], 2, 4 * epsilon);
    check_near((double)a[1], 1, 4 * epsilon);
    check_near((double)a[3], sqrt(2), 4 * epsilon);
}
END_TEST

START_TEST(posv_refuses)
{
    gusto_real b[2] = {1, 1};
    gusto_real indefinite[4] = {1, 2, 2, 1}, negative[4] = {-1, 0, 0, 1}, singular[4] = {1, 1, 1, 1};
    gusto_real first[4] = {(gusto_real)NAN, 0, 0, 1}, off[4] = {1, (gusto_real)NAN, 0, 1}, last[4] = {1, 0, 0, (gusto_real)NAN};
    ck_assert(!gu_posv(2, 1, indefinite, 2, b, 1));
    ck_assert(!gu_posv(2, 1, negative, 2, b, 1));
    ck_assert(!gu_posv(2, 1, singular, 2, b, 1));
    ck_assert(!gu_posv(2, 1, first, 2, b, 1));
    ck_assert(!gu_posv(2, 1, off, 2, b, 1));
    ck_assert(!gu_posv(2, 1, last, 2, b, 1));
}
END_TEST

/* The basis is orthonormal, also of columns that are too few, and the old columns lie in it: A = Q Q'A = Q R. */
START_TEST(orthonormal)
{
    static gusto_real R[LD * LD];
    const int64_t     n = 40;
    for (int64_t b = 0; b <= n; b += 8)
        for (int repeated = 0; repeated < 2; repeated++) {
            gusto_real *room = malloc((size_t)gu_orthonormal_room(b) * sizeof *room + 1);
            ck_assert_ptr_nonnull(room);
            fill(A, 1);
            for (int64_t r = 0; repeated && b > 1 && r < n; r++)
                A[r * LD + b - 1] = A[r * LD];
            memcpy(B, A, sizeof A);
            ck_assert(gu_orthonormal(n, b, A, LD, repeated ? R : NULL, room));
            for (int64_t r = 0; repeated && r < n; r++)
                for (int64_t c = 0; c < b; c++) {
                    double x = 0;
                    for (int64_t q = 0; q < b; q++)
                        x += (double)A[r * LD + q] * (double)R[q * b + c];
                    check_near(x, (double)B[r * LD + c], 100 * epsilon);
                    if (r < b && c < r)
                        ck_assert(R[r * b + c] == 0); /* exactly */
                }
            for (int64_t p = 0; p < b; p++) {
                double left[LD] = {0};
                for (int64_t q = 0; q < b; q++) {
                    double dot = 0, projection = 0;
                    for (int64_t r = 0; r < n; r++) {
                        dot += (double)A[r * LD + p] * (double)A[r * LD + q];
                        projection += (double)A[r * LD + q] * (double)B[r * LD + p];
                    }
                    check_near(dot, p == q, 30 * epsilon);
                    for (int64_t r = 0; r < n; r++)
                        left[r] += projection * (double)A[r * LD + q];
                }
                for (int64_t r = 0; r < n; r++)
                    check_near(left[r], (double)B[r * LD + p], 100 * epsilon);
            }
            for (int64_t r = 0; r < LD; r++)
                for (int64_t c = r < n ? b : 0; c < LD; c++)
                    check_kept(A[r * LD + c], B[r * LD + c]);
            free(room);
        }
}
END_TEST

/* The lower triangle is poisoned. By hand: [2 1; 1 2] has 1 with (1 -1) and 3 with (1 1). */
START_TEST(eigen)
{
    static double full[LD * LD], vector[LD * LD];
    double        a[4] = {2, 1, (double)NAN, 2}, value[LD];
    double       *room = malloc((size_t)gu_eigen_room(40) * sizeof *room);
    int32_t      *room_int = malloc((size_t)gu_eigen_int_room(40) * sizeof *room_int);
    ck_assert(room && room_int);
    gu_eigen_double(2, a, 2, value, room, room_int);
    check_near(value[0], 1, 1e-14);
    check_near(value[1], 3, 1e-14);
    check_near(a[0], -a[1], 1e-14);
    check_near(a[2], a[3], 1e-14);
    for (int sn = 0; sn < N_SIZES; sn++) {
        const int64_t n = sizes[sn];
        fill(A, 4);
        for (int64_t r = 0; r < n; r++)
            for (int64_t c = 0; c < n; c++) {
                full[r * LD + c] = (double)A[(r < c ? r : c) * LD + (r < c ? c : r)];
                vector[r * LD + c] = c >= r ? full[r * LD + c] : (double)NAN;
            }
        gu_eigen_double(n, vector, LD, value, room, room_int);
        for (int64_t j = 0; j < n; j++) {
            double square = 0;
            ck_assert(j == 0 || value[j - 1] <= value[j]);
            for (int64_t r = 0; r < n; r++) {
                double sum = 0;
                for (int64_t c = 0; c < n; c++)
                    sum += full[r * LD + c] * vector[j * LD + c];
                check_near(sum, value[j] * vector[j * LD + r], 1e-12);
                square += vector[j * LD + r] * vector[j * LD + r];
            }
            check_near(square, 1, 1e-12);
        }
    }
    free(room);
    free(room_int);
}
END_TEST

START_TEST(gemv)
{
    static gusto_real x[LD], y[LD];
    for (int sm = 0; sm < N_SIZES; sm++)
        for (int sn = 0; sn < N_SIZES; sn++)
            for (int b = 0; b < 2; b++) {
                const int64_t m = sizes[sm], n = sizes[sn];
                fill(A, 1);
                for (int j = 0; j < LD; j++) {
                    x[j] = (gusto_real)(j + 1) / LD;
                    y[j] = b == 0 && j < m ? (gusto_real)NAN : (gusto_real)j;
                }
                gu_gemv(m, n, 2, A, LD, x, (gusto_real)b, y);
                for (int64_t r = 0; r < LD; r++) {
                    double sum = 0;
                    for (int64_t t = 0; t < n; t++)
                        sum += (double)A[r * LD + t] * (double)x[t];
                    if (r < m)
                        check_near((double)y[r], 2 * sum + b * (double)r, 100 * epsilon * (double)(n + 1));
                    else
                        check_kept(y[r], (gusto_real)r);
                }
            }
}
END_TEST

/* The caller's number of threads is the same afterwards, outside and inside a parallel region. */
START_TEST(settings_stay)
{
    int inside[2] = {0};
    fill(A, 1);
    fill(B, 2);
    omp_set_num_threads(3);
    gu_gemm(false, true, 40, 40, 40, 1, A, LD, B, LD, 0, C, LD);
    ck_assert_int_eq(omp_get_max_threads(), 3);
#pragma omp parallel num_threads(2)
    {
        static gusto_real out[2][ROOM];
        const int         t = omp_get_thread_num();
        omp_set_num_threads(5 + t);
        gu_syrk(40, 40, 1, A, LD, 0, out[t], LD);
        inside[t] = omp_get_max_threads();
    }
    ck_assert_int_eq(inside[0], 5);
    ck_assert(inside[1] == 6 || inside[1] == 0); /* 0: the runtime gave one thread only */
    ck_assert_int_eq(omp_get_max_threads(), 3);
}
END_TEST

int main(void)
{
    RUN("blas", gemm, syrk, posv, posv_by_hand, posv_refuses, orthonormal, eigen, gemv, settings_stay);
}
