/* How work is cut: into tiles whose number and size do not depend on the number of threads. Each tile is computed by one thread,
 * and what tiles give is combined in the order of tiles; so the result does not depend on the threads either. */
#ifndef GU_TILES_H
#define GU_TILES_H

#include "core/context.h"

/* Tiles of `size` elements that cover n; the last may be smaller. */
static inline int64_t gu_n_tiles(int64_t n, int64_t size)
{
    return n / size + (n % size != 0);
}

static inline int64_t gu_tile_end(int64_t n, int64_t size, int64_t tile)
{
    const int64_t begin = tile * size;
    return n - begin < size ? n : begin + size;
}

/* Rows cut so that a tile has about `weight` entries: bound [*n_tiles + 1] is allocated, tile t holds rows bound[t] ..
 * bound[t+1] - 1. start [n_rows + 1]: as in CSR. An empty row weighs as much as one entry, so that no tile grows without end.
 * At least one tile, unless there are no rows.   Errors: GUSTO_ENOMEM. The caller frees *bound. */
gusto_status gu_row_tiles(gusto_context *context, int64_t n_rows, const int64_t *start, int64_t weight, int64_t *n_tiles,
                          int64_t **bound);

/* The first status that is an error, in the order of tiles, else GUSTO_OK. */
gusto_status gu_first_error(int64_t n, const gusto_status *status);

#endif
