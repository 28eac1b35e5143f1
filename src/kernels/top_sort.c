/* Heaps after they are filled. Sorting is heap sort: the root, the worst, goes to the end, again and again. */
#include "kernels/heap.h"

void gu_top_merge(gu_top *top, const gu_top *other)
{
    for (int j = 0; j < other->n; j++)
        heap_offer(top, other->score[j], other->item[j]);
}

void gu_top_sort(gu_top *top)
{
    for (int last = top->n - 1; last > 0; last--) {
        const gusto_real score = top->score[last];
        const int32_t    item = top->item[last];
        top->score[last] = top->score[0];
        top->item[last] = top->item[0];
        heap_sift_down(top, last, 0, score, item);
    }
}
