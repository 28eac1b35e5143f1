/* Selection of the best k. Once the heap is full nearly every score falls short of its root: whole vectors are compared with it, and only
 * the few that pass are looked at one by one. */
#include "kernels/heap.h"
#include "kernels/variant.h"
#include "kernels/vec.h"

#define LEAST ((gusto_real)-INFINITY)

/* Lanes that may enter the heap; first: the item of lane 0. Items of a full heap's root and equal score enter only if they are lower. */
VEC_INLINE uint32_t candidates(const gu_top *top, vec score, int32_t first)
{
    if (top->n < top->k)
        return mask_bits(vec_less(vec_set(LEAST), score));
    const vec root = vec_set(top->score[0]);
    return mask_bits(first > top->item[0] ? vec_less(root, score) : vec_less_equal(root, score));
}

VEC_INLINE void offer(gu_top *top, int m, const gusto_real *score, int32_t first)
{
    uint32_t lanes = candidates(top, vec_get(score, m), first) & ((UINT32_C(1) << m) - 1);
    for (; lanes; lanes &= lanes - 1) {
        const int l = __builtin_ctz(lanes);
        heap_offer(top, score[l], first + l);
    }
}

void VARIANT(top_push)(gu_top *top, int64_t n, const gusto_real *score, int32_t first)
{
    if (top->k > 0)
        EACH_VECTOR(n, offer(top, m, score + j, first + (int32_t)j));
}
