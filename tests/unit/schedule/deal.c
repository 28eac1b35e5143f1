/* How rows are dealt: whole rows, in range, even, at random, and nothing left behind when memory runs out. */
#include "schedule/deal.h"

#include "../suite.h"

#include <string.h>

enum { MAX_ROWS = 5000, MAX_PARTS = MAX_ROWS };

static gusto_context *context;
static int32_t        count[MAX_ROWS], part[MAX_ROWS], again[MAX_ROWS];

static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
}

static void teardown(void)
{
    gusto_context_destroy(context);
}

/* Counts of a long tail, as of items: n / (rank + 1), in random places, and every seventh row empty. Returns the greatest. */
static int32_t long_tail(int32_t n)
{
    gu_permutation place;
    int32_t        most = 0;
    gu_permutation_init(&place, 5, GU_STREAM_TEST, 0, (uint64_t)n);
    for (int32_t r = 0; r < n; r++) {
        const int32_t row = (int32_t)gu_permutation_at(&place, (uint64_t)r);
        count[row] = r % 7 == 6 ? 0 : n / (r + 1);
        most = count[row] > most ? count[row] : most;
    }
    return most;
}

static void weigh(int32_t n, int32_t n_parts, int64_t weight[MAX_PARTS], int32_t rows[MAX_PARTS])
{
    memset(weight, 0, sizeof *weight * MAX_PARTS);
    memset(rows, 0, sizeof *rows * MAX_PARTS);
    for (int32_t r = 0; r < n; r++) {
        if (part[r] < 0 || part[r] >= n_parts)
            ck_abort_msg("row %d is in part %d of %d", r, part[r], n_parts);
        weight[part[r]] += count[r];
        rows[part[r]]++;
    }
}

static void spread(int32_t n_parts, const int64_t *weight, const int32_t *rows, int64_t *by_weight, int32_t *by_rows)
{
    int64_t low = weight[0], high = weight[0];
    int32_t few = rows[0], many = rows[0];
    for (int32_t p = 1; p < n_parts; p++) {
        low = weight[p] < low ? weight[p] : low;
        high = weight[p] > high ? weight[p] : high;
        few = rows[p] < few ? rows[p] : few;
        many = rows[p] > many ? rows[p] : many;
    }
    *by_weight = high - low;
    *by_rows = many - few;
}

START_TEST(runs_are_as_long_as_promised)
{
    setup();
    static const int32_t sizes[] = {1, 2, 3, 100, 4999};
    static const int64_t batches[] = {1, 7, 64, 1000, 1000000};
    static int64_t       weight[MAX_PARTS];
    static int32_t       rows[MAX_PARTS];
    for (int s = 0; s < 5; s++)
        for (int b = 0; b < 5; b++) {
            const int32_t n = sizes[s], most = long_tail(n);
            const int32_t n_parts = gu_deal_runs(3, GU_STREAM_TEST, 2, n, count, batches[b], part);
            weigh(n, n_parts, weight, rows);
            for (int32_t p = 0; p < n_parts; p++) {
                ck_assert_int_gt(weight[p], 0); /* no part is without ratings */
                ck_assert_int_lt(weight[p], batches[b] + most);
                if (p + 1 < n_parts)
                    ck_assert_int_ge(weight[p], batches[b]);
            }
        }
    teardown();
}
END_TEST

START_TEST(runs_by_hand)
{
    setup();
    /* Three ratings each and batches of 5: two rows a part, in the order of the permutation. */
    gu_permutation order;
    gu_permutation_init(&order, 8, GU_STREAM_TEST, 4, 5);
    for (int r = 0; r < 5; r++)
        count[r] = 3;
    ck_assert_int_eq(gu_deal_runs(8, GU_STREAM_TEST, 4, 5, count, 5, part), 3);
    for (uint64_t place = 0; place < 5; place++)
        ck_assert_int_eq(part[gu_permutation_at(&order, place)], (int)place / 2);
    teardown();
}
END_TEST

START_TEST(runs_of_nothing)
{
    setup();
    ck_assert_int_eq(gu_deal_runs(1, GU_STREAM_TEST, 0, 0, NULL, 10, NULL), 1);
    memset(count, 0, sizeof count);
    memset(part, -1, sizeof part);
    ck_assert_int_eq(gu_deal_runs(1, GU_STREAM_TEST, 0, 9, count, 1, part), 1);
    for (int r = 0; r < 9; r++)
        ck_assert_int_eq(part[r], 0);
    teardown();
}
END_TEST

START_TEST(blocks_are_even)
{
    setup();
    static const int32_t sizes[] = {1, 2, 3, 100, 4999}, blocks[] = {1, 2, 3, 8, 37, 4096};
    static int64_t       weight[MAX_PARTS];
    static int32_t       rows[MAX_PARTS];
    for (int s = 0; s < 5; s++)
        for (int b = 0; b < 6; b++) {
            const int32_t n = sizes[s], most = long_tail(n);
            ck_assert_int_eq(gu_deal_blocks(context, 3, GU_STREAM_TEST, 2, n, count, blocks[b], part), GUSTO_OK);
            weigh(n, blocks[b], weight, rows);
            int64_t by_weight;
            int32_t by_rows;
            spread(blocks[b], weight, rows, &by_weight, &by_rows);
            ck_assert_int_le(by_weight, most);
            ck_assert_int_le(by_rows, 1);
        }
    teardown();
}
END_TEST

/* Every digit of the radix sort: with two rows a round, rows of counts 2^k and 2^k + 1 must be parted. */
START_TEST(blocks_sort_by_all_bits)
{
    setup();
    for (int k = 1; k < 31; k++) {
        count[2 * k - 2] = (int32_t)(1u << k);
        count[2 * k - 1] = (int32_t)((1u << k) + 1);
    }
    ck_assert_int_eq(gu_deal_blocks(context, 1, GU_STREAM_TEST, 0, 60, count, 2, part), GUSTO_OK);
    for (int k = 1; k < 31; k++)
        ck_assert_int_ne(part[2 * k - 2], part[2 * k - 1]);
    teardown();
}
END_TEST

START_TEST(blocks_of_nothing)
{
    setup();
    ck_assert_int_eq(gu_deal_blocks(context, 1, GU_STREAM_TEST, 0, 0, NULL, 4, NULL), GUSTO_OK);
    memset(count, 0, sizeof count);
    ck_assert_int_eq(gu_deal_blocks(context, 1, GU_STREAM_TEST, 0, 9, count, 3, part), GUSTO_OK);
    int rows[3] = {0};
    for (int r = 0; r < 9; r++)
        rows[part[r]]++;
    for (int b = 0; b < 3; b++)
        ck_assert_int_eq(rows[b], 3);
    teardown();
}
END_TEST

/* With distinct counts as with equal ones, a row meets every block: 8000 deals to 4, expected 2000 each, standard deviation 39.
 */
START_TEST(blocks_are_dealt_at_random)
{
    setup();
    for (int equal = 0; equal < 2; equal++) {
        int met[10][4] = {{0}}, together = 0;
        for (int r = 0; r < 10; r++)
            count[r] = equal ? 5 : 100 - 9 * r;
        for (int64_t epoch = 0; epoch < 8000; epoch++) {
            ck_assert_int_eq(gu_deal_blocks(context, 1, GU_STREAM_TEST, epoch, 10, count, 4, part), GUSTO_OK);
            for (int r = 0; r < 10; r++)
                met[r][part[r]]++;
            together += part[0] == part[9];
        }
        for (int r = 0; r < 10; r++)
            for (int b = 0; b < 4; b++)
                ck_assert_int_le(abs(met[r][b] - 2000), 200);
        /* Distinct: rows 0 and 9 are of different rounds, together in 1 of 4 deals. Equal: two places of 45 pairs, of which
         * blocks of 3, 3, 2 and 2 rows hold 8. */
        ck_assert_int_le(abs(together - (equal ? 8000 * 8 / 45 : 2000)), 200);
    }
    teardown();
}
END_TEST

START_TEST(deals_are_pure_functions_of_seed_and_epoch)
{
    setup();
    enum { ROWS = 1000 };
    static int32_t first[4][ROWS];
    long_tail(ROWS);
    for (int blocks = 0; blocks < 2; blocks++) {
        for (int pass = 0; pass < 2; pass++)
            for (int j = 0; j < 4; j++) {
                const int      e = pass ? 3 - j : j; /* the second time out of order */
                const uint64_t seed = e < 3 ? 1 : 2;
                const int64_t  epoch = e < 3 ? e : 0;
                if (blocks)
                    gu_deal_blocks(context, seed, GU_STREAM_TEST, epoch, ROWS, count, 8, again);
                else
                    gu_deal_runs(seed, GU_STREAM_TEST, epoch, ROWS, count, 100, again);
                if (pass)
                    ck_assert_mem_eq(first[e], again, sizeof first[e]);
                else
                    memcpy(first[e], again, sizeof first[e]);
            }
        for (int a = 0; a < 4; a++)
            for (int b = 0; b < a; b++)
                ck_assert_mem_ne(first[a], first[b], sizeof first[a]);
    }
    teardown();
}
END_TEST

START_TEST(nothing_is_left_behind)
{
    counting              c = {0};
    const gusto_allocator allocator = counting_allocator(&c);
    gusto_context        *own;
    ck_assert_int_eq(gusto_context_create(&allocator, &own), GUSTO_OK);
    long_tail(100);
    const long before = c.live;
    for (int n = 1; n <= 4; n++) { /* three arrays: the fourth call is never made */
        c.calls = 0;
        c.fail_at = n;
        ck_assert_int_eq(gu_deal_blocks(own, 1, GU_STREAM_TEST, 0, 100, count, 8, part), n <= 3 ? GUSTO_ENOMEM : GUSTO_OK);
        ck_assert_int_eq(c.live, before);
    }
    gusto_context_destroy(own);
    ck_assert_int_eq(c.live, 0);
}
END_TEST

int main(void)
{
    RUN("deal", runs_are_as_long_as_promised, runs_by_hand, runs_of_nothing, blocks_are_even, blocks_sort_by_all_bits,
        blocks_of_nothing, blocks_are_dealt_at_random, deals_are_pure_functions_of_seed_and_epoch, nothing_is_left_behind);
}
