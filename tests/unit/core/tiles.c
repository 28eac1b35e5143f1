#include "core/tiles.h"
#include "../suite.h"
#include "core/memory.h"
#include "core/rng.h"

START_TEST(even_tiles_cover_once)
{
    for (int64_t n = 0; n < 70; n++)
        for (int64_t size = 1; size < 75; size++) {
            const int64_t n_tiles = gu_n_tiles(n, size);
            int64_t       at = 0;
            for (int64_t t = 0; t < n_tiles; t++) {
                const int64_t end = gu_tile_end(n, size, t);
                const bool    full = end - at == size, last = t + 1 == n_tiles;
                if (end <= at || end - at > size || (!full && !last))
                    ck_abort_msg("n %lld, size %lld: tile %lld ends at %lld", (long long)n, (long long)size, (long long)t,
                                 (long long)end);
                at = end;
            }
            ck_assert_int_eq(at, n);
        }
    ck_assert_int_eq(gu_n_tiles(INT64_MAX, 1), INT64_MAX);
    ck_assert_int_eq(gu_n_tiles(INT64_MAX, 2), ((int64_t)1 << 62));
    ck_assert_int_eq(gu_tile_end(INT64_MAX, (int64_t)1 << 62, 1), INT64_MAX); /* begin + size would overflow */
}
END_TEST

/* Every row in one tile, in order; no tile but the last under the weight; a tile ends as soon as it has it. */
static void check_tiles(gusto_context *context, int64_t n_rows, const int64_t *start, int64_t weight)
{
    int64_t  n_tiles = -1;
    int64_t *bound = NULL;
    ck_assert_int_eq(gu_row_tiles(context, n_rows, start, weight, &n_tiles, &bound), GUSTO_OK);
    ck_assert(n_rows == 0 ? n_tiles == 0 : n_tiles >= 1);
    ck_assert_int_eq(bound[0], 0);
    ck_assert_int_eq(bound[n_tiles], n_rows);
    for (int64_t t = 0; t < n_tiles; t++) {
        const int64_t begin = bound[t], end = bound[t + 1];
        ck_assert_int_lt(begin, end);
        const int64_t heavy = start[end] - start[begin] + (end - begin);
        const int64_t light = start[end - 1] - start[begin] + (end - 1 - begin); /* without its last row */
        ck_assert_int_lt(light, weight);
        if (t + 1 < n_tiles)
            ck_assert_int_ge(heavy, weight);
    }
    gu_free(&context->allocator, bound);
}

START_TEST(row_tiles_cover_and_balance)
{
    enum { MOST = 500 };
    counting              c = {0};
    const gusto_allocator allocator = counting_allocator(&c);
    gusto_context        *context;
    ck_assert_int_eq(gusto_context_create(&allocator, &context), GUSTO_OK);
    for (uint64_t trial = 0; trial < 300; trial++) {
        int64_t  start[MOST + 1];
        uint32_t word[4];
        gu_random(1, GU_STREAM_TEST, trial, 0, word);
        const int64_t n_rows = word[0] % (MOST + 1), weight = 1 + word[1] % 300;
        start[0] = word[2] % 1000; /* a slice of a larger CSR does not begin at 0 */
        for (int64_t r = 0; r < n_rows; r++) {
            gu_random(1, GU_STREAM_TEST, trial, (uint32_t)r + 1, word);
            const int64_t length = word[0] % 4 == 0 ? 0 : word[0] % 50 == 1 ? word[1] % 5000 : word[1] % 20;
            start[r + 1] = start[r] + length;
        }
        check_tiles(context, n_rows, start, weight);
        check_tiles(context, n_rows, start, 1);
        check_tiles(context, n_rows, start, INT64_MAX / 2);
    }
    const int64_t empty[MOST + 1] = {0}; /* empty rows weigh too */
    int64_t       n_tiles, *bound;
    ck_assert_int_eq(gu_row_tiles(context, MOST, empty, 50, &n_tiles, &bound), GUSTO_OK);
    ck_assert_int_eq(n_tiles, MOST / 50);
    gu_free(&allocator, bound);

    c.fail_at = c.calls + 1;
    ck_assert_int_eq(gu_row_tiles(context, MOST, empty, 50, &n_tiles, &bound), GUSTO_ENOMEM);
    gusto_context_destroy(context);
    ck_assert_int_eq(c.live, 0);
}
END_TEST

START_TEST(first_error_is_the_first)
{
    const gusto_status status[] = {GUSTO_OK, GUSTO_CANCELLED, GUSTO_EIO, GUSTO_ENOMEM};
    ck_assert_int_eq(gu_first_error(4, status), GUSTO_EIO);
    ck_assert_int_eq(gu_first_error(2, status), GUSTO_OK);
    ck_assert_int_eq(gu_first_error(0, NULL), GUSTO_OK);
}
END_TEST

int main(void)
{
    RUN("tiles", even_tiles_cover_once, row_tiles_cover_and_balance, first_error_is_the_first);
}
