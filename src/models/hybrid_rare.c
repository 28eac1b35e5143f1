/* See hybrid_rare.h. */
#include "models/hybrid_rare.h"

#include "core/memory.h"

enum { LEVELS = GU_COLD_LEVELS, SIDES = 2 };

const int32_t gu_cold_level[LEVELS] = {0, 1, 2, 4, 8, 16};

/* Out-of-fold pairs of rows that have few ratings by nature, by side and level; with traits as warm pairs have them, then as cold ones. */
struct gu_rare {
    gu_sums sums[2 * SIDES * LEVELS];
};

int gu_cold_level_of(int32_t count)
{
    int l = 0;
    while (l < LEVELS - 1 && gu_cold_level[l] < count)
        l++;
    return l;
}

void gu_rare_destroy(const gusto_allocator *allocator, gu_rare *rare)
{
    if (!rare)
        return;
    for (int b = 0; b < 2 * SIDES * LEVELS; b++)
        gu_sums_clear(allocator, &rare->sums[b]);
    gu_free(allocator, rare);
}

gu_rare *gu_rare_create(gusto_context *context, int width)
{
    gu_rare     *rare = gu_new_zero(context, 1, gu_rare);
    gusto_status status = rare ? GUSTO_OK : GUSTO_ENOMEM;
    for (int b = 0; b < 2 * SIDES * LEVELS && status == GUSTO_OK; b++)
        status = gu_sums_init(context, width, &rare->sums[b]);
    if (status == GUSTO_OK)
        return rare;
    gu_rare_destroy(&context->allocator, rare);
    return NULL;
}

gusto_status gu_rare_add(gu_hybrid_fit *fit, const gu_stack_pairs *pairs, gu_rare *rare)
{
    uint8_t     *bin = gu_new(fit->context, pairs->n, uint8_t);
    gusto_status status = bin ? GUSTO_OK : GUSTO_ENOMEM;
    for (int side = 0; side < SIDES && status == GUSTO_OK; side++) {
        for (int64_t e = 0; e < pairs->n; e++) {
            const int32_t count = side == 0 ? pairs->user_count[pairs->user[e]] : pairs->item_count[pairs->item[e]];
            bin[e] = count >= 1 && count <= gu_cold_level[LEVELS - 1] ? (uint8_t)gu_cold_level_of(count) : GU_NO_COLD_LEVEL;
        }
        for (int b = 0; b < 2 * LEVELS && status == GUSTO_OK; b++) {
            gu_traits traits;
            gu_hybrid_traits(fit->state, b >= LEVELS, &traits);
            status = gu_sums_add_pairs(fit->context, pairs, &traits, bin, (uint8_t)(b % LEVELS),
                                       &rare->sums[(b / LEVELS * SIDES + side) * LEVELS + b % LEVELS]);
        }
    }
    gu_free(&fit->context->allocator, bin);
    return status;
}

bool gu_rare_unharmed(const gu_hybrid_fit *fit, int side, int most, const double *x)
{
    const gu_sums    *sums = fit->rare->sums + side * LEVELS;
    const gusto_real *weights = gu_state_real(fit->state, "weights");
    double            warm[GU_STACK_TRAITS * (GU_STACK_MEMBERS + 1)], as_warm = 0, as_cold = 0;
    for (int c = 0; c < gu_stack_width(fit->roster.n); c++)
        warm[c] = (double)weights[c];
    for (int l = 1; l <= most; l++) {
        as_warm += gu_sums_error(&sums[l], warm);
        as_cold += gu_sums_error(&sums[SIDES * LEVELS + l], x);
    }
    return as_cold <= as_warm;
}
