/* See sorted.h. */
#include "core/sorted.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    const gusto_real x = *(const gusto_real *)a, y = *(const gusto_real *)b;
    return (x > y) - (x < y);
}

void gu_sort(int64_t n, gusto_real *x)
{
    if (n > 1)
        qsort(x, (size_t)n, sizeof *x, ascending);
}

int64_t gu_count_below(int64_t n, const gusto_real *x, gusto_real bound, bool equal)
{
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (x[middle] < bound || (equal && x[middle] == bound))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
