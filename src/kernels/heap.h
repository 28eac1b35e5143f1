/* The heap of the best k: the worst that is kept stands at the root. */
#ifndef GU_HEAP_H
#define GU_HEAP_H

#include "kernels/kernels.h"

/* Is (score a, item i) worse than (score b, item j)? */
static inline bool heap_worse(gusto_real a, int32_t i, gusto_real b, int32_t j)
{
    return a < b || (a == b && i > j);
}

/* Puts (score, item) into the hole at `at` of a heap of n, moving worse children up. */
static inline void heap_sift_down(gu_top *top, int n, int at, gusto_real score, int32_t item)
{
    for (int child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && heap_worse(top->score[child + 1], top->item[child + 1], top->score[child], top->item[child]))
            child++;
        if (!heap_worse(top->score[child], top->item[child], score, item))
            break;
        top->score[at] = top->score[child];
        top->item[at] = top->item[child];
    }
    top->score[at] = score;
    top->item[at] = item;
}

/* Adds (score, item) to a heap that has room. */
static inline void heap_add(gu_top *top, gusto_real score, int32_t item)
{
    int at = top->n++;
    for (int parent; at > 0; at = parent) {
        parent = (at - 1) / 2;
        if (!heap_worse(score, item, top->score[parent], top->item[parent]))
            break;
        top->score[at] = top->score[parent];
        top->item[at] = top->item[parent];
    }
    top->score[at] = score;
    top->item[at] = item;
}

/* Adds (score, item), or puts it in the place of the worst if it is better, or neither. k > 0. */
static inline void heap_offer(gu_top *top, gusto_real score, int32_t item)
{
    if (top->n < top->k)
        heap_add(top, score, item);
    else if (heap_worse(top->score[0], top->item[0], score, item))
        heap_sift_down(top, top->n, 0, score, item);
}

#endif
