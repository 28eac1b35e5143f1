#include "variants.h"

#include "kernels/blas.h"

/* Rows of odd lengths over one table of factors: empty, shorter than a vector, longer than a chunk. */
enum { N_COLUMNS = 150, NNZ = 400, N_ROWS = 6, MOST_K = 70, MOST_LD = 80, MOST_ROOM = 1 << 16 };
static const int64_t start[N_ROWS + 1] = {0, 0, 1, 4, 75, 140, NNZ};
static const int64_t ranks[] = {1, GU_LANES - 1, GU_LANES, GU_LANES + 1, 3 * GU_LANES, 4 * GU_LANES, MOST_K};
enum { N_RANKS = sizeof ranks / sizeof *ranks };

typedef enum weights { POSITIVE, SIGNED, ALL_ONE, N_WEIGHTS } weights;

/* No row lies where a vector would. */
typedef struct problem {
    _Alignas(64) gusto_real border;
    gusto_real X[N_COLUMNS * MOST_LD], w[NNZ], c[NNZ], base[MOST_LD * MOST_LD];
    int32_t    column[NNZ];
    int64_t    k, ld;
} problem;

static problem data;

static gusto_real draw(uint64_t a, uint32_t b)
{
    uint32_t word[4];
    gu_random(11, GU_STREAM_TEST, a, b, word);
    return (gusto_real)(2 * gu_uniform(word[0]) - 1);
}

/* base: a multiple of the unit matrix and a little beside it, so that all systems are well-posed. */
static void make_problem(int64_t k, weights kind)
{
    data.k = k;
    data.ld = gu_padded(k);
    for (int64_t r = 0; r < N_COLUMNS; r++)
        for (int64_t j = 0; j < data.ld; j++)
            data.X[r * data.ld + j] = j < k ? draw((uint64_t)r, (uint32_t)j) : 0;
    for (int e = 0; e < NNZ; e++) {
        data.column[e] = (int32_t)((e * 37 + e / 7) % N_COLUMNS);
        data.c[e] = 2 * draw(1000, (uint32_t)e);
        data.w[e] = kind == ALL_ONE ? 1 : draw(1001, (uint32_t)e) + (kind == POSITIVE ? 1 : (gusto_real)0.8);
    }
    for (int64_t i = 0; i < data.ld; i++)
        for (int64_t j = 0; j < data.ld; j++) {
            const gusto_real beside = i < k && j < k ? (gusto_real)(0.01 / (double)(1 + i + j)) : 0;
            data.base[i * data.ld + j] = (i == j ? (gusto_real)(kind == SIGNED ? 60 : 4) : 0) + beside;
        }
}

static gu_row_list list_of(bool indexed)
{
    return (gu_row_list){indexed ? NNZ : N_COLUMNS, indexed ? data.column : NULL, data.X, data.ld, data.ld};
}

static int64_t row_of(int64_t e, bool indexed)
{
    return indexed ? data.column[e] : e;
}

static int64_t end_of(int r, bool indexed)
{
    return indexed || start[r + 1] <= N_COLUMNS ? start[r + 1] : N_COLUMNS;
}

/* In double, entry after entry. A whole, with the base. */
static void plain(int64_t begin, int64_t end, bool indexed, bool weighted, double *A, double *b, double *s)
{
    const int64_t ld = data.ld;
    for (int64_t i = 0; i < ld; i++) {
        b[i] = s[i] = 0;
        for (int64_t j = 0; j < ld; j++)
            A[i * ld + j] = (double)data.base[i * ld + j];
    }
    for (int64_t e = begin; e < end; e++) {
        const gusto_real *q = data.X + row_of(e, indexed) * ld;
        const double      w = weighted ? (double)data.w[e - begin] : 1;
        for (int64_t i = 0; i < ld; i++) {
            b[i] += (double)data.c[e - begin] * (double)q[i];
            s[i] += w * (double)q[i];
            for (int64_t j = 0; j < ld; j++)
                A[i * ld + j] += w * (double)q[i] * (double)q[j];
        }
    }
}

static struct {
    _Alignas(64) gusto_real border;
    gusto_real A[MOST_LD * MOST_LD], A0[MOST_LD * MOST_LD], room[MOST_ROOM];
} made;

static gusto_real *const A = made.A, *const A0 = made.A0, *const room = made.room;
static double plain_A[MOST_LD * MOST_LD], plain_b[MOST_LD], plain_s[MOST_LD];

static void check_normal(const gusto_real *b, const gusto_real *s)
{
    const int64_t ld = data.ld;
    for (int64_t i = 0; i < ld; i++) {
        check_near((double)b[i], plain_b[i], 1000 * epsilon);
        check_near((double)s[i], plain_s[i], 1000 * epsilon);
        for (int64_t j = 0; j < ld; j++)
            if (j / GU_LANES >= i / GU_LANES)
                check_near((double)A[i * ld + j], plain_A[i * ld + j], 1000 * epsilon);
            else
                ck_assert(A[i * ld + j] == GUARD_VALUE);
    }
}

START_TEST(normal_equations_agree)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static array      b, s;
    gusto_real        b0[MOST_LD], s0[MOST_LD];
    for (int c = 0; c < N_RANKS; c++)
        for (int kind = 0; kind < N_WEIGHTS; kind++)
            for (int way = 0; way < 4; way++)
                for (int r = 0; r < N_ROWS; r++) {
                    const bool indexed = way & 1, with_base = way & 2;
                    make_problem(ranks[c], (weights)kind);
                    if (!with_base)
                        memset(data.base, 0, sizeof data.base);
                    const gusto_real *w = kind == ALL_ONE ? NULL : data.w, *base = with_base ? data.base : NULL;
                    const int64_t     ld = data.ld, begin = start[r], end = end_of(r, indexed);
                    const size_t      row = (size_t)ld * sizeof(gusto_real);
                    const gu_row_list list = list_of(indexed);
                    plain(begin, end, indexed, w != NULL, plain_A, plain_b, plain_s);
                    for (int v = 0; v < n_variants; v++) {
                        make(&b, ld, way & 1, 1, 1);
                        make(&s, ld, 0, 1, 1);
                        ck_assert_int_le(table[v]->normal_room(ld), MOST_ROOM);
                        for (int64_t j = 0; j < ld * ld; j++)
                            A[j] = GUARD_VALUE;
                        table[v]->normal(&list, begin, end, w, data.c, base, A, b.at, s.at, room);
                        check_guards(&b);
                        check_guards(&s);
                        if (v == 0) {
                            check_normal(b.at, s.at);
                            memcpy(A0, A, sizeof made.A);
                            memcpy(b0, b.at, row);
                            memcpy(s0, s.at, row);
                        }
                        check_same(table[v], A, A0, (size_t)ld * row, "A", ld);
                        check_same(table[v], b.at, b0, row, "b", ld);
                        check_same(table[v], s.at, s0, row, "s", ld);
                        /* without b and s, the same A */
                        table[v]->normal(&list, begin, end, w, NULL, base, A, NULL, NULL, room);
                        check_same(table[v], A, A0, (size_t)ld * row, "A alone", ld);
                    }
                }
}
END_TEST

/* Against LAPACKE, and by what A x gives back. */
START_TEST(cholesky_agrees)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    gusto_real        x[MOST_LD], x0[MOST_LD], root[MOST_LD], lapack[MOST_LD];
    for (int c = 0; c < N_RANKS; c++) {
        make_problem(ranks[c], POSITIVE);
        const int64_t     ld = data.ld;
        const gu_row_list list = list_of(true);
        plain(75, 140, true, true, plain_A, plain_b, plain_s);
        for (int v = 0; v < n_variants; v++) {
            table[v]->normal(&list, 75, 140, data.w, data.c, data.base, A, x, NULL, room);
            memcpy(A0, A, sizeof made.A);
            memcpy(lapack, x, sizeof x);
            for (int64_t i = 0; i < ld; i++) /* blocks below the diagonal are not read */
                for (int64_t j = 0; j < i / GU_LANES * GU_LANES; j++)
                    A[i * ld + j] = (gusto_real)NAN;
            ck_assert(table[v]->cholesky(ld, ld, A, root));
            table[v]->cholesky_solve(ld, ld, A, root, x);
            if (v == 0)
                memcpy(x0, x, sizeof x);
            check_same(table[v], x, x0, sizeof(gusto_real) * (size_t)ld, "solution", ld);
            ck_assert(gu_posv(ld, 1, A0, ld, lapack, 1));
            for (int64_t i = 0; i < ld; i++) {
                double back = 0;
                for (int64_t j = 0; j < ld; j++)
                    back += plain_A[i * ld + j] * (double)x[j];
                check_near(back, plain_b[i], 2000 * epsilon);
                check_near((double)x[i], (double)lapack[i], 500 * epsilon);
                check_near((double)root[i] * (double)A0[i * ld + i], 1, 100 * epsilon);
                for (int64_t j = (i / GU_LANES + 1) * GU_LANES; j < ld; j++)
                    check_near((double)A[i * ld + j], (double)A0[i * ld + j], 500 * epsilon);
            }
        }
    }
}
END_TEST

START_TEST(not_positive_definite)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    enum { N = 2 * GU_LANES };
    const gusto_real bad[] = {0, -1, (gusto_real)NAN};
    gusto_real       root[N];
    for (int v = 0; v < n_variants; v++)
        for (int at = 0; at < N; at += 5)
            for (int way = 0; way < 4; way++) {
                for (int j = 0; j < N * N; j++)
                    A[j] = j % (N + 1) == 0 ? 2 : 0;
                if (way < 3)
                    A[at * (N + 1)] = bad[way];
                ck_assert(table[v]->cholesky(N, N, A, root) == (way == 3));
            }
}
END_TEST

/* Checks (x, bias) against the system in double, and the value against the quadratic. */
static void check_solution(const gusto_real *x, double bias, double total, double right, double value)
{
    const int64_t ld = data.ld;
    double        quadratic = bias * (bias * total - 2 * right), scale = 1;
    for (int64_t i = 0; i < ld; i++) {
        double back = 0.5 * (double)x[i];
        for (int64_t j = 0; j < ld; j++)
            back += plain_A[i * ld + j] * (double)x[j];
        quadratic += (double)x[i] * (back - 2 * plain_b[i] + 2 * plain_s[i] * bias);
        check_near(back + plain_s[i] * bias, plain_b[i], 5e4 * epsilon);
        scale += fabs(plain_b[i] * (double)x[i]);
    }
    check_near(value, quadratic, 2000 * epsilon * scale);
}

/* k steps end at the solution, with bias or without, rows kept or fetched in every pass. */
START_TEST(cg_agrees)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    for (int c = 0; c < N_RANKS; c++)
        for (int way = 0; way < 16; way++)
            for (int r = 0; r < N_ROWS; r++) {
                const bool indexed = way & 1, bias = way & 2, weighted = way & 4;
                make_problem(ranks[c], weighted ? POSITIVE : ALL_ONE);
                const int64_t     ld = data.ld, begin = start[r], end = end_of(r, indexed);
                const gu_row_list list = list_of(indexed);
                const gu_cg       system = {.G = data.base,
                                            .ridge = (gusto_real)0.5,
                                            .ridge_bias = bias ? 2 : 0,
                                            .bias = bias,
                                            .steps = (int)data.k + 20,
                                            .room_rows = way & 8 ? NNZ : 3};
                plain(begin, end, indexed, weighted, plain_A, plain_b, plain_s);
                double total = 2, right = 0; /* the bias's row of the system */
                for (int64_t e = begin; e < end; e++) {
                    total += weighted ? (double)data.w[e - begin] : 1;
                    right += (double)data.c[e - begin];
                }
                gusto_real first[MOST_LD], first_bias = 0;
                double     first_value = 0;
                for (int v = 0; v < n_variants; v++) {
                    gusto_real x[MOST_LD] = {0}, x_bias = bias ? (gusto_real)0.25 : 0;
                    for (int64_t j = 0; j < data.k; j++)
                        x[j] = draw(5, (uint32_t)j);
                    const double value =
                        table[v]->cg(&list, begin, end, weighted ? data.w : NULL, data.c, &system, x, &x_bias, room);
                    check_solution(x, (double)x_bias, bias ? total : 0, bias ? right : 0, value);
                    if (v == 0) {
                        memcpy(first, x, sizeof x);
                        first_bias = x_bias;
                        first_value = value;
                    }
                    check_same(table[v], x, first, sizeof(gusto_real) * (size_t)ld, "x", ld);
                    check_same(table[v], &x_bias, &first_bias, sizeof x_bias, "bias", ld);
                    check_same(table[v], &value, &first_value, sizeof value, "value", ld);
                }
            }
}
END_TEST

/* A part of the factors, from the second vector on, is what the same entries give whose rows are these factors alone. */
START_TEST(parts_agree)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    enum { WIDTH = 2 * GU_LANES };
    static gusto_real alone[N_COLUMNS * WIDTH];
    gusto_real        b[2][WIDTH], s[2][WIDTH];
    make_problem(MOST_K, POSITIVE);
    for (int64_t r = 0; r < N_COLUMNS; r++)
        memcpy(alone + r * WIDTH, data.X + r * data.ld + GU_LANES, WIDTH * sizeof *alone);
    for (int indexed = 0; indexed < 2; indexed++) {
        gu_row_list whole = list_of(indexed), part = {whole.n, whole.column, alone, WIDTH, WIDTH};
        whole.X += GU_LANES;
        whole.width = WIDTH;
        for (int v = 0; v < n_variants; v++)
            for (int r = 0; r < N_ROWS; r++) {
                const int64_t begin = start[r], end = end_of(r, indexed);
                memset(A, 0, sizeof made.A);
                memset(A0, 0, sizeof made.A0);
                table[v]->normal(&whole, begin, end, data.w, data.c, NULL, A, b[0], s[0], room);
                table[v]->normal(&part, begin, end, data.w, data.c, NULL, A0, b[1], s[1], room);
                check_same(table[v], A, A0, WIDTH * WIDTH * sizeof *A, "A of a part", WIDTH);
                check_same(table[v], b[0], b[1], sizeof *b, "b of a part", WIDTH);
                check_same(table[v], s[0], s[1], sizeof *s, "s of a part", WIDTH);
            }
    }
}
END_TEST

/* Predictions and residuals after a step, over whole rows and over a part of them. */
START_TEST(advance_agrees)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static array      t, r;
    static gusto_real t0[NNZ], r0[NNZ];
    gusto_real        x[MOST_LD];
    for (int c = 0; c < N_RANKS; c++)
        for (int way = 0; way < 8; way++)
            for (int row = 0; row < N_ROWS; row++) {
                const bool indexed = way & 1, weighted = way & 2, in_part = way & 4;
                make_problem(ranks[c], SIGNED);
                const int64_t     begin = start[row], end = end_of(row, indexed), n = end - begin;
                const gusto_real *w = weighted ? data.w : NULL;
                gu_row_list       list = list_of(indexed);
                if (in_part && list.ld > GU_LANES) {
                    list.X += GU_LANES;
                    list.width -= GU_LANES;
                }
                for (int64_t j = 0; j < list.width; j++)
                    x[j] = draw(5, (uint32_t)j);
                double first_value = 0;
                for (int v = 0; v < n_variants; v++) {
                    make(&t, n, way & 1, 7, 1);
                    make(&r, n, 0, 8, 1);
                    double expected[NNZ], value = 0, scale = 1;
                    for (int64_t e = 0; e < n; e++) {
                        expected[e] = (double)t.at[e];
                        for (int64_t j = 0; j < list.width; j++)
                            expected[e] += (double)list.X[row_of(begin + e, indexed) * list.ld + j] * (double)x[j];
                        value += (w ? (double)w[e] : 1) * expected[e] * expected[e] - 2 * (double)data.c[e] * expected[e];
                        scale += expected[e] * expected[e] + fabs(expected[e]);
                    }
                    const double got = table[v]->advance(&list, begin, end, w, data.c, x, t.at, r.at);
                    check_guards(&t);
                    check_guards(&r);
                    check_near(got, value, 200 * epsilon * scale);
                    for (int64_t e = 0; e < n; e++) {
                        check_near((double)t.at[e], expected[e], 200 * epsilon);
                        check_near((double)r.at[e], (double)data.c[e] - (w ? (double)w[e] : 1) * expected[e], 400 * epsilon);
                    }
                    if (v == 0) {
                        memcpy(t0, t.at, (size_t)n * sizeof *t0);
                        memcpy(r0, r.at, (size_t)n * sizeof *r0);
                        first_value = got;
                    }
                    check_same(table[v], t.at, t0, (size_t)n * sizeof *t0, "t", list.width);
                    check_same(table[v], r.at, r0, (size_t)n * sizeof *r0, "r", list.width);
                    check_same(table[v], &got, &first_value, sizeof got, "value", list.width);
                }
            }
}
END_TEST

int main(void)
{
    RUN("least squares", normal_equations_agree, cholesky_agrees, not_positive_definite, cg_agrees, parts_agree, advance_agrees);
}
