#include "variants.h"

enum { MOST_ITEMS = 96, MOST_RANK = 33, KEPT = 7 };

/* Items and users of one case, and what the kernels make of them. Nothing lies where a vector would. */
typedef struct world {
    _Alignas(64) gusto_real border;
    gusto_real Q[MOST_ITEMS * (MOST_RANK + 3)], p[MOST_RANK * GU_GROUP], base[GU_GROUP];
    gusto_real q[MOST_ITEMS * MOST_RANK], bias[MOST_ITEMS];
    int64_t    n, k, n_panels;
    int        users;
    int32_t    item[MOST_ITEMS];
    uint16_t   drop[GU_GROUP * (MOST_ITEMS / 8)];
} world;

static gusto_real draw(uint64_t a, uint32_t b)
{
    uint32_t word[4];
    gu_random(77, GU_STREAM_TEST, a, b, word);
    return (gusto_real)(2 * gu_uniform(word[0]) - 1);
}

static int64_t ld(const world *w)
{
    return w->k + 3;
}

/* `coarse`: few distinct numbers, so that scores tie. */
static void make_world(world *w, int64_t n, int64_t k, int users, bool coarse)
{
    memset(w, 0, sizeof *w);
    w->n = n;
    w->k = k;
    w->users = users;
    w->n_panels = (n + 2 * GU_LANES - 1) / (2 * GU_LANES) * 2;
    ck_assert_int_le(w->n_panels * GU_LANES, MOST_ITEMS);
    for (int64_t j = 0; j < n * ld(w); j++)
        w->Q[j] = coarse ? (gusto_real)(int)(2 * draw((uint64_t)j, 0)) : draw((uint64_t)j, 0);
    for (int64_t j = 0; j < k * GU_GROUP; j++)
        w->p[j] = coarse ? (gusto_real)(int)(2 * draw((uint64_t)j, 1)) : draw((uint64_t)j, 1);
    for (int u = 0; u < users; u++)
        w->base[u] = coarse ? 1 : draw((uint64_t)u, 2);
    for (int64_t j = 0; j < w->n_panels * GU_LANES; j++) {
        w->bias[j] = j >= n ? -(gusto_real)INFINITY : coarse ? 0 : draw((uint64_t)j, 3);
        w->item[j] = (int32_t)(j < n ? (j * 7 + 3) % n : 1000 + j); /* an order of its own where 7 does not divide n */
        for (int u = 0; u < users; u++)
            if (draw((uint64_t)j, 4 + (uint32_t)u) > (gusto_real).4)
                w->drop[u * w->n_panels + j / GU_LANES] |= (uint16_t)(1 << j % GU_LANES);
    }
}

static void check_pack(const gu_kernels *table, world *w)
{
    for (int64_t j = 0; j < w->n_panels; j++) {
        const int64_t     left = w->n - j * GU_LANES, m = left < 0 ? 0 : left < GU_LANES ? left : GU_LANES;
        gusto_real        scale[GU_LANES], panel[MOST_RANK * GU_LANES + 1];
        int32_t           row[GU_LANES];
        const gusto_real *X = w->Q + (m ? j * GU_LANES * ld(w) : 0);
        for (int l = 0; l < GU_LANES; l++) {
            scale[l] = (gusto_real)(l + 1) / 3;
            row[l] = (int32_t)(m - 1 - l);
        }
        panel[w->k * GU_LANES] = GUARD_VALUE;
        table->panel_pack(m, w->k, X, ld(w), row, scale, panel);
        for (int64_t f = 0; f < w->k; f++)
            for (int64_t l = 0; l < GU_LANES; l++)
                ck_assert(panel[f * GU_LANES + l] == (l < m ? scale[l] * X[(m - 1 - l) * ld(w) + f] : 0));
        table->panel_pack(m, w->k, X, ld(w), NULL, NULL, w->q + j * w->k * GU_LANES);
        for (int64_t f = 0; f < w->k; f++)
            for (int64_t l = 0; l < GU_LANES; l++)
                ck_assert(w->q[(j * w->k + f) * GU_LANES + l] == (l < m ? X[l * ld(w) + f] : 0));
        ck_assert(panel[w->k * GU_LANES] == GUARD_VALUE);
    }
}

static gusto_real fused(gusto_real a, gusto_real b, gusto_real c)
{
    return sizeof(gusto_real) == sizeof(float) ? (gusto_real)fmaf((float)a, (float)b, (float)c)
                                               : (gusto_real)fma((double)a, (double)b, (double)c);
}

static gusto_real expected_score(const world *w, int u, int64_t j)
{
    gusto_real x = w->bias[j];
    for (int64_t f = 0; f < w->k; f++)
        x = fused(w->p[f * GU_GROUP + u], w->Q[j * ld(w) + f], x);
    return x + w->base[u];
}

/* The lists of plain loops: the best is looked for again and again. */
static int expected_list(const world *w, int u, bool drop, gusto_real *score, int32_t *item)
{
    bool taken[MOST_ITEMS] = {false};
    for (int m = 0; m < KEPT; m++) {
        int64_t best = -1;
        for (int64_t j = 0; j < w->n; j++) {
            const bool dropped = drop && (w->drop[u * w->n_panels + j / GU_LANES] >> j % GU_LANES & 1);
            if (taken[j] || dropped)
                continue;
            const gusto_real x = expected_score(w, u, j), y = best < 0 ? 0 : expected_score(w, u, best);
            if (best < 0 || x > y || (x == y && w->item[j] < w->item[best]))
                best = j;
        }
        if (best < 0)
            return m;
        taken[best] = true;
        score[m] = expected_score(w, u, best);
        item[m] = w->item[best];
    }
    return KEPT;
}

static void check_top(const gu_kernels *table, const world *w, bool drop)
{
    gusto_real      score[GU_GROUP][KEPT];
    int32_t         item[GU_GROUP][KEPT];
    gu_top          top[GU_GROUP];
    const gu_panels items = {w->n_panels, w->k, w->q, w->bias, w->item};
    const gu_group  group = {w->users, w->p, w->base, top, drop ? w->drop : NULL};
    for (int u = 0; u < w->users; u++)
        top[u] = (gu_top){KEPT, 0, score[u], item[u]};
    table->panels_top(&items, 2, w->n_panels, &group); /* in two portions, the last first */
    table->panels_top(&items, 0, 2, &group);
    for (int u = 0; u < w->users; u++) {
        gusto_real expected[KEPT];
        int32_t    whose[KEPT];
        const int  n = expected_list(w, u, drop, expected, whose);
        ck_assert_int_eq(top[u].n, n);
        gu_top_sort(&top[u]);
        for (int m = 0; m < n; m++) {
            ck_assert(score[u][m] == expected[m]);
            ck_assert_int_eq(item[u][m], whose[m]);
        }
    }
}

START_TEST(against_plain_loops)
{
    static world      w;
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table), sizes[] = {1, 5, 16, 31, 33, 80}, ranks[] = {1, 3, 8, 16, 17, 33};
    for (int v = 0; v < n_variants; v++)
        for (int s = 0; s < 6; s++)
            for (int r = 0; r < 6; r++)
                for (int users = 1; users <= GU_GROUP; users++)
                    for (int coarse = 0; coarse < 2; coarse++) {
                        make_world(&w, sizes[s], ranks[r], users, coarse);
                        check_pack(table[v], &w);
                        check_top(table[v], &w, false);
                        check_top(table[v], &w, true);
                    }
}
END_TEST

START_TEST(what_is_no_number_is_never_listed)
{
    static world      w;
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    for (int v = 0; v < n_variants; v++) {
        gusto_real score[3];
        int32_t    item[3];
        gu_top     top = {3, 0, score, item};
        make_world(&w, 20, 2, 1, false);
        check_pack(table[v], &w);
        for (int j = 0; j < 20; j++)
            w.bias[j] = j == 11 ? 1 : j % 2 ? (gusto_real)NAN : -(gusto_real)INFINITY;
        const gu_panels items = {w.n_panels, w.k, w.q, w.bias, w.item};
        const gu_group  group = {1, w.p, w.base, &top, NULL};
        table[v]->panels_top(&items, 0, w.n_panels, &group);
        ck_assert_int_eq(top.n, 1);
        ck_assert_int_eq(item[0], w.item[11]);
    }
}
END_TEST

/* Each position's best and next users by a scan; ties go to the lower user. */
static void check_nearest(const gu_kernels *table, world *w)
{
    const gu_panels items = {w->n_panels, w->k, w->q, w->bias, NULL};
    const gu_group  group = {w->users, w->p, w->base, NULL, NULL};
    gusto_real      best[MOST_ITEMS], next[MOST_ITEMS], which[MOST_ITEMS];
    for (int j = 0; j < MOST_ITEMS; j++)
        best[j] = next[j] = which[j] = j % 2 ? -(gusto_real)INFINITY : (gusto_real)-.5; /* what came before may be higher */
    table->panels_nearest(&items, 0, w->n_panels, &group, 7, best, next, which);
    for (int64_t j = 0; j < w->n_panels * GU_LANES; j++) {
        gusto_real high = j % 2 ? -(gusto_real)INFINITY : (gusto_real)-.5, second = high, whose = high;
        for (int u = 0; u < w->users; u++) {
            gusto_real x = w->bias[j];
            for (int64_t f = 0; f < w->k; f++)
                x = (gusto_real)(sizeof x == sizeof(double)
                                     ? fma((double)w->p[f * GU_GROUP + u],
                                           (double)w->q[(j / GU_LANES * w->k + f) * GU_LANES + j % GU_LANES], (double)x)
                                     : (double)fmaf((float)w->p[f * GU_GROUP + u],
                                                    (float)w->q[(j / GU_LANES * w->k + f) * GU_LANES + j % GU_LANES], (float)x));
            x += w->base[u];
            if (x > high) {
                second = high;
                high = x;
                whose = (gusto_real)(7 + u);
            } else if (x > second) {
                second = x;
            }
        }
        require(best[j] == high && next[j] == second && which[j] == whose);
    }
}

START_TEST(nearest_of_a_group)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    static world      w;
    for (int v = 0; v < n_variants; v++)
        for (int users = 1; users <= GU_GROUP; users++)
            for (int coarse = 0; coarse < 2; coarse++) {
                make_world(&w, 3 + 5 * users, 1 + 3 * coarse + users, users, coarse);
                check_pack(table[v], &w);
                check_nearest(table[v], &w);
            }
}
END_TEST

START_TEST(merged_heaps)
{
    gusto_real   a_score[4] = {1, 5, 3}, b_score[4] = {4, 9, 5, 7};
    int32_t      a_item[4] = {10, 11, 12}, b_item[4] = {20, 21, 2, 23};
    gu_top       a = {4, 3, a_score, a_item};
    const gu_top b = {4, 4, b_score, b_item};
    gu_top_merge(&a, &b);
    gu_top_sort(&a);
    ck_assert_int_eq(a.n, 4);
    const int32_t expected[4] = {21, 23, 2, 11};
    for (int j = 0; j < 4; j++)
        ck_assert_int_eq(a_item[j], expected[j]);
}
END_TEST

int main(void)
{
    RUN("panels", nearest_of_a_group, against_plain_loops, what_is_no_number_is_never_listed, merged_heaps);
}
