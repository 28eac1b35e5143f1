/* Rows that have few ratings by nature: what cold weights would do to them, seen out of fold by pairs that the stack is learned from. */
#ifndef GU_HYBRID_RARE_H
#define GU_HYBRID_RARE_H

#include "models/hybrid.h"

/* Thresholds of coldness: a row has at most so many ratings. */
enum { GU_COLD_LEVELS = 6, GU_NO_COLD_LEVEL = 255 };

extern const int32_t gu_cold_level[GU_COLD_LEVELS];

/* The least level that holds a row of so many ratings; the last, if none does. */
int gu_cold_level_of(int32_t count);

/* Sums for stacks of that width: add takes the pairs of a fold.   NULL: no memory. destroy accepts NULL. */
gu_rare     *gu_rare_create(gusto_context *context, int width);
gusto_status gu_rare_add(gu_hybrid_fit *fit, const gu_stack_pairs *pairs, gu_rare *rare);
void         gu_rare_destroy(const gusto_allocator *allocator, gu_rare *rare);

/* Whether cold weights x [gu_stack_width] have no more squared error than the warm ones of the state, on rows of a side (0: users, 1: items) up to
 * level `most`. Of users: but for pairs whose item is cold by the threshold of the state, so items are learned first. */
bool gu_rare_unharmed(const gu_hybrid_fit *fit, int side, int most, const double *x);

#endif
