#include "variants.h"

enum { N = 500, MOST_K = 40 };

typedef struct scored {
    gusto_real score;
    int32_t    item;
} scored;

static int best_first(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

/* What the heap must hold, by sorting all. */
static int expect(const gusto_real *score, int n, int k, scored *out)
{
    static scored all[N];
    int           met = 0;
    for (int j = 0; j < n; j++)
        if (score[j] > (gusto_real)-INFINITY)
            all[met++] = (scored){score[j], j};
    qsort(all, (size_t)met, sizeof *all, best_first);
    met = met < k ? met : k;
    memcpy(out, all, (size_t)met * sizeof *all);
    return met;
}

/* Pushes score [n] in portions of `portion`, the last first if `backwards`, and compares. */
static void check_push(const gu_kernels *table, const gusto_real *score, int n, int k, int portion, bool backwards)
{
    gusto_real kept[MOST_K + 1];
    int32_t    item[MOST_K + 1];
    scored     expected[MOST_K];
    gu_top     top = {k, 0, kept, item};
    const int  portions = (n + portion - 1) / portion;
    kept[k] = 99;
    item[k] = 99;
    for (int p = 0; p < portions; p++) {
        const int first = (backwards ? portions - 1 - p : p) * portion;
        table->top_push(&top, n - first < portion ? n - first : portion, score + first, first);
    }
    const int m = expect(score, n, k, expected);
    ck_assert_int_eq(top.n, m);
    gu_top_sort(&top);
    for (int j = 0; j < m; j++) {
        ck_assert(kept[j] == expected[j].score);
        ck_assert_int_eq(item[j], expected[j].item);
    }
    ck_assert(kept[k] == 99 && item[k] == 99);
}

/* Scores with many ties, some NaN and some infinite; `levels` distinct values. */
static gusto_real *make_scores(array *a, int n, uint32_t levels, bool odd)
{
    make(a, n, 1, levels, 1);
    for (int j = 0; j < n; j++) {
        uint32_t word[4];
        gu_random(levels, GU_STREAM_TEST, (uint64_t)j, 1, word);
        a->at[j] = (gusto_real)(word[0] % levels) - (gusto_real)levels / 2;
        if (odd && word[1] % 8 == 0)
            a->at[j] = word[1] % 16 == 0 ? (gusto_real)NAN : word[1] % 32 == 8 ? (gusto_real)-INFINITY : (gusto_real)INFINITY;
    }
    return a->at;
}

START_TEST(against_sorting)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table), sizes[] = {0, 1, 5, 16, 17, 33, 100, N}, ks[] = {0, 1, 2, 10, MOST_K};
    static array      score;
    for (int v = 0; v < n_variants; v++)
        for (uint32_t levels = 1; levels <= 10000; levels *= 10)
            for (int odd = 0; odd < 2; odd++)
                for (int s = 0; s < 8; s++)
                    for (int c = 0; c < 5; c++) {
                        make_scores(&score, sizes[s], levels, odd);
                        check_push(table[v], score.at, sizes[s], ks[c], N, false);
                        check_push(table[v], score.at, sizes[s], ks[c], 7, false);
                        check_push(table[v], score.at, sizes[s], ks[c], 33, true);
                    }
}
END_TEST

START_TEST(rising_and_falling)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table);
    gusto_real        up[N], down[N];
    for (int j = 0; j < N; j++) {
        up[j] = (gusto_real)j;
        down[j] = (gusto_real)-j;
    }
    for (int v = 0; v < n_variants; v++)
        for (int k = 0; k <= MOST_K; k++) {
            check_push(table[v], up, N, k, N, false);
            check_push(table[v], down, N, k, N, false);
        }
}
END_TEST

int main(void)
{
    RUN("top", against_sorting, rising_and_falling);
}
