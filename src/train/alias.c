/* See alias.h. */
#include "train/alias.h"

void gu_alias_make(int32_t n, const double *weight, uint32_t *accept, int32_t *alias, int32_t *pile, double *chance)
{
    double total = 0;
    for (int32_t j = 0; j < n; j++)
        total += weight[j];
    int32_t low = 0, high = n; /* below the mean: piled up from the left; at it or above: from the right */
    for (int32_t j = 0; j < n; j++) {
        chance[j] = total > 0 ? weight[j] * (double)n / total : 1;
        alias[j] = j;
        accept[j] = UINT32_MAX;
        if (chance[j] < 1)
            pile[low++] = j;
        else
            pile[--high] = j;
    }
    /* Each of the low is filled up by the high one on top of its pile, which may become low itself. What is left over by rounding is kept as it is. */
    while (low > 0 && high < n) {
        const int32_t j = pile[--low], from = pile[high];
        accept[j] = (uint32_t)(chance[j] * 0x1p32);
        alias[j] = from;
        chance[from] -= 1 - chance[j];
        if (chance[from] < 1) {
            high++;
            pile[low++] = from;
        }
    }
}
