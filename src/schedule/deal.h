/* Two ways to deal rows (users or items) to parts. Each is a pure function of its arguments. */
#ifndef GU_DEAL_H
#define GU_DEAL_H

#include "core/context.h"
#include "core/rng.h"

/* Runs: the rows in random order, cut so that every part but the last has at least batch_size ratings, and would have fewer
 * without its last row that has any. A row is never cut; rows without ratings go along and start no part.
 * count, part [n].   Returns the number of parts, at least 1.   Cost: O(n). */
int32_t gu_deal_runs(uint64_t seed, gu_stream stream, int64_t epoch, int32_t n, const int32_t *count, int64_t batch_size,
                     int32_t *part);

/* Blocks: the rows at random to n_blocks parts of nearly equal weight: the ratings of two parts differ by at most the greatest
 * count, the rows by at most one. count, part [n]; n_blocks at least 1.   Cost: O(n + n_blocks) and 8 n + 4 n_blocks bytes.
 * Errors: GUSTO_ENOMEM. */
gusto_status gu_deal_blocks(gusto_context *context, uint64_t seed, gu_stream stream, int64_t epoch, int32_t n,
                            const int32_t *count, int32_t n_blocks, int32_t *part);

#endif
