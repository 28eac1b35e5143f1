/* One user's ratings under SVD++: the reference against the formulas in double, the other variants against the reference. */
#include "variants.h"

enum { N_COLUMNS = 19, NNZ = 40, MOST_LD = 12 * GU_LANES };

/* Ratings of one user each: none, one, few, more than are fetched ahead. */
static const int64_t start[] = {0, 0, 1, 4, 13, NNZ};
enum { N_ROWS = sizeof start / sizeof *start - 1 };

static const int64_t ranks[] = {1, GU_LANES - 1, GU_LANES, GU_LANES + 1, 4 * GU_LANES, 8 * GU_LANES, 9 * GU_LANES, MOST_LD - 3};
enum { N_RANKS = sizeof ranks / sizeof *ranks };

static const gu_svdpp_rates by = {
    .rate = (gusto_real)0.05, .rate_bias = (gusto_real)0.03, .l2 = (gusto_real)0.1, .l2_bias = (gusto_real)0.2};

/* What moves. */
typedef struct world {
    array      Q, bi, p, g;
    gusto_real bu;
    double     loss;
} world;

static array   z, value, weight;
static int32_t column[NNZ];

/* k numbers and the zeros behind them, the rows `offset` past a line. */
static void make_rows(array *a, int64_t rows, int64_t k, int offset, uint64_t seed)
{
    const int64_t ld = gu_padded(k);
    make(a, rows * ld, offset, seed, 0.5);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = k; j < ld; j++)
            a->at[r * ld + j] = 0;
}

static void make_world(world *w, int64_t k, int offset)
{
    make_rows(&w->Q, N_COLUMNS, k, offset, 1);
    make_rows(&w->p, 1, k, 3 - offset, 2);
    make_rows(&w->g, 1, k, offset, 3);
    make_rows(&z, 1, k, offset, 4);
    make(&w->bi, N_COLUMNS, offset, 5, 1);
    make(&value, NNZ, 1, 6, 2);
    make(&weight, NNZ, 2, 7, 1);
    w->bu = (gusto_real)0.25;
    for (int e = 0; e < NNZ; e++)
        column[e] = (e * 5 + 2) % N_COLUMNS;
}

static void run(const gu_kernels *kernels, world *w, int row, int64_t k, int offset, bool weighted)
{
    make_world(w, k, offset);
    const gu_entry_list list = {
        .n = NNZ, .column = column, .value = value.at, .weight = weighted ? weight.at : NULL, .ld = gu_padded(k)};
    w->loss = kernels->svdpp_user(&by, &list, start[row], start[row + 1], (gusto_real)0.5, w->Q.at, w->bi.at, z.at, &w->bu,
                                  w->p.at, w->g.at);
    check_guards(&w->Q);
    check_guards(&w->bi);
    check_guards(&w->p);
    check_guards(&w->g);
}

/* The same by the contract, in double. */
static void check_formulas(const world *w, int row, int64_t k, int offset, bool weighted)
{
    static world  was;
    static double Q[N_COLUMNS * MOST_LD];
    double        bi[N_COLUMNS], p[MOST_LD], g[MOST_LD], bu, loss = 0;
    const int64_t ld = gu_padded(k);
    const double  rate = (double)by.rate, l2 = (double)by.l2, rate_bias = (double)by.rate_bias, l2_bias = (double)by.l2_bias;
    make_world(&was, k, offset);
    bu = (double)was.bu;
    for (int64_t j = 0; j < N_COLUMNS * ld; j++)
        Q[j] = (double)was.Q.at[j];
    for (int64_t j = 0; j < ld; j++) {
        p[j] = (double)was.p.at[j];
        g[j] = (double)was.g.at[j];
    }
    for (int i = 0; i < N_COLUMNS; i++)
        bi[i] = (double)was.bi.at[i];
    for (int64_t e = start[row]; e < start[row + 1]; e++) {
        const int i = column[e];
        double   *q = Q + i * ld, d = (double)value.at[e] - 0.5 - bu - bi[i];
        for (int64_t j = 0; j < ld; j++)
            d -= (p[j] + (double)z.at[j]) * q[j];
        const double x = (weighted ? (double)weight.at[e] : 1) * d;
        loss += x * d;
        bu += rate_bias * (x - l2_bias * bu);
        bi[i] += rate_bias * (x - l2_bias * bi[i]);
        for (int64_t j = 0; j < ld; j++) {
            const double old = q[j];
            g[j] += x * old;
            q[j] += rate * (x * (p[j] + (double)z.at[j]) - l2 * old);
            p[j] += rate * (x * old - l2 * p[j]);
        }
    }
    const double tolerance = 500 * epsilon;
    check_near(w->loss, loss, tolerance * (1 + fabs(loss)));
    check_near((double)w->bu, bu, tolerance);
    for (int i = 0; i < N_COLUMNS; i++)
        check_near((double)w->bi.at[i], bi[i], tolerance);
    for (int64_t j = 0; j < N_COLUMNS * ld; j++)
        check_near((double)w->Q.at[j], Q[j], tolerance);
    for (int64_t j = 0; j < ld; j++) {
        check_near((double)w->p.at[j], p[j], tolerance);
        check_near((double)w->g.at[j], g[j], tolerance * (1 + fabs(g[j])));
    }
}

START_TEST(agrees)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static world      first, other;
    for (int c = 0; c < N_RANKS; c++)
        for (int offset = 0; offset < 4; offset++)
            for (int weighted = 0; weighted < 2; weighted++)
                for (int row = 0; row < N_ROWS; row++) {
                    const int64_t k = ranks[c], ld = gu_padded(k);
                    const size_t  size = (size_t)ld * sizeof(gusto_real);
                    run(table[0], &first, row, k, offset, weighted);
                    check_formulas(&first, row, k, offset, weighted);
                    for (int v = 1; v < n_variants; v++) {
                        run(table[v], &other, row, k, offset, weighted);
                        check_same(table[v], &other.loss, &first.loss, sizeof first.loss, "the loss of svdpp_user", k);
                        check_same(table[v], &other.bu, &first.bu, sizeof first.bu, "bu of svdpp_user", k);
                        check_same(table[v], other.bi.at, first.bi.at, N_COLUMNS * sizeof(gusto_real), "bi of svdpp_user", k);
                        check_same(table[v], other.Q.at, first.Q.at, N_COLUMNS * size, "Q of svdpp_user", k);
                        check_same(table[v], other.p.at, first.p.at, size, "p of svdpp_user", k);
                        check_same(table[v], other.g.at, first.g.at, size, "g of svdpp_user", k);
                    }
                }
}
END_TEST

/* A NaN among the factors reaches all that an entry moves. */
START_TEST(nan_comes_through)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static world      w;
    for (int v = 0; v < n_variants; v++) {
        make_world(&w, GU_LANES, 0);
        const gu_entry_list list = {.n = NNZ, .column = column, .value = value.at, .ld = GU_LANES};
        w.Q.at[column[0] * GU_LANES + 2] = (gusto_real)NAN;
        const double loss = table[v]->svdpp_user(&by, &list, 0, 1, 0, w.Q.at, w.bi.at, z.at, &w.bu, w.p.at, w.g.at);
        ck_assert(isnan(loss) && isnan(w.bu) && isnan(w.bi.at[column[0]]) && isnan(w.p.at[2]) && isnan(w.g.at[2]));
    }
}
END_TEST

int main(void)
{
    RUN("svdpp", agrees, nan_comes_through);
}
