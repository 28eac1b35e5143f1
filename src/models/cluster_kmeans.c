/* Textbook clusters: k-means (gusto/kmeans.h) of the rows, sparse, where a cell without a rating is 0: for residuals that is what the biases
 * expect. Lloyd's passes until nothing moves, k-means++ starts; of several starts the one of least inertia is kept. */
#include "core/memory.h"
#include "models/cluster.h"

#include <gusto/kmeans.h>

#include <string.h>

static gusto_rows points_of(const gu_residual_rows *side, bool ratings)
{
    gusto_rows rows = side->rows;
    if (!ratings)
        rows.value = side->residual;
    return rows;
}

/* Centers [k x d] as columns, and their squares, in double as far as the sum. */
static void lay_out(int64_t k, int64_t d, const gusto_real *from, int64_t ld, gusto_real *centers, gusto_real *square)
{
    memset(centers, 0, (size_t)(d * ld) * sizeof *centers);
    memset(square, 0, (size_t)ld * sizeof *square);
    for (int64_t c = 0; c < k; c++) {
        double sum = 0;
        for (int64_t i = 0; i < d; i++) {
            centers[i * ld + c] = from[c * d + i];
            sum += (double)from[c * d + i] * (double)from[c * d + i];
        }
        square[c] = (gusto_real)sum;
    }
}

gusto_status gu_cluster_kmeans(gusto_context *context, const gu_hard_clusters *how, const gusto_fit_options *fit, int32_t *label,
                               int64_t ld, gusto_real *centers, gusto_real *square)
{
    const gusto_rows   by_point = points_of(how->own, how->ratings), by_column = points_of(how->other, how->ratings);
    const gusto_points points = {
        .size = sizeof points, .n = by_point.n_rows, .d = by_point.n_columns, .by_point = &by_point, .by_column = &by_column};
    gusto_kmeans_options options = gusto_kmeans_options_default();
    options.n_clusters = (int32_t)(how->clusters < points.n ? how->clusters : points.n);
    options.n_starts = how->starts;
    options.iterations = how->passes;
    options.tolerance = 0;
    options.progress = fit->progress;
    options.user = fit->user;

    gusto_real *found = gu_new(context, options.n_clusters * points.d, gusto_real);
    if (!found)
        return GUSTO_ENOMEM;
    const gusto_status status = gusto_kmeans(context, &points, &options, found, label, NULL);
    if (status >= 0 && centers) {
        lay_out(options.n_clusters, points.d, found, ld, centers, square);
        for (int64_t c = options.n_clusters; c < how->clusters; c++) /* no row is nearest to a cluster that has none */
            square[c] = (gusto_real)1e30;
    }
    gu_free(&context->allocator, found);
    return status == GUSTO_CONVERGED ? GUSTO_OK : status;
}
