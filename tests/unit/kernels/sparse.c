#include "variants.h"

/* A batch of rows over a table of factors, of odd sizes: some rows empty, one of more than two groups, columns out of order and repeated. */
enum { N_ROWS = 7, N_COLUMNS = 23, NNZ = 75 };
static const int64_t start[N_ROWS + 1] = {0, 0, 1, 4, 9, 9, 26, NNZ};
static const int32_t rows[N_ROWS] = {5, 0, 9, 3, 4, 11, 2};
enum { N_P = 12 };

static int32_t column[NNZ], position[NNZ];

typedef struct batch {
    gusto_real *P, *Q, *bias, *value, *weight;
} batch;

static gusto_real room[2][(N_P + N_COLUMNS) * 512];

/* Rows of k numbers, the padding zero. */
static gusto_real *factors(gusto_real *out, int64_t n, int64_t k, uint64_t seed)
{
    const int64_t ld = gu_padded(k);
    for (int64_t r = 0; r < n; r++)
        for (int64_t j = 0; j < ld; j++) {
            uint32_t word[4];
            gu_random(seed, GU_STREAM_TEST, (uint64_t)r, (uint32_t)j, word);
            out[r * ld + j] = j < k ? (gusto_real)(2 * gu_uniform(word[0]) - 1) : 0;
        }
    return out;
}

static batch make_batch(int64_t k, int offset)
{
    static array bias, value, weight;
    uint32_t     word[4];
    for (int e = 0; e < NNZ; e++) {
        gu_random(7, GU_STREAM_TEST, (uint64_t)e, 0, word);
        column[e] = (int32_t)(word[0] % N_COLUMNS);
        position[e] = (int32_t)((e * 31) % NNZ);
    }
    batch b = {factors(room[0] + offset, N_P, k, 1), factors(room[1] + 3 * offset, N_COLUMNS, k, 2),
               make(&bias, N_COLUMNS, offset, 3, 1), make(&value, NNZ, 1, 4, 1), make(&weight, NNZ, 3, 5, 1)};
    for (int e = 0; e < NNZ; e++) {
        b.value[e] = (b.value[e] + 1) / 2; /* 0..1 serves both losses */
        b.weight[e] = 1 + b.weight[e] / 2;
    }
    return b;
}

/* Ranks about the borders of vectors, with lengths that are specialised (1..8 vectors) and those beyond. */
static const int64_t ranks[] = {1,
                                GU_LANES - 1,
                                GU_LANES,
                                GU_LANES + 1,
                                3 * GU_LANES,
                                4 * GU_LANES,
                                5 * GU_LANES - 2,
                                6 * GU_LANES,
                                7 * GU_LANES,
                                8 * GU_LANES,
                                9 * GU_LANES,
                                15 * GU_LANES,
                                21 * GU_LANES - 3};
enum { N_RANKS = sizeof ranks / sizeof *ranks };

START_TEST(sddmm_agrees)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static array      out;
    for (int c = 0; c < N_RANKS; c++)
        for (int offset = 0; offset < 2; offset++)
            for (int named = 0; named < 2; named++) {
                const int64_t ld = gu_padded(ranks[c]);
                const batch   b = make_batch(ranks[c], offset);
                for (int v = 0; v < n_variants; v++) {
                    make(&out, NNZ, 1, 1, 1);
                    table[v]->sddmm(N_ROWS, named ? rows : NULL, start, column, ld, b.P, b.Q, out.at);
                    check_guards(&out);
                    for (int r = 0; r < N_ROWS; r++)
                        for (int64_t e = start[r]; e < start[r + 1]; e++) {
                            const gusto_real dot = table[0]->dot(ld, b.P + (named ? rows[r] : r) * ld, b.Q + column[e] * ld);
                            check_same(table[v], &out.at[e], &dot, sizeof dot, "sddmm", ld);
                        }
                }
            }
}
END_TEST

/* The contract of residual_row, in plain loops: exact for the squared loss, as every operation is given. */
static void plain_row(const gu_kernels *reference, const gu_entry_list *list, int64_t begin, int64_t end, const gusto_real *p,
                      gusto_real base, gusto_real ridge, gusto_real *residual, gusto_real *g, double sums[2])
{
    sums[0] = sums[1] = 0;
    for (int64_t j = 0; j < list->ld; j++)
        g[j] = ridge * p[j];
    for (int64_t e = begin; e < end; e++) {
        const gusto_real *q = list->Q + list->column[e] * list->ld;
        const gusto_real  b = list->bias ? base + list->bias[list->column[e]] : base;
        const gusto_real  d = b + reference->dot(list->ld, p, q) - list->value[e];
        const gusto_real  w = list->weight ? list->weight[e] : 1;
        residual[e] = w * d;
        sums[0] += (double)residual[e];
        sums[1] = fma((double)w * (double)d, (double)d, sums[1]);
        reference->axpy(list->ld, residual[e], q, g);
    }
}

START_TEST(residual_row_agrees)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static array      residual, residual0, g, g0;
    for (int c = 0; c < N_RANKS; c++)
        for (int way = 0; way < 8; way++) {
            const int64_t       ld = gu_padded(ranks[c]);
            const batch         b = make_batch(ranks[c], way & 1);
            const gu_entry_list list = {NNZ,     column,
                                        b.value, way & 1 ? b.weight : NULL,
                                        b.Q,     way & 2 ? b.bias : NULL,
                                        ld,      way & 4 ? GU_LOSS_LOGISTIC : GU_LOSS_SQUARED};
            for (int r = 0; r < N_ROWS; r++) {
                const gusto_real *p = b.P + rows[r] * ld;
                const size_t      size = (size_t)ld * sizeof(gusto_real);
                double            sums0[2], sums[2];
                make(&residual0, NNZ, 1, 9, 1);
                make(&g0, ld, 1, 9, 1);
                if (list.loss == GU_LOSS_SQUARED)
                    plain_row(table[0], &list, start[r], start[r + 1], p, (gusto_real).3, (gusto_real).7, residual0.at, g0.at,
                              sums0);
                else
                    table[0]->residual_row(&list, start[r], start[r + 1], p, (gusto_real).3, (gusto_real).7, residual0.at, g0.at,
                                           sums0);
                for (int v = 0; v < n_variants; v++) {
                    make(&residual, NNZ, 1, 9, 1);
                    make(&g, ld, 1, 8, 1);
                    table[v]->residual_row(&list, start[r], start[r + 1], p, (gusto_real).3, (gusto_real).7, residual.at, g.at,
                                           sums);
                    check_guards(&residual);
                    check_guards(&g);
                    check_same(table[v], residual.at, residual0.at, NNZ * sizeof(gusto_real), "residual", ld);
                    check_same(table[v], g.at, g0.at, size, "gradient", ld);
                    check_same(table[v], sums, sums0, sizeof sums, "sums", ld);
                }
            }
        }
}
END_TEST

/* Logistic: the gradient of the loss by central differences. */
START_TEST(logistic_gradient)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    enum { K = 5 };
    const batch         b = make_batch(K, 0);
    const gu_entry_list list = {NNZ, column, b.value, b.weight, b.Q, b.bias, gu_padded(K), GU_LOSS_LOGISTIC};
    static array        residual;
    const double        h = sizeof(gusto_real) == sizeof(float) ? 1e-2 : 1e-5;
    for (int v = 0; v < n_variants; v++) {
        gusto_real g[2 * GU_LANES], scratch[2 * GU_LANES], p[2 * GU_LANES];
        double     sums[2], up[2], down[2];
        make(&residual, NNZ, 0, 9, 1);
        memcpy(p, b.P, sizeof p);
        table[v]->residual_row(&list, 26, NNZ, p, (gusto_real).3, 0, residual.at, g, sums);
        for (int j = 0; j < K; j++) {
            const gusto_real was = p[j];
            p[j] = was + (gusto_real)h;
            const double x1 = (double)p[j];
            table[v]->residual_row(&list, 26, NNZ, p, (gusto_real).3, 0, residual.at, scratch, up);
            p[j] = was - (gusto_real)h;
            const double x0 = (double)p[j];
            table[v]->residual_row(&list, 26, NNZ, p, (gusto_real).3, 0, residual.at, scratch, down);
            p[j] = was;
            check_near((up[1] - down[1]) / (x1 - x0), (double)g[j], sizeof(gusto_real) == sizeof(float) ? 2e-3 : 1e-8);
        }
    }
}
END_TEST

START_TEST(spmm_agrees)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static array      g, g0;
    for (int c = 0; c < N_RANKS; c++)
        for (int way = 0; way < 4; way++) {
            const int64_t  ld = gu_padded(ranks[c]);
            const batch    b = make_batch(ranks[c], way & 1);
            const int32_t *pos = way & 2 ? position : NULL;
            for (int r = 0; r < N_ROWS; r++) {
                double            sum0 = 0;
                const gusto_real *x = b.P + rows[r] * ld;
                make(&g0, ld, 0, 1, 1);
                for (int64_t j = 0; j < ld; j++)
                    g0.at[j] = (gusto_real).7 * x[j];
                for (int64_t j = start[r]; j < start[r + 1]; j++) {
                    const gusto_real a = b.weight[pos ? pos[j] : j];
                    sum0 += (double)a;
                    table[0]->axpy(ld, a, b.Q + column[j] * ld, g0.at);
                }
                for (int v = 0; v < n_variants; v++) {
                    make(&g, ld, way & 1, 8, 1);
                    const double sum =
                        table[v]->spmm_row(start[r], start[r + 1], NNZ, column, pos, b.weight, ld, b.Q, (gusto_real).7, x, g.at);
                    check_guards(&g);
                    check_same(table[v], g.at, g0.at, (size_t)ld * sizeof(gusto_real), "spmm_row", ld);
                    check_same(table[v], &sum, &sum0, sizeof sum, "sum of spmm_row", ld);
                }
            }
        }
}
END_TEST

START_TEST(empty)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    const int64_t     none[1] = {0};
    for (int v = 0; v < n_variants; v++) {
        gusto_real          p[GU_LANES] = {1}, g[GU_LANES], out[1] = {7};
        double              sums[2] = {1, 1};
        const gu_entry_list list = {.n = 0, .ld = GU_LANES};
        table[v]->sddmm(0, NULL, none, NULL, GU_LANES, p, p, out);
        ck_assert(out[0] == 7);
        table[v]->residual_row(&list, 0, 0, p, 1, 0, NULL, g, sums);
        ck_assert(g[0] == 0 && g[GU_LANES - 1] == 0 && sums[0] == 0 && sums[1] == 0);
        g[0] = 1;
        ck_assert(table[v]->spmm_row(0, 0, 0, NULL, NULL, NULL, GU_LANES, p, 0, p, g) == 0);
        ck_assert(g[0] == 0);
    }
}
END_TEST

/* A NaN among the factors reaches the residual, the gradient and the sums, under both losses: divergence cannot hide. */
START_TEST(nan_comes_through)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static array      residual, g;
    for (int v = 0; v < n_variants; v++)
        for (int loss = GU_LOSS_SQUARED; loss <= GU_LOSS_LOGISTIC; loss++) {
            const batch         b = make_batch(GU_LANES, 0);
            const gu_entry_list list = {NNZ, column, b.value, NULL, b.Q, NULL, GU_LANES, (gu_loss)loss};
            double              sums[2];
            b.Q[column[30] * GU_LANES + 2] = NAN;
            make(&residual, NNZ, 0, 1, 1);
            make(&g, GU_LANES, 0, 1, 1);
            table[v]->residual_row(&list, 26, NNZ, b.P, 0, 0, residual.at, g.at, sums);
            ck_assert(isnan(residual.at[30]) && isnan(g.at[2]) && isnan(g.at[0]) && isnan(sums[0]) && isnan(sums[1]));
        }
}
END_TEST

int main(void)
{
    RUN("sparse", sddmm_agrees, residual_row_agrees, logistic_gradient, spmm_agrees, empty, nan_comes_through);
}
