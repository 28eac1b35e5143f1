/* Drawing in proportion to weights, in constant time. */
#ifndef GU_ALIAS_H
#define GU_ALIAS_H

#include <gusto/types.h>

/* The table of Walker (1977), made in linear time by Vose (1991): a column j drawn uniformly is kept if a word drawn uniformly is below accept[j], else it
 * becomes alias[j]; column j then comes with the chance weight[j] / sum. Weights are not negative; where all are 0, all columns are alike.
 * accept, alias, pile, chance [n]; the last two are scratch. n >= 1. */
void gu_alias_make(int32_t n, const double *weight, uint32_t *accept, int32_t *alias, int32_t *pile, double *chance);

#endif
