/* The nearest of many centers, from dot products: |x - c|^2 = |x|^2 - (2 x.c - |c|^2), so the highest of 2 x.c - |c|^2.
 *
 * Lanes keep their two highest; which one it was is looked up afterwards, for that needs only a compare a vector. */
#include "kernels/variant.h"
#include "kernels/vec.h"

int64_t VARIANT(nearest)(int64_t n, const gusto_real *dot, const gusto_real *square, gusto_real best[2])
{
    const vec  two = vec_set(2), least = vec_set(-(gusto_real)INFINITY);
    vec        first = least, second = least;
    gusto_real high[2 * GU_LANES];
    for (int64_t j = 0; j < n; j += GU_LANES) {
        const vec  score = vec_sub(vec_mul(two, vec_load(dot + j)), vec_load(square + j));
        const mask below = vec_less(score, first);
        second = vec_max(second, vec_select(below, score, first));
        first = vec_select(below, first, score);
    }
    vec_store(high, first);
    vec_store(high + GU_LANES, second);
    best[0] = best[1] = -(gusto_real)INFINITY;
    for (int l = 0; l < 2 * GU_LANES; l++) {
        const gusto_real x = high[l];
        best[1] = x > best[0] ? best[0] : x > best[1] ? x : best[1];
        best[0] = x > best[0] ? x : best[0];
    }
    for (int64_t j = 0; j < n; j += GU_LANES) {
        const vec      score = vec_sub(vec_mul(two, vec_load(dot + j)), vec_load(square + j));
        const uint32_t lanes = mask_bits(vec_less_equal(vec_set(best[0]), score));
        if (lanes)
            return j + __builtin_ctz(lanes);
    }
    return 0;
}
