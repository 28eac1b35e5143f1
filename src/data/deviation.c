/* See deviation.h. */
#include "data/deviation.h"

#include "core/memory.h"
#include "core/tiles.h"

#include <math.h>

enum { TILE = 1 << 16 };

static const double OF_STARS = 1.125;        /* ml-100k, which defaults were chosen on */
static const double LEAST = 0.6, MOST = 1.6; /* one to five stars, all alike often: 1.414 */

gusto_status gu_ratings_deviation(gusto_context *context, const gusto_ratings *ratings, double *out)
{
    gusto_rows         rows;
    const gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status < 0)
        return status;
    const double  mean = gusto_ratings_mean(ratings);
    const int64_t n_tiles = gu_n_tiles(rows.nnz, TILE);
    double       *sum = gu_new_zero(context, n_tiles, double);
    if (!sum)
        return GUSTO_ENOMEM;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t t = 0; t < n_tiles; t++)
        for (int64_t e = t * TILE; e < gu_tile_end(rows.nnz, TILE, t); e++)
            sum[t] += ((double)rows.value[e] - mean) * ((double)rows.value[e] - mean);
    double total = 0;
    for (int64_t t = 0; t < n_tiles; t++)
        total += sum[t];
    gu_free(&context->allocator, sum);
    *out = total > 0 ? sqrt(total / (double)rows.nnz) : 1;
    return GUSTO_OK;
}

double gu_unit_of_deviation(double deviation)
{
    return deviation >= LEAST && deviation <= MOST ? 1 : deviation / OF_STARS;
}
