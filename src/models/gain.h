/* Normalized discounted cumulative gain (Jarvelin & Kekalainen 2002, binary gains). */
#ifndef GU_GAIN_H
#define GU_GAIN_H

#include <gusto/types.h>

/* sum over hits of 1 / log2(rank + 1), rank from 1, over that of n_ideal hits on top; 0 where n_ideal is.
 * hit [n]: whether the item at a rank is one. */
double gu_gain(int64_t n, const bool *hit, int64_t n_ideal);

#endif
