#include "variants.h"

/* Bits against the reference, values against sums in double, guards. */
START_TEST(agree)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static array      x, y, x0, y0;
    for (int c = 0; c < N_LENGTHS; c++)
        for (int offset = 0; offset < 4; offset++) {
            const int64_t     n = lengths[c];
            const size_t      size = (size_t)n * sizeof(gusto_real);
            const gusto_real  a = (gusto_real)1.7;
            const gu_kernels *r = table[0];

            const gusto_real *u = make(&x0, n, offset, 1, 3), *w = make(&y0, n, 3 - offset, 2, 3);
            double            dot = 0, squares = 0, size_of_dot = 0;
            for (int64_t j = 0; j < n; j++) {
                dot += (double)u[j] * (double)w[j];
                size_of_dot += fabs((double)u[j] * (double)w[j]);
                squares += (double)u[j] * (double)u[j];
            }
            const gusto_real dot0 = r->dot(n, u, w);
            const double     squares0 = r->sum_squares(n, u);
            check_near((double)dot0, dot, epsilon * (size_of_dot + 1e-30));
            check_near(squares0, squares, 1e-14 * squares);
            ck_assert_int_eq(r->not_finite(n, u), -1);

            static array axpy0, scale0, positive0;
            make(&axpy0, n, offset, 2, 3);
            make(&scale0, n, offset, 1, 3);
            make(&positive0, n, offset, 1, 3);
            r->axpy(n, a, u, axpy0.at);
            r->scale(n, a, scale0.at);
            r->positive(n, positive0.at);
            for (int64_t j = 0; j < n; j++) {
                check_near((double)axpy0.at[j], (double)a * (double)u[j] + (double)w[j], epsilon * 9);
                ck_assert(scale0.at[j] == a * u[j]);
                ck_assert(positive0.at[j] == (u[j] > 0 ? u[j] : 0));
            }

            for (int v = 0; v < n_variants; v++) {
                const gu_kernels *k = table[v];
                make(&x, n, offset, 1, 3);
                make(&y, n, 3 - offset, 2, 3);
                const gusto_real d = k->dot(n, x.at, y.at);
                const double     s = k->sum_squares(n, x.at);
                check_same(k, &d, &dot0, sizeof d, "dot", n);
                check_same(k, &s, &squares0, sizeof s, "sum_squares", n);
                ck_assert_int_eq(k->not_finite(n, x.at), -1);
                k->axpy(n, a, x.at, y.at);
                check_same(k, y.at, axpy0.at, size, "axpy", n);
                check_guards(&y);
                k->positive(n, x.at);
                check_same(k, x.at, positive0.at, size, "positive", n);
                check_guards(&x);
                make(&x, n, offset, 1, 3);
                k->scale(n, a, x.at);
                check_same(k, x.at, scale0.at, size, "scale", n);
                check_guards(&x);
            }
        }
}
END_TEST

/* The order of a dot product, as promised: lanes, then halves. Numbers are chosen so that another order gives another sum. */
START_TEST(order_of_dot)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static array      x, y;
    for (int64_t n = 0; n < 6 * GU_LANES; n++) {
        make(&x, n, 1, 5, 1e3);
        make(&y, n, 2, 6, 1e3);
        gusto_real lane[GU_LANES] = {0};
        for (int64_t j = 0; j < n; j++)
            lane[j % GU_LANES] = sizeof(gusto_real) == sizeof(float)
                                     ? (gusto_real)fmaf((float)x.at[j], (float)y.at[j], (float)lane[j % GU_LANES])
                                     : (gusto_real)fma((double)x.at[j], (double)y.at[j], (double)lane[j % GU_LANES]);
        for (int half = GU_LANES / 2; half > 0; half /= 2)
            for (int l = 0; l < half; l++)
                lane[l] += lane[l + half];
        for (int v = 0; v < n_variants; v++)
            ck_assert(table[v]->dot(n, x.at, y.at) == lane[0]);
    }
}
END_TEST

START_TEST(finds_what_is_not_finite)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    const gusto_real  bad[] = {NAN, INFINITY, -INFINITY};
    static array      x;
    for (int v = 0; v < n_variants; v++)
        for (int c = 0; c < N_LENGTHS; c++)
            for (int64_t at = 0; at < lengths[c]; at++) {
                make(&x, lengths[c], 1, 3, (double)(sizeof(gusto_real) == sizeof(float) ? FLT_MAX : DBL_MAX / 2));
                x.at[at] = bad[at % 3];
                x.at[lengths[c] - 1] = at == lengths[c] - 1 ? x.at[at] : NAN;
                ck_assert_int_eq(table[v]->not_finite(lengths[c], x.at), at);
            }
}
END_TEST

START_TEST(positive_keeps_nan)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static array      x;
    for (int v = 0; v < n_variants; v++) {
        make(&x, 37, 1, 3, 1);
        x.at[0] = x.at[20] = x.at[36] = NAN;
        x.at[1] = INFINITY;
        x.at[2] = -INFINITY;
        table[v]->positive(37, x.at);
        ck_assert(isnan(x.at[0]) && isnan(x.at[20]) && isnan(x.at[36]));
        ck_assert(isinf(x.at[1]) && x.at[2] == 0);
    }
}
END_TEST

/* In single precision the squares of large numbers overflow; their sum in double does not. */
START_TEST(squares_in_double)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    const gusto_real  x[3] = {(gusto_real)3e30, (gusto_real)4e30, 0};
    for (int v = 0; v < n_variants; v++)
        check_near(table[v]->sum_squares(3, x), 25e60, 25e60 * 1e-6);
}
END_TEST

int main(void)
{
    RUN("vectors", agree, order_of_dot, finds_what_is_not_finite, positive_keeps_nan, squares_in_double);
}
