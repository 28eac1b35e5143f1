/* See tiles.h. */
#include "core/tiles.h"

#include "core/memory.h"

gusto_status gu_row_tiles(gusto_context *context, int64_t n_rows, const int64_t *start, int64_t weight, int64_t *n_tiles,
                          int64_t **bound)
{
    /* A tile ends once it weighs `weight`, and the total weight is start[n_rows] + n_rows. */
    const int64_t most = (n_rows ? (start[n_rows] - start[0] + n_rows) / weight : 0) + 2;
    int64_t      *cut = gu_new(context, most + 1, int64_t);
    if (!cut)
        return GUSTO_ENOMEM;

    int64_t n = 0;
    cut[0] = 0;
    for (int64_t r = 0; r < n_rows; r++) {
        const int64_t first = cut[n];
        if (start[r + 1] - start[first] + (r + 1 - first) >= weight || r + 1 == n_rows)
            cut[++n] = r + 1;
    }
    *n_tiles = n;
    *bound = cut;
    return GUSTO_OK;
}

gusto_status gu_first_error(int64_t n, const gusto_status *status)
{
    for (int64_t j = 0; j < n; j++)
        if (status[j] < 0)
            return status[j];
    return GUSTO_OK;
}
