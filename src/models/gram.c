/* See gram.h. Row r of G is scattered into while it is in the first two levels of cache: for each of its columns c, the rest of that column's
 * list from r on. */
#include "models/gram.h"

#include "core/tiles.h"
#include "core/watch.h"

#include <string.h>

enum { MIRROR_TILE = 64 };

/* The first position of the sorted list at or behind r. */
static int64_t from_row(const gusto_rows *columns, int32_t c, int32_t r)
{
    int64_t low = columns->start[c], high = columns->start[c + 1];
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (columns->column[middle] < r)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void gram_row(const gu_gram_of *of, int32_t r, gusto_real *restrict g)
{
    const gusto_rows *rows = of->rows, *columns = of->columns;
    if (!of->add)
        memset(g + r, 0, (size_t)(rows->n_rows - r) * sizeof *g);
    for (int64_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
        const int32_t    c = rows->column[e];
        const gusto_real x = (of->values ? rows->value[e] : 1) * (of->weight ? of->weight[c] : 1);
        const int64_t    end = columns->start[c + 1];
        if (of->values)
            for (int64_t f = from_row(columns, c, r); f < end; f++)
                g[columns->column[f]] += x * columns->value[f];
        else
            for (int64_t f = from_row(columns, c, r); f < end; f++)
                g[columns->column[f]] += x;
    }
}

void gu_gram(const gusto_context *context, const gu_gram_of *of, gusto_real *G, int64_t ld)
{
    gu_watch_units(context, of->rows->n_rows);
#pragma omp parallel for schedule(dynamic, 4) num_threads(gu_threads(context))
    for (int32_t r = 0; r < of->rows->n_rows; r++)
        if (!gu_watch_done(context, 1))
            gram_row(of, r, G + r * ld);
}

void gu_mirror(const gusto_context *context, int64_t n, gusto_real *G, int64_t ld)
{
    const int64_t n_tiles = gu_n_tiles(n, MIRROR_TILE);
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < n_tiles; t++)
        for (int64_t s = 0; s <= t; s++)
            for (int64_t r = t * MIRROR_TILE; r < gu_tile_end(n, MIRROR_TILE, t); r++)
                for (int64_t c = s * MIRROR_TILE; c < gu_tile_end(n, MIRROR_TILE, s) && c < r; c++)
                    G[r * ld + c] = G[c * ld + r];
}
