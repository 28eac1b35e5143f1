/* See gain.h. */
#include "models/gain.h"

#include <math.h>

static double discount(int64_t rank)
{
    return 1 / log2((double)rank + 1);
}

double gu_gain(int64_t n, const bool *hit, int64_t n_ideal)
{
    double got = 0, ideal = 0;
    for (int64_t j = 0; j < n; j++)
        if (hit[j])
            got += discount(j + 1);
    for (int64_t rank = 1; rank <= n_ideal; rank++)
        ideal += discount(rank);
    return ideal > 0 ? got / ideal : 0;
}
