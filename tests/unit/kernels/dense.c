#include "variants.h"

/* A row of ratings in 0..1 with every third or so missing, predictions, biases, column sums; any of n, offset. */
typedef struct row {
    array r, x, bias, column_sum;
} row;

static void make_row(row *a, int64_t n, int offset)
{
    make(&a->r, n, offset, 1, 1);
    make(&a->x, n, 3 - offset, 2, 4);
    make(&a->bias, n, offset, 3, 1);
    make(&a->column_sum, n, 1, 4, 1);
    for (int64_t j = 0; j < n; j++)
        a->r.at[j] = a->r.at[j] < (gusto_real)-.3 ? (gusto_real)NAN : (gusto_real)fabs((double)a->r.at[j]);
}

/* Squared loss: everything is given by the contract, so bits must match. */
START_TEST(squared_in_plain_loops)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static row        a, b;
    for (int c = 0; c < N_LENGTHS; c++)
        for (int way = 0; way < 16; way++) {
            const int64_t    n = lengths[c];
            const int        offset = way & 3;
            const bool       biased = way & 4, summed = way & 8;
            const gusto_real base = (gusto_real).7;

            make_row(&a, n, offset);
            double  lane[2][GU_LANES] = {{0}};
            int64_t met = 0;
            for (int64_t j = 0; j < n; j++) {
                const gusto_real start = biased ? base + a.bias.at[j] : base;
                const gusto_real d = isnan(a.r.at[j]) ? 0 : start + a.x.at[j] - a.r.at[j];
                met += !isnan(a.r.at[j]);
                a.x.at[j] = d;
                a.column_sum.at[j] += summed ? d : 0;
                lane[0][j % GU_LANES] += (double)d;
                lane[1][j % GU_LANES] = fma((double)d, (double)d, lane[1][j % GU_LANES]);
            }
            for (int half = GU_LANES / 2; half > 0; half /= 2)
                for (int l = 0; l < half; l++)
                    for (int s = 0; s < 2; s++)
                        lane[s][l] += lane[s][l + half];
            const double expected[2] = {lane[0][0], lane[1][0]};

            for (int v = 0; v < n_variants; v++) {
                double sums[2];
                make_row(&b, n, offset);
                const int64_t got = table[v]->residual_dense(n, GU_LOSS_SQUARED, base, biased ? b.bias.at : NULL, b.r.at, b.x.at,
                                                             summed ? b.column_sum.at : NULL, sums);
                ck_assert_int_eq(got, met);
                check_same(table[v], b.x.at, a.x.at, (size_t)n * sizeof(gusto_real), "residual", n);
                check_same(table[v], b.column_sum.at, a.column_sum.at, (size_t)n * sizeof(gusto_real), "column_sum", n);
                check_same(table[v], sums, expected, sizeof sums, "sums", n);
                check_guards(&b.x);
                check_guards(&b.column_sum);
            }
        }
}
END_TEST

/* Logistic loss: variants against each other to the bit, the reference against libm. */
START_TEST(logistic_against_libm)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static row        a, b;
    for (int c = 0; c < N_LENGTHS; c++) {
        const int64_t n = lengths[c];
        double        sums0[2], sums[2], residual = 0, loss = 0;
        make_row(&a, n, 1);
        for (int64_t j = 0; j < n; j++)
            if (!isnan(a.r.at[j])) {
                const double x = (double)(a.bias.at[j] + a.x.at[j]), r = (double)a.r.at[j];
                residual += 1 / (1 + exp(-x)) - r;
                loss += -r * log(1 / (1 + exp(-x))) - (1 - r) * log(1 / (1 + exp(x)));
            }
        const int64_t met = table[0]->residual_dense(n, GU_LOSS_LOGISTIC, 0, a.bias.at, a.r.at, a.x.at, a.column_sum.at, sums0);
        check_near(sums0[0], residual, 4 * epsilon * (double)(n + 1));
        check_near(sums0[1], loss, 16 * epsilon * (double)(n + 1));
        for (int v = 0; v < n_variants; v++) {
            make_row(&b, n, 1);
            ck_assert_int_eq(table[v]->residual_dense(n, GU_LOSS_LOGISTIC, 0, b.bias.at, b.r.at, b.x.at, b.column_sum.at, sums),
                             met);
            check_same(table[v], b.x.at, a.x.at, (size_t)n * sizeof(gusto_real), "residual", n);
            check_same(table[v], b.column_sum.at, a.column_sum.at, (size_t)n * sizeof(gusto_real), "column_sum", n);
            check_same(table[v], sums, sums0, sizeof sums, "sums", n);
        }
    }
}
END_TEST

/* Where exp would overflow or log would be infinite: the loss of a wrong prediction is |x|, of a right one about 0. */
START_TEST(logistic_far_out)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    const double      far[] = {30, 88, 104, 1000, 1e30};
    for (int v = 0; v < n_variants; v++)
        for (size_t c = 0; c < sizeof far / sizeof *far; c++)
            for (int sign = -1; sign <= 1; sign += 2)
                for (int r = 0; r < 2; r++) {
                    gusto_real       x = (gusto_real)(sign * far[c]);
                    const gusto_real rating = (gusto_real)r;
                    const bool       right = (sign > 0) == (r == 1);
                    double           sums[2];
                    ck_assert_int_eq(table[v]->residual_dense(1, GU_LOSS_LOGISTIC, 0, NULL, &rating, &x, NULL, sums), 1);
                    check_near((double)x, right ? 0 : sign, 1e-12);
                    check_near(sums[1], right ? 0 : far[c], 1e-12 + epsilon * far[c]);
                }
}
END_TEST

/* What is missing is not a rating, even where the prediction is NaN; what is rated shows a NaN prediction. */
START_TEST(nan_prediction)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    for (int v = 0; v < n_variants; v++)
        for (int loss = GU_LOSS_SQUARED; loss <= GU_LOSS_LOGISTIC; loss++) {
            gusto_real       x[3] = {NAN, 1, NAN};
            const gusto_real r[3] = {NAN, NAN, 1};
            double           sums[2];
            ck_assert_int_eq(table[v]->residual_dense(2, (gu_loss)loss, 0, NULL, r, x, NULL, sums), 0);
            ck_assert(x[0] == 0 && x[1] == 0 && sums[0] == 0 && sums[1] == 0);
            ck_assert_int_eq(table[v]->residual_dense(3, (gu_loss)loss, 0, NULL, r, x, NULL, sums), 1);
            ck_assert(isnan(x[2]) && isnan(sums[0]) && isnan(sums[1]));
        }
}
END_TEST

int main(void)
{
    RUN("dense", squared_in_plain_loops, logistic_against_libm, logistic_far_out, nan_prediction);
}
