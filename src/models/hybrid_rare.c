/* See hybrid_rare.h. */
#include "models/hybrid_rare.h"

#include "core/memory.h"

enum { LEVELS = GU_COLD_LEVELS, SIDES = 2 };

const int32_t gu_cold_level[LEVELS] = {0, 1, 2, 4, 8, 16};

/* Out-of-fold pairs of rows that have few ratings by nature, as sums: of users by the level of the user and of his item (LEVELS: above all), of items
 * by that of the item; with traits as warm pairs have them, then as cold ones. A pair whose item is cold takes the weights of cold items, so of users only
 * those count whose items are above the threshold of items. */
enum { ITEMS = LEVELS + 1, OF_ITEMS = LEVELS * ITEMS, BINS = OF_ITEMS + LEVELS };

struct gu_rare {
    gu_sums sums[2 * BINS];
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
    for (int b = 0; b < 2 * BINS; b++)
        gu_sums_clear(allocator, &rare->sums[b]);
    gu_free(allocator, rare);
}

gu_rare *gu_rare_create(gusto_context *context, int width)
{
    gu_rare     *rare = gu_new_zero(context, 1, gu_rare);
    gusto_status status = rare ? GUSTO_OK : GUSTO_ENOMEM;
    for (int b = 0; b < 2 * BINS && status == GUSTO_OK; b++)
        status = gu_sums_init(context, width, &rare->sums[b]);
    if (status == GUSTO_OK)
        return rare;
    gu_rare_destroy(&context->allocator, rare);
    return NULL;
}

/* Which sums a pair belongs to, seen from a side. */
static uint8_t bin_of(int side, int32_t user_count, int32_t item_count)
{
    const int32_t count = side == 0 ? user_count : item_count, most = gu_cold_level[LEVELS - 1];
    if (count < 1 || count > most)
        return GU_NO_COLD_LEVEL;
    if (side == 1)
        return (uint8_t)(OF_ITEMS + gu_cold_level_of(count));
    return (uint8_t)(gu_cold_level_of(count) * ITEMS + (item_count > most ? LEVELS : gu_cold_level_of(item_count)));
}

gusto_status gu_rare_add(gu_hybrid_fit *fit, const gu_stack_pairs *pairs, gu_rare *rare)
{
    uint8_t     *bin = gu_new(fit->context, pairs->n, uint8_t);
    gusto_status status = bin ? GUSTO_OK : GUSTO_ENOMEM;
    for (int side = 0; side < SIDES && status == GUSTO_OK; side++) {
        bool some[BINS] = {false};
        for (int64_t e = 0; e < pairs->n; e++) {
            bin[e] = bin_of(side, pairs->user_count[pairs->user[e]], pairs->item_count[pairs->item[e]]);
            if (bin[e] < BINS)
                some[bin[e]] = true;
        }
        for (int b = 0; b < 2 * BINS && status == GUSTO_OK; b++) {
            gu_traits traits;
            if (!some[b % BINS])
                continue;
            gu_hybrid_traits(fit->state, b >= BINS, &traits);
            status = gu_sums_add_pairs(fit->context, pairs, &traits, bin, (uint8_t)(b % BINS), &rare->sums[b]);
        }
    }
    gu_free(&fit->context->allocator, bin);
    return status;
}

bool gu_rare_unharmed(const gu_hybrid_fit *fit, int side, int most, const double *x)
{
    const gu_sums    *sums = fit->rare->sums;
    const gusto_real *weights = gu_state_real(fit->state, "weights");
    const int32_t     cold_item = (int32_t)gu_state_real(fit->state, "threshold")[1];
    double            warm[GU_STACK_TRAITS * (GU_STACK_MEMBERS + 1)], as_warm = 0, as_cold = 0;
    for (int c = 0; c < gu_stack_width(fit->roster.n); c++)
        warm[c] = (double)weights[c];
    for (int l = 1; l <= most; l++)
        for (int i = 0; i < (side == 0 ? ITEMS : 1); i++) {
            const int b = side == 0 ? l * ITEMS + i : OF_ITEMS + l;
            if (side == 0 && i < LEVELS && gu_cold_level[i] <= cold_item)
                continue;
            as_warm += gu_sums_error(&sums[b], warm);
            as_cold += gu_sums_error(&sums[BINS + b], x);
        }
    return as_cold <= as_warm;
}
