#include "variants.h"

enum { MOST_K = 3 * GU_LANES };

/* The two highest of 2 dot - square, one after the other. */
static int64_t plain(int64_t k, const gusto_real *dot, const gusto_real *square, gusto_real best[2])
{
    int64_t at = 0;
    best[0] = best[1] = -(gusto_real)INFINITY;
    for (int64_t j = 0; j < k; j++) {
        const gusto_real score = 2 * dot[j] - square[j];
        if (score > best[0]) {
            best[1] = best[0];
            best[0] = score;
            at = j;
        } else if (score > best[1]) {
            best[1] = score;
        }
    }
    return at;
}

static void check_nearest(int64_t k, int offset, bool coarse)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int64_t     k_ld = gu_padded(k);
    array             a, b;
    gusto_real       *dot = make(&a, k_ld, offset, (uint64_t)k, 2), *square = make(&b, k_ld, offset, 9, 1), expected[2];
    for (int64_t j = 0; j < k_ld; j++) {
        dot[j] = coarse ? (gusto_real)(int)dot[j] : dot[j];
        square[j] = j >= k ? (gusto_real)INFINITY : coarse ? 1 : square[j] * square[j];
    }
    const int64_t at = plain(k, dot, square, expected);
    for (int v = 0, n = variants(table); v < n; v++) {
        gusto_real best[2] = {99, 99};
        ck_assert_int_eq(table[v]->nearest(k_ld, dot, square, best), at);
        ck_assert(best[0] == expected[0] && best[1] == expected[1]);
    }
}

START_TEST(the_highest_and_the_next)
{
    for (int64_t k = 0; k <= MOST_K; k++)
        for (int offset = 0; offset < 2; offset++) {
            check_nearest(k, offset, false);
            check_nearest(k, offset, true);
        }
}
END_TEST

int main(void)
{
    RUN("nearest", the_highest_and_the_next);
}
