/* Steps on pairs: every variant against the reference, one step against finite differences of its loss, and what is drawn. */
#include "kernels/unliked.h"
#include "train/alias.h"
#include "variants.h"

enum { ITEMS = 70, FIRST = 3, BLOCK = 64, LIKED = 11, MOST_K = 9 * GU_LANES };

/* No row lies where a vector would. */
typedef struct problem {
    _Alignas(64) gusto_real border;
    gusto_real Q[ITEMS * MOST_K], bias[ITEMS], p[MOST_K];
} problem;

static const int32_t liked[LIKED] = {3, 5, 8, 13, 21, 22, 30, 44, 45, 46, 66};
static gusto_real    weights[10];
static uint8_t       had[BLOCK];

static void setup_problem(problem *x, int64_t k)
{
    const int64_t ld = gu_padded(k);
    uint32_t      word[4];
    memset(x, 0, sizeof *x);
    for (int64_t r = 0; r <= ITEMS; r++)
        for (int64_t f = 0; f < k; f++) {
            gu_random(3, GU_STREAM_TEST, (uint64_t)r, (uint32_t)f, word);
            (r == ITEMS ? x->p : x->Q + r * ld)[f] = (gusto_real)((2 * gu_uniform(word[0]) - 1) / sqrt((double)k));
            x->bias[r == ITEMS ? 0 : r] = (gusto_real)(gu_uniform(word[1]) - 0.5);
        }
    memset(had, 0, sizeof had);
    for (int e = 0; e < LIKED; e++)
        had[liked[e] - FIRST] = 1;
    for (int t = 0; t < 10; t++)
        weights[t] = 1 / (gusto_real)(t + 1);
}

static gu_pairwise how(problem *x, int64_t k, int candidates, bool hinge, bool biases)
{
    return (gu_pairwise){.Q = x->Q,
                         .bias = biases ? x->bias : NULL,
                         .ld = gu_padded(k),
                         .rate = (gusto_real)0.1,
                         .l2_user = (gusto_real)0.3,
                         .l2_item = (gusto_real)0.2,
                         .l2_bias = (gusto_real)0.1,
                         .candidates = candidates,
                         .weight = hinge ? weights : NULL};
}

START_TEST(variants_agree)
{
    static const int64_t ks[] = {1, GU_LANES, 3 * GU_LANES - 1, 4 * GU_LANES, 5 * GU_LANES, 8 * GU_LANES, 9 * GU_LANES};
    const gu_kernels    *table[MOST_VARIANTS];
    const int            n_variants = variants(table);
    static problem       expected, got;
    for (size_t c = 0; c < sizeof ks / sizeof *ks; c++)
        for (int way = 0; way < 8; way++)
            for (int64_t n = 1; n <= LIKED; n++) {
                double loss = 0;
                for (int v = 0; v < n_variants; v++) {
                    problem *x = v ? &got : &expected;
                    setup_problem(x, ks[c]);
                    const gu_pairwise by = how(x, ks[c], way & 1 ? 6 : 1, way & 2, way & 4);
                    gu_unliked        from = {.seed = 5, .key = 7, .first = FIRST, .n = BLOCK, .had = had};
                    const double      of = table[v]->pairwise(&by, &from, n, liked, x->p);
                    if (v == 0)
                        loss = of;
                    check_same(table[v], &loss, &of, sizeof of, "the loss of pairwise", n);
                    check_same(table[v], &expected, x, sizeof expected, "pairwise", n);
                }
                ck_assert(loss > 0 || way & 2);
                for (int64_t r = 0; r < ITEMS; r++) /* the padding */
                    for (int64_t f = ks[c]; f < gu_padded(ks[c]); f++)
                        ck_assert(expected.Q[r * gu_padded(ks[c]) + f] == 0);
            }
}
END_TEST

/* The loss of one pair, its ridges included, in double. */
static double loss_of(const problem *x, int64_t k, bool hinge, int32_t i, int32_t j)
{
    const int64_t ld = gu_padded(k);
    double        d = (double)x->bias[i] - (double)x->bias[j], ridge = 0;
    for (int64_t f = 0; f < k; f++) {
        const double p = (double)x->p[f], a = (double)x->Q[i * ld + f], b = (double)x->Q[j * ld + f];
        d += p * (a - b);
        ridge += 0.3 * p * p + 0.2 * (a * a + b * b);
    }
    ridge += 0.1 * (pow((double)x->bias[i], 2) + pow((double)x->bias[j], 2));
    return (hinge ? fmax(0, 1 - d) : log1p(exp(-d))) + ridge / 2;
}

/* One liked item and one that is not: the pair is known. */
START_TEST(a_step_is_minus_rate_times_the_gradient)
{
    enum { K = GU_LANES + 3 };
    const gu_kernels *table[MOST_VARIANTS];
    static problem    before, after;
    variants(table);
    for (int hinge = 0; hinge < 2; hinge++) {
        setup_problem(&before, K);
        setup_problem(&after, K);
        const int32_t i = FIRST, j = FIRST + 1;
        const uint8_t only[2] = {1, 0};
        gu_pairwise   by = how(&after, K, 1, hinge, true);
        gu_unliked    from = {.seed = 5, .first = FIRST, .n = 2, .had = only};
        const double  loss = table[0]->pairwise(&by, &from, 1, &i, after.p);
        gusto_real   *at[5] = {before.p, before.Q + i * by.ld, before.Q + j * by.ld, before.bias + i, before.bias + j};
        gusto_real   *to[5] = {after.p, after.Q + i * by.ld, after.Q + j * by.ld, after.bias + i, after.bias + j};
        double        size = 0;
        for (int part = 0; part < 5; part++)
            for (int f = 0; f < (part < 3 ? K : 1); f++) {
                const gusto_real keep = at[part][f], h = (gusto_real)1e-2;
                at[part][f] = keep + h;
                const double up = loss_of(&before, K, hinge, i, j);
                at[part][f] = keep - h;
                const double down = loss_of(&before, K, hinge, i, j);
                at[part][f] = keep;
                const double slope = (up - down) / (2 * (double)h);
                check_near(((double)to[part][f] - (double)keep) / -(double)by.rate, slope, 1e-4);
                size = fmax(size, fabs(slope));
            }
        ck_assert_double_gt(size, 0.1);
        ck_assert_double_gt(loss, 0);
    }
}
END_TEST

/* A hinge that holds moves nothing; the first that fails is taken, with the weight of its turn. */
START_TEST(the_first_violation_counts)
{
    const gu_kernels *table[MOST_VARIANTS];
    static problem    x, y;
    const int         n_variants = variants(table);
    for (int v = 0; v < n_variants; v++) {
        setup_problem(&x, 2);
        gu_pairwise by = how(&x, 2, 10, true, true);
        for (int r = 0; r < ITEMS; r++)
            x.bias[r] = r == 3 ? 5 : r == 40 ? 20 : 0; /* item 3 is above all but item 40 */
        y = x;
        gu_unliked from = {.seed = 1, .first = FIRST, .n = BLOCK, .had = had};
        had[40 - FIRST] = 1;
        ck_assert(table[v]->pairwise(&by, &from, 1, liked, x.p) == 0);
        ck_assert_mem_eq(&x, &y, sizeof x);

        memset(had, 1, sizeof had);
        had[40 - FIRST] = 0; /* item 40 alone may be drawn, so at the first turn */
        const double loss = table[v]->pairwise(&by, &from, 1, liked, x.p);
        ck_assert_double_gt(loss, 14);
        ck_assert_double_lt(loss, 18);
        ck_assert(x.bias[40] < 20);
    }
}
END_TEST

/* Only item 40 violates: which draw meets it says what the step weighs. */
START_TEST(a_violation_weighs_by_its_turn)
{
    const gu_kernels *table[MOST_VARIANTS];
    static problem    x;
    int               turns = 0;
    variants(table);
    for (uint64_t seed = 0; seed < 60; seed++) {
        setup_problem(&x, 2);
        for (int r = 0; r < ITEMS; r++)
            x.bias[r] = r == 3 ? 5 : r == 40 ? 20 : 0;
        memset(had, 1, sizeof had);
        memset(had + 38 - FIRST, 0, 5); /* five items are left to be drawn */
        const gu_pairwise by = how(&x, 2, 10, true, true);
        gu_unliked        from = {.seed = seed, .first = FIRST, .n = BLOCK, .had = had}, again = from;
        const double      margin =
            1 - 5 + 20 + (double)(table[0]->dot(by.ld, x.p, x.Q + 40 * by.ld) - table[0]->dot(by.ld, x.p, x.Q + 3 * by.ld));
        int t = 0;
        while (t < 10 && unliked_draw(&again) != 40)
            t++;
        turns |= 1 << t;
        check_near(table[0]->pairwise(&by, &from, 1, liked, x.p), t < 10 ? (double)weights[t] * margin : 0, 1e-4);
    }
    ck_assert_int_ge(__builtin_popcount((unsigned)turns), 5);
}
END_TEST

START_TEST(draws_what_he_has_not_had_by_weight)
{
    enum { N = 12, DRAWS = 60000 };
    static const double weight[N] = {5, 0, 1, 2, 9, 0.5, 3, 3, 0, 7, 1, 4};
    const uint8_t       some[N] = {[4] = 1, [6] = 1}; /* not to be drawn */
    uint32_t            accept[2 + N];
    int32_t             alias[2 + N], pile[N];
    double              chance[N];
    for (int by_weight = 0; by_weight < 2; by_weight++) {
        gu_alias_make(N, weight, accept + 2, alias + 2, pile, chance);
        for (int j = 0; j < N; j++)
            alias[2 + j] += 2;
        gu_unliked from = {.seed = 9, .key = 1, .first = 2, .n = N, .had = some};
        if (by_weight) {
            from.accept = accept;
            from.alias = alias;
        }
        int    count[N] = {0};
        double total = 0;
        for (int j = 0; j < N; j++)
            total += some[j] ? 0 : by_weight ? weight[j] : 1;
        for (int d = 0; d < DRAWS; d++)
            count[unliked_draw(&from) - 2]++;
        for (int j = 0; j < N; j++) {
            const double share = (some[j] ? 0 : by_weight ? weight[j] : 1) / total;
            check_near(count[j], DRAWS * share, 5 * sqrt(DRAWS * share * (1 - share)) + (share > 0));
        }
    }
}
END_TEST

/* Weights may all be 0, and what is left may never be drawn by its weight. */
START_TEST(draws_end)
{
    static const double weight[3] = {1, 0, 0};
    uint32_t            accept[3];
    int32_t             alias[3], pile[3];
    double              chance[3];
    const uint8_t       some[3] = {1, 0, 0};
    gu_alias_make(3, weight, accept, alias, pile, chance);
    gu_unliked from = {.n = 3, .had = some, .accept = accept, .alias = alias};
    for (int d = 0; d < 10; d++)
        ck_assert_int_gt(unliked_draw(&from), 0);
    gu_alias_make(2, weight + 1, accept, alias, pile, chance);
    ck_assert_uint_eq(accept[0], UINT32_MAX);
    ck_assert_uint_eq(accept[1], UINT32_MAX);
}
END_TEST

int main(void)
{
    RUN("pairwise", variants_agree, a_step_is_minus_rate_times_the_gradient, the_first_violation_counts,
        a_violation_weighs_by_its_turn, draws_what_he_has_not_had_by_weight, draws_end);
}
