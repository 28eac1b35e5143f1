/* The check that switching does no harm, against the errors of all pairs summed one by one: each side, each threshold, with the pairs that a cold item
 * decides left out of the users' side. */
#include "models/hybrid_rare.h"

#include "../suite.h"

#include "core/rng.h"

#include <gusto/gusto.h>

#include <math.h>

enum { N = 3000, MEMBERS = 2, WIDTH = GU_STACK_TRAITS * (MEMBERS + 1), ROWS = 40 };

static gusto_context *context;
static int32_t        user[N], item[N], user_count[ROWS], item_count[ROWS];
static gusto_real     value[N], prediction[MEMBERS * N];
static gu_state       state;
static gu_hybrid_fit  fit;
static const double   mean = 3;

static double draw(uint64_t a, uint32_t b)
{
    uint32_t word[4];
    gu_random(11, GU_STREAM_TEST, a, b, word);
    return gu_uniform(word[0]);
}

/* Rows with 0 .. 39 ratings. Member 0 is right about pairs whose item is rare, member 1 about the others. */
static void setup(void)
{
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (int r = 0; r < ROWS; r++) {
        user_count[r] = r;
        item_count[r] = (7 * r) % ROWS;
    }
    for (int e = 0; e < N; e++) {
        user[e] = (int32_t)(draw((uint64_t)e, 0) * ROWS);
        item[e] = (int32_t)(draw((uint64_t)e, 1) * ROWS);
        for (int m = 0; m < MEMBERS; m++)
            prediction[m * N + e] = (gusto_real)(1 + 4 * draw((uint64_t)e, 2 + (uint32_t)m));
        value[e] = prediction[(item_count[item[e]] > 4) * N + e] + (gusto_real)(draw((uint64_t)e, 9) - 0.5);
    }
    gusto_real *weights = gu_state_add(context, &state, "weights", GU_DTYPE_REAL, GU_REGIMES, WIDTH, WIDTH);
    gusto_real *traits = gu_state_add(context, &state, "traits", GU_DTYPE_REAL, 6, 1, 1);
    gusto_real *threshold = gu_state_add(context, &state, "threshold", GU_DTYPE_REAL, 2, 1, 1);
    ck_assert(weights && traits && threshold);
    for (int c = 0; c < GU_REGIMES * WIDTH; c++)
        weights[c] = (gusto_real)(draw((uint64_t)c, 20) / (c % WIDTH < MEMBERS ? 1 : 8));
    for (int t = 0; t < 2; t++) {
        traits[3 * t] = 2;
        traits[3 * t + 1] = 1;
        traits[3 * t + 2] = 3;
    }
    threshold[0] = threshold[1] = -1;
    const gu_stack_pairs pairs = {N, MEMBERS, user, item, value, prediction, user_count, item_count, mean};
    fit = (gu_hybrid_fit){.context = context, .state = &state};
    fit.roster.n = MEMBERS;
    fit.rare = gu_rare_create(context, WIDTH);
    ck_assert_ptr_nonnull(fit.rare);
    ck_assert_int_eq(gu_rare_add(&fit, &pairs, fit.rare), GUSTO_OK);
}

static void teardown(void)
{
    gu_rare_destroy(&context->allocator, fit.rare);
    gu_state_clear(&context->allocator, &state);
    gusto_context_destroy(context);
}

static double error_of(int e, bool cold, const double *x)
{
    gu_traits traits;
    double    trait[GU_STACK_TRAITS], made = 0;
    gu_hybrid_traits(&state, cold, &traits);
    gu_traits_of(&traits, user_count[user[e]], item_count[item[e]], trait);
    for (int t = 0; t < GU_STACK_TRAITS; t++)
        for (int m = 0; m <= MEMBERS; m++)
            made += x[t * (MEMBERS + 1) + m] * trait[t] * (m < MEMBERS ? (double)prediction[m * N + e] - mean : 1);
    return pow((double)value[e] - mean - made, 2);
}

/* Error of cold weights less that of the warm ones, over the pairs of rows with 1 to so many ratings. */
static double harm(int side, int32_t most, bool all_items, const double *x)
{
    const int32_t cold_item = (int32_t)gu_state_real(&state, "threshold")[1];
    double        warm[WIDTH], sum = 0;
    for (int c = 0; c < WIDTH; c++)
        warm[c] = (double)gu_state_real(&state, "weights")[c];
    for (int e = 0; e < N; e++) {
        const int32_t count = side == 0 ? user_count[user[e]] : item_count[item[e]];
        if (count < 1 || count > most || (side == 0 && !all_items && item_count[item[e]] <= cold_item))
            continue;
        sum += error_of(e, true, x) - error_of(e, false, warm);
    }
    return sum;
}

START_TEST(is_the_sum_over_the_pairs)
{
    int unharmed = 0, harmed = 0, decided_by_items = 0;
    for (int side = 0; side < 2; side++)
        for (int t = -1; t < GU_COLD_LEVELS; t++)
            for (int most = 1; most < GU_COLD_LEVELS; most++)
                for (uint32_t trial = 0; trial < 40; trial++) {
                    double x[WIDTH];
                    gu_state_real(&state, "threshold")[1] = (gusto_real)(t < 0 ? -1 : gu_cold_level[t]);
                    for (int c = 0; c < WIDTH; c++)
                        x[c] = draw((uint64_t)c, 100 + trial) * (c < MEMBERS ? 1 : 0.2);
                    x[trial % 2] += 0.5; /* right about rare items, or about the others */
                    const double more = harm(side, gu_cold_level[most], false, x);
                    ck_assert_msg(gu_rare_unharmed(&fit, side, most, x) == (more <= 0),
                                  "side %d, item threshold %d, level %d: errors differ by %g", side, t, most, more);
                    unharmed += more <= 0;
                    harmed += more > 0;
                    decided_by_items += side == 0 && (more <= 0) != (harm(0, gu_cold_level[most], true, x) <= 0);
                }
    ck_assert_int_gt(unharmed, 50);
    ck_assert_int_gt(harmed, 50);
    ck_assert_int_gt(decided_by_items, 0); /* where pairs of cold items would have turned the answer */
}
END_TEST

/* Weights that are right about nothing do harm at any level. */
START_TEST(thresholds_of_levels)
{
    ck_assert_int_eq(gu_cold_level_of(0), 0);
    ck_assert_int_eq(gu_cold_level_of(1), 1);
    ck_assert_int_eq(gu_cold_level_of(3), 3);
    ck_assert_int_eq(gu_cold_level_of(16), 5);
    ck_assert_int_eq(gu_cold_level_of(1000), 5);
    double wrong[WIDTH] = {-20, -20};
    for (int side = 0; side < 2; side++)
        for (int most = 1; most < GU_COLD_LEVELS; most++)
            ck_assert(!gu_rare_unharmed(&fit, side, most, wrong));
    ck_assert(gu_rare_unharmed(&fit, 0, 0, wrong)); /* of rows that have no rating at all nothing is known */
}
END_TEST

static gusto_status life(gusto_context *c)
{
    const gu_stack_pairs pairs = {100, MEMBERS, user, item, value, prediction, user_count, item_count, mean};
    gu_hybrid_fit        one = fit;
    one.context = c;
    one.rare = gu_rare_create(c, WIDTH);
    const gusto_status status = one.rare ? gu_rare_add(&one, &pairs, one.rare) : GUSTO_ENOMEM;
    gu_rare_destroy(&c->allocator, one.rare);
    return status;
}

START_TEST(no_failed_allocation_leaks)
{
    sweep_allocations(life);
}
END_TEST

int main(void)
{
    RUN_WITH("hybrid_rare", setup, teardown, is_the_sum_over_the_pairs, thresholds_of_levels, no_failed_allocation_leaks);
}
