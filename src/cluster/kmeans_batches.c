/* Minibatch k-means (Sculley 2010): a pass deals the points into batches; those of a batch are labelled, and each center moves to the mean of all
 * points that it was ever given, old and new: c <- c + (sum over the batch of (x - c)) / (points so far). So its steps shrink as 1 / count.
 *
 * Batches are those of the schedules: runs of shuffled rows, each row counting one. A batch is labelled tile by tile; then each center is moved
 * by one thread, over its points in order. */
#include "cluster/lloyd.h"
#include "core/memory.h"
#include "core/tiles.h"
#include "schedule/deal.h"

#include <math.h>
#include <omp.h>
#include <string.h>

typedef struct batches {
    gu_kmeans  *job;
    int32_t    *one_each, *part, *order; /* [n] */
    int64_t    *start;                   /* [n + 1] where a part begins in order */
    int32_t    *by_label;                /* [batch] */
    int64_t    *count, *given, *from;    /* [k] points so far, [k] of this pass, [k + 1] */
    gusto_real *old, *room;
    int64_t     one;
} batches;

static gusto_status batches_init(gu_kmeans *job, batches *b)
{
    gusto_context *context = job->context;
    const int64_t  n = job->points->n, k = job->centers.k;
    *b = (batches){.job = job, .one = gu_centers_room(job->points, &job->centers) + 2 * GU_POINT_TILE};
    b->one_each = gu_new(context, n, int32_t);
    b->part = gu_new(context, n, int32_t);
    b->order = gu_new(context, n, int32_t);
    b->start = gu_new(context, n + 2, int64_t);
    b->by_label = gu_new(context, job->options->batch < n ? job->options->batch : n, int32_t);
    b->count = gu_new_zero(context, k, int64_t);
    b->given = gu_new(context, k, int64_t);
    b->from = gu_new(context, k + 1, int64_t);
    b->old = gu_new(context, k * job->centers.ld, gusto_real);
    b->room = gu_new_zero(context, gu_threads(context) * b->one, gusto_real);
    if (!b->one_each || !b->part || !b->order || !b->start || !b->by_label || !b->count || !b->given || !b->from || !b->old ||
        !b->room)
        return GUSTO_ENOMEM;
    for (int64_t j = 0; j < n; j++)
        b->one_each[j] = 1;
    return GUSTO_OK;
}

static void batches_clear(const gusto_allocator *allocator, batches *b)
{
    gu_free(allocator, b->one_each);
    gu_free(allocator, b->part);
    gu_free(allocator, b->order);
    gu_free(allocator, b->start);
    gu_free(allocator, b->by_label);
    gu_free(allocator, b->count);
    gu_free(allocator, b->given);
    gu_free(allocator, b->from);
    gu_free(allocator, b->old);
    gu_free(allocator, b->room);
}

/* Points part by part. Returns the number of parts. */
static int32_t deal(const batches *b, int pass)
{
    const int32_t n = (int32_t)b->job->points->n;
    const int64_t epoch = (int64_t)b->job->turn << 32 | pass;
    const int32_t n_parts =
        gu_deal_runs(b->job->seed, GU_STREAM_KMEANS_BATCHES, epoch, n, b->one_each, b->job->options->batch, b->part);
    memset(b->start, 0, ((size_t)n_parts + 2) * sizeof *b->start);
    for (int32_t j = 0; j < n; j++)
        b->start[b->part[j] + 2]++;
    for (int32_t p = 0; p < n_parts; p++)
        b->start[p + 2] += b->start[p + 1];
    for (int32_t j = 0; j < n; j++)
        b->order[b->start[b->part[j] + 1]++] = j;
    return n_parts;
}

static void label_batch(const batches *b, const int32_t *row, int64_t n)
{
    const int64_t n_tiles = gu_n_tiles(n, GU_POINT_TILE);
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(b->job->context)) if (n_tiles > 1)
    for (int64_t t = 0; t < n_tiles; t++) {
        gusto_real *room = b->room + omp_get_thread_num() * b->one;
        gu_kmeans_nearest(b->job, gu_tile_end(n, GU_POINT_TILE, t) - t * GU_POINT_TILE, row + t * GU_POINT_TILE, room,
                          room + b->one - 2 * GU_POINT_TILE);
    }
    b->job->result.n_distances += n * b->job->centers.k;
}

static void move_centers(const batches *b, const int32_t *row, int64_t n)
{
    gu_kmeans        *job = b->job;
    const gu_kernels *kernels = gu_kernels_of(job->context);
    const int64_t     k = job->centers.k, ld = job->centers.ld;
    memset(b->from, 0, (size_t)(k + 1) * sizeof *b->from);
    for (int64_t j = 0; j < n; j++)
        b->from[job->label[row[j]] + 1]++;
    for (int64_t c = 0; c < k; c++)
        b->from[c + 1] += b->from[c];
    for (int64_t j = n; j-- > 0;) /* fills from the ends, which become the beginnings */
        b->by_label[--b->from[job->label[row[j]] + 1]] = row[j];
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(job->context))
    for (int64_t c = 0; c < k; c++) {
        const int64_t first = b->from[c + 1], last = c + 1 < k ? b->from[c + 2] : n, m = last - first;
        gusto_real   *x = job->centers.C + c * ld;
        if (m == 0)
            continue;
        b->count[c] += m;
        b->given[c] += m;
        kernels->scale(ld, (gusto_real)(1 - (double)m / (double)b->count[c]), x);
        for (int64_t j = first; j < last; j++)
            gu_point_add(kernels, job->points, b->by_label[j], (gusto_real)(1 / (double)b->count[c]), x);
    }
    gu_centers_measure(job->context, job->points, &job->centers);
}

/* Centers that a whole pass has given no point become the farthest points of the last batch. Returns how many. */
static int64_t repair(const batches *b, const int32_t *row, int64_t n)
{
    gu_kmeans *job = b->job;
    int64_t    repaired = 0;
    for (int64_t c = 0; c < job->centers.k; c++) {
        int64_t at = -1;
        double  most = 0;
        for (int64_t j = 0; j < n && b->given[c] == 0; j++) {
            const double far = gu_centers_distance(job->points, &job->centers, row[j], job->label[row[j]]);
            if (far > most) {
                most = far;
                at = row[j];
            }
        }
        if (at < 0)
            continue;
        gu_centers_set(job->points, &job->centers, c, at);
        gu_centers_measure(job->context, job->points, &job->centers);
        job->label[at] = (int32_t)c;
        b->count[c] = b->given[c] = 1;
        repaired++;
    }
    job->result.n_repaired += repaired;
    return repaired;
}

static double moved(const batches *b)
{
    const gu_kmeans *job = b->job;
    double           sum = 0;
    for (int64_t i = 0; i < job->centers.k * job->centers.ld; i++) {
        const double gap = (double)job->centers.C[i] - (double)b->old[i];
        sum += gap * gap;
    }
    return sum;
}

static gusto_status run(const batches *b, double enough)
{
    gu_kmeans *job = b->job;
    for (int pass = 1; pass <= job->options->iterations; pass++) {
        memcpy(b->old, job->centers.C, (size_t)(job->centers.k * job->centers.ld) * sizeof *b->old);
        memset(b->given, 0, (size_t)job->centers.k * sizeof *b->given);
        const int32_t  n_parts = deal(b, pass);
        const int32_t *row = b->order;
        int64_t        n = 0;
        for (int32_t p = 0; p < n_parts; p++) {
            row = b->order + b->start[p];
            n = b->start[p + 1] - b->start[p];
            label_batch(b, row, n);
            move_centers(b, row, n);
        }
        job->result.iterations = pass;
        job->result.converged = repair(b, row, n) == 0 && moved(b) <= enough;
        if (gu_kmeans_told(job, pass))
            return GUSTO_CANCELLED;
        if (job->result.converged)
            return GUSTO_CONVERGED;
    }
    return GUSTO_OK;
}

gusto_status gu_kmeans_batches(gu_kmeans *job)
{
    batches      b;
    double       squares = 0;
    gusto_status status = batches_init(job, &b);
    for (int64_t j = 0; j < job->points->n; j++)
        squares += job->points->square[j];
    if (status == GUSTO_OK)
        status = run(&b, job->options->tolerance * squares / (double)job->points->n / (double)job->points->d);
    batches_clear(&job->context->allocator, &b);
    const gusto_status labelled = status < 0 ? status : gu_kmeans_label(job);
    return labelled < 0 ? labelled : status;
}
