/* Sorted reals. */
#ifndef GU_SORTED_H
#define GU_SORTED_H

#include <gusto/types.h>

/* Sorts x [n] so that it ascends. */
void gu_sort(int64_t n, gusto_real *x);

/* How many of the ascending x [n] are below `bound`; with `equal`, below or equal. */
int64_t gu_count_below(int64_t n, const gusto_real *x, gusto_real bound, bool equal);

#endif
