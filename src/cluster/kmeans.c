/* See gusto/kmeans.h: options, several starts, and what is handed back. */
#include "cluster/lloyd.h"
#include "core/memory.h"
#include "core/tiles.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { MOST_CLUSTERS = 1 << 24 }; /* numbers that a gusto_real holds exactly */

gusto_kmeans_options gusto_kmeans_options_default(void)
{
    return (gusto_kmeans_options){
        .size = sizeof(gusto_kmeans_options), .n_clusters = 8, .n_starts = 1, .iterations = 100, .tolerance = 1e-4};
}

bool gu_kmeans_told(const gu_kmeans *job, int pass)
{
    const gusto_progress progress = {
        .size = sizeof progress, .epoch = pass, .n_epochs = job->options->iterations, .done = 1, .total = 1};
    return job->options->progress && job->options->progress(job->options->user, &progress);
}

gusto_status gu_kmeans_label(gu_kmeans *job)
{
    const int64_t n_tiles = gu_n_tiles(job->points->n, GU_POINT_TILE), n_room = gu_centers_room(job->points, &job->centers);
    const int64_t one = n_room + 2 * GU_POINT_TILE;
    gusto_real   *memory = gu_new_zero(job->context, gu_threads(job->context) * one, gusto_real);
    if (!memory)
        return GUSTO_ENOMEM;
#pragma omp parallel for schedule(dynamic, 4) num_threads(gu_threads(job->context))
    for (int64_t t = 0; t < n_tiles; t++) {
        const int64_t begin = t * GU_POINT_TILE, n = gu_tile_end(job->points->n, GU_POINT_TILE, t) - begin;
        gusto_real   *room = memory + omp_get_thread_num() * one;
        int32_t       row[GU_POINT_TILE];
        for (int64_t j = 0; j < n; j++)
            row[j] = (int32_t)(begin + j);
        gu_kmeans_nearest(job, n, row, room, room + n_room);
    }
    job->result.n_distances += job->points->n * job->centers.k;
    gu_free(&job->context->allocator, memory);
    return GUSTO_OK;
}

double gu_kmeans_distances(const gu_kmeans *job)
{
#pragma omp parallel for schedule(static) num_threads(gu_threads(job->context))
    for (int64_t j = 0; j < job->points->n; j++)
        job->distance[j] = gu_centers_distance(job->points, &job->centers, j, job->label[j]);
    double sum = 0;
    for (int64_t j = 0; j < job->points->n; j++)
        sum += job->distance[j];
    return sum;
}

static gusto_status check(gusto_context *context, const gusto_points *points, const gusto_kmeans_options *options,
                          const gusto_kmeans_result *result)
{
    if (options->size != sizeof *options)
        return gu_error(context, GUSTO_EARG, "gusto_kmeans_options.size is %zu, expected %zu", options->size, sizeof *options);
    if (result && result->size != sizeof *result)
        return gu_error(context, GUSTO_EARG, "gusto_kmeans_result.size is %zu, expected %zu", result->size, sizeof *result);
    if (!points->dense && !points->by_column)
        return gu_error(context, GUSTO_EARG, "sparse points need by_column too");
    const int64_t most = points->n < MOST_CLUSTERS ? points->n : MOST_CLUSTERS;
    if (options->n_clusters < 1 || options->n_clusters > most)
        return gu_error(context, GUSTO_EARG, "n_clusters is %d, expected 1 to %lld, of %lld points", options->n_clusters,
                        (long long)most, (long long)points->n);
    if (options->n_starts < 1)
        return gu_error(context, GUSTO_EARG, "n_starts is %d, expected at least 1", options->n_starts);
    if (options->iterations < 1)
        return gu_error(context, GUSTO_EARG, "iterations is %d, expected at least 1", options->iterations);
    if (!(options->tolerance >= 0))
        return gu_error(context, GUSTO_EARG, "tolerance is %g, expected at least 0", options->tolerance);
    if (options->batch < 0)
        return gu_error(context, GUSTO_EARG, "batch is %lld, expected at least 0", (long long)options->batch);
    return GUSTO_OK;
}

static gusto_status take_centers(gu_kmeans *job, const gusto_real *given)
{
    const int64_t d = job->points->d, at = gu_kernels_of(job->context)->not_finite(job->centers.k * d, given);
    if (at >= 0)
        return gu_error(job->context, GUSTO_EARG, "center %lld, column %lld: not a finite number", (long long)(at / d),
                        (long long)(at % d));
    for (int64_t c = 0; c < job->centers.k; c++)
        for (int64_t i = 0; i < d; i++)
            job->centers.C[c * job->centers.ld + i] = given[c * d + i] - (job->points->origin ? job->points->origin[i] : 0);
    return GUSTO_OK;
}

/* One start, from its centers to its inertia. */
static gusto_status run(gu_kmeans *job, const gusto_real *given)
{
    job->result = (gusto_kmeans_result){.size = sizeof job->result};
    for (int64_t j = 0; j < job->points->n; j++)
        job->label[j] = -1;
    gusto_status status = job->options->start == GUSTO_KMEANS_GIVEN ? take_centers(job, given) : gu_kmeans_start(job);
    if (status < 0)
        return status;
    gu_centers_measure(job->context, job->points, &job->centers);
    status = job->options->batch > 0 ? gu_kmeans_batches(job) : gu_lloyd(job);
    if (status < 0)
        return status;
    job->result.inertia = gu_kmeans_distances(job);
    if (!isfinite(job->result.inertia) || !isfinite((double)(gusto_real)(job->centers.longest * job->centers.longest)))
        return gu_error(job->context, GUSTO_EARG, "squared lengths of the points are beyond the range of a gusto_real");
    return status;
}

static void hand_over(const gu_kmeans *job, gusto_real *centers, int32_t *label, gusto_kmeans_result *result)
{
    const int64_t     d = job->points->d;
    const gusto_real *origin = job->points->origin;
    for (int64_t c = 0; c < job->centers.k; c++)
        for (int64_t i = 0; i < d; i++)
            centers[c * d + i] = job->centers.C[c * job->centers.ld + i] + (origin ? origin[i] : 0);
    if (label)
        memcpy(label, job->label, (size_t)job->points->n * sizeof *label);
    if (result)
        *result = job->result;
}

gusto_status gusto_kmeans(gusto_context *context, const gusto_points *points, const gusto_kmeans_options *options,
                          gusto_real *centers, int32_t *label, gusto_kmeans_result *result)
{
    gu_points    all;
    gusto_status status = check(context, points, options, result);
    if (status == GUSTO_OK)
        status = gu_points_init(context, points, options->spherical, &all);
    if (status < 0)
        return status;

    gu_kmeans job = {.context = context, .options = options, .points = &all, .seed = context->seed};
    job.label = gu_new(context, all.n, int32_t);
    job.distance = gu_new(context, all.n, double);
    status = gu_centers_init(context, &all, options->n_clusters, &job.centers);
    if (!job.label || !job.distance)
        status = GUSTO_ENOMEM;

    /* What is written before the end is the best so far; a later start fails only for want of memory, which the first had. */
    const int    n_starts = options->start == GUSTO_KMEANS_GIVEN ? 1 : options->n_starts;
    double       least = INFINITY;
    gusto_status end = status;
    for (; job.turn < n_starts && status == GUSTO_OK; job.turn++) {
        const gusto_status one = run(&job, centers);
        if (one >= 0 && job.result.inertia < least) {
            least = job.result.inertia;
            end = one;
            hand_over(&job, centers, label, result);
        }
        if (one < 0 || one == GUSTO_CANCELLED)
            status = end = one;
    }
    gu_centers_clear(&context->allocator, &job.centers);
    gu_free(&context->allocator, job.label);
    gu_free(&context->allocator, job.distance);
    gu_points_clear(&context->allocator, &all);
    return end;
}
