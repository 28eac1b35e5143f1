/* Blocks of a permutation against one point at a time, on grids of few and of many cells to spare, up to the largest. */
#include "variants.h"

static void check_block(const gu_kernels *table, const gu_permutation *p, uint64_t first, int n)
{
    uint32_t place[GU_PERMUTE_MOST + 1];
    place[n] = 77;
    table->permute(p, (uint32_t)first, n, place);
    for (int j = 0; j < n; j++)
        if (place[j] != gu_permutation_at(p, first + (uint64_t)j))
            ck_abort_msg("%s: place %d of a block at %lu differs, n = %lu", gusto_isa_name(table->isa), j, (unsigned long)first,
                         (unsigned long)p->n);
    ck_assert_uint_eq(place[n], 77);
}

START_TEST(against_single_points)
{
    const gu_kernels *table[MOST_VARIANTS];
    const int         n_variants = variants(table), sizes[] = {0, 1, 15, 100, GU_PERMUTE_MOST};
    const uint64_t ns[] = {1, 2, 5, 17, 31, 256, 257, 1000, 65536, 65537, 20000000, (UINT64_C(1) << 31) - 1, UINT64_C(1) << 31};
    for (size_t c = 0; c < sizeof ns / sizeof *ns; c++) {
        gu_permutation p;
        gu_permutation_init(&p, 9, GU_STREAM_TEST, c, ns[c]);
        for (int v = 0; v < n_variants; v++)
            for (int s = 0; s < 5; s++) {
                const uint64_t n = (uint64_t)sizes[s] < ns[c] ? (uint64_t)sizes[s] : ns[c];
                check_block(table[v], &p, 0, (int)n);
                check_block(table[v], &p, (ns[c] - n) / 3, (int)n);
                check_block(table[v], &p, ns[c] - n, (int)n);
            }
    }
}
END_TEST

int main(void)
{
    RUN("permute", against_single_points);
}
