/* How many clusters: each number of clusters is tried, and the one whose clusters are set apart the most, by their silhouette, is best. */
#include "core/memory.h"

#include <gusto/kmeans.h>

#include <math.h>

typedef struct one_try {
    gusto_real *centers;
    int32_t    *label;
} one_try;

static gusto_status try_count(gusto_context *context, const gusto_points *points, const gusto_kmeans_options *options,
                              const one_try *memory, int64_t sample, double *inertia, double *silhouette)
{
    gusto_kmeans_result result = {.size = sizeof result};
    const gusto_status  status = gusto_kmeans(context, points, options, memory->centers, memory->label, &result);
    if (status < 0 || status == GUSTO_CANCELLED)
        return status;
    *inertia = result.inertia;
    return gusto_silhouette(context, points, memory->label, options->spherical, sample, silhouette);
}

gusto_status gusto_kmeans_sweep(gusto_context *context, const gusto_points *points, const gusto_kmeans_options *options,
                                int n_counts, const int32_t *count, int64_t sample, double *inertia, double *silhouette,
                                int *best)
{
    int32_t most = 0;
    *best = -1;
    if (options->size != sizeof *options)
        return gu_error(context, GUSTO_EARG, "gusto_kmeans_options.size is %zu, expected %zu", options->size, sizeof *options);
    if (points->size != sizeof *points)
        return gu_error(context, GUSTO_EARG, "gusto_points.size is %zu, expected %zu", points->size, sizeof *points);
    if (points->n < 1 || points->n > INT32_MAX || points->d < 1 || points->d > INT32_MAX)
        return gu_error(context, GUSTO_ESHAPE, "%lld points of %lld numbers, expected at least one of each, and below 2^31",
                        (long long)points->n, (long long)points->d);
    if (options->start == GUSTO_KMEANS_GIVEN)
        return gu_error(context, GUSTO_EARG, "a sweep has no centers to start from");
    for (int t = 0; t < n_counts; t++) {
        if (count[t] < 2 || count[t] > points->n)
            return gu_error(context, GUSTO_EARG, "count[%d] is %d, expected 2 to the %lld points", t, count[t],
                            (long long)points->n);
        most = count[t] > most ? count[t] : most;
    }
    if (n_counts < 1)
        return gu_error(context, GUSTO_EARG, "n_counts is %d, expected at least 1", n_counts);

    const one_try memory = {gu_new(context, most * points->d, gusto_real), gu_new(context, points->n, int32_t)};
    gusto_status  status = memory.centers && memory.label ? GUSTO_OK : GUSTO_ENOMEM;
    double        highest = -INFINITY;
    for (int t = 0; t < n_counts && status == GUSTO_OK; t++) {
        gusto_kmeans_options now = *options;
        double               spent, apart;
        now.n_clusters = count[t];
        status = try_count(context, points, &now, &memory, sample, &spent, &apart);
        if (status != GUSTO_OK)
            break;
        if (inertia)
            inertia[t] = spent;
        if (silhouette)
            silhouette[t] = apart;
        if (*best < 0 || apart > highest || (apart >= highest && count[t] < count[*best])) {
            highest = apart;
            *best = t;
        }
    }
    gu_free(&context->allocator, memory.centers);
    gu_free(&context->allocator, memory.label);
    return status;
}
