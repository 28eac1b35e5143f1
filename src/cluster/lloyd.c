/* Lloyd's iteration (1982): every point to its nearest center, every center to the mean of its points, until nothing moves.
 *
 * Points are cut into at most PARTS parts, whatever the threads. A thread takes a part, tile by tile: the nearest center of
 * each point, and, while the tile is in cache, the sums of its points; the sums of parts are added in order. Sparse points are summed column by
 * column instead, one thread each, so that no part needs sums of its own.
 *
 * Pruning (Hamerly 2010): a point keeps an upper bound of the distance to its center and a lower bound of that to any other. When centers
 * move, the first grows by its center's move and the second shrinks by the largest move of another; while the first stays below the second nothing has to be
 * measured. The bounds allow for the rounding of the products, so that a point is skipped only if it would have been given the same label:
 * with and without pruning the result is the same. Points that are left are gathered into full tiles. */
#include "cluster/lloyd.h"

#include "core/memory.h"
#include "core/tiles.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

enum { PARTS = 64, PART_REALS = 1 << 23, TRIED = 4 };

typedef struct lloyd {
    gu_kmeans  *job;
    int64_t     n_parts, part_tiles; /* tiles a part */
    double     *upper, *lower;       /* [n]; NULL: no pruning */
    gusto_real *part;                /* [n_parts x k x ld]; NULL if points are sparse */
    double     *sum;                 /* [k x ld] */
    int64_t    *count;               /* [k] */
    int64_t    *moved, *measured;    /* [n_parts] */
    gusto_real *old;                 /* [k x ld] where centers were */
    double     *shift;               /* [k] */
    double      most[2];             /* the two largest shifts */
    int64_t     furthest;            /* whose the first is */
    gusto_real *room;                /* [threads x one] */
    int64_t     one;
    double      slack; /* of a squared distance, in (|x| + |c|)^2 */
} lloyd;

static void lloyd_clear(const gusto_allocator *allocator, lloyd *l)
{
    gu_free(allocator, l->upper);
    gu_free(allocator, l->lower);
    gu_free(allocator, l->part);
    gu_free(allocator, l->sum);
    gu_free(allocator, l->count);
    gu_free(allocator, l->moved);
    gu_free(allocator, l->measured);
    gu_free(allocator, l->old);
    gu_free(allocator, l->shift);
    gu_free(allocator, l->room);
}

static gusto_status lloyd_init(gu_kmeans *job, lloyd *l)
{
    gusto_context   *context = job->context;
    const gu_points *points = job->points;
    const int64_t    k = job->centers.k, size = k * job->centers.ld, n_tiles = gu_n_tiles(points->n, GU_POINT_TILE);
    int64_t          parts = PART_REALS / size;
    parts = parts < 1 ? 1 : parts > PARTS || !points->X ? PARTS : parts;
    *l = (lloyd){.job = job, .part_tiles = gu_n_tiles(n_tiles, parts)};
    l->n_parts = gu_n_tiles(n_tiles, l->part_tiles);
    l->slack = (8 + (double)points->d) * (double)(sizeof(gusto_real) == sizeof(double) ? DBL_EPSILON : (double)FLT_EPSILON);
    l->one = gu_centers_room(points, &job->centers) + 2 * GU_POINT_TILE;
    l->room = gu_new_zero(context, gu_threads(context) * l->one, gusto_real);
    l->sum = gu_new(context, size, double);
    l->count = gu_new(context, k, int64_t);
    l->moved = gu_new(context, l->n_parts, int64_t);
    l->measured = gu_new(context, l->n_parts, int64_t);
    l->old = gu_new(context, size, gusto_real);
    l->shift = gu_new(context, k, double);
    bool whole = l->room && l->sum && l->count && l->moved && l->measured && l->old && l->shift;
    if (points->X)
        whole = (l->part = gu_new(context, l->n_parts * size, gusto_real)) && whole;
    if (!job->options->no_pruning)
        whole = (l->upper = gu_new(context, points->n, double)) && (l->lower = gu_new_zero(context, points->n, double)) && whole;
    for (int64_t j = 0; whole && l->upper && j < points->n; j++)
        l->upper[j] = INFINITY;
    return whole ? GUSTO_OK : GUSTO_ENOMEM;
}

/* ---- nearest ---- */

int64_t gu_kmeans_nearest(const gu_kmeans *job, int64_t n, const int32_t *row, gusto_real *room, gusto_real *best)
{
    int32_t nearest[GU_POINT_TILE];
    int64_t moved = 0;
    gu_centers_nearest(gu_kernels_of(job->context), job->points, &job->centers, n, row, room, nearest, best);
    for (int64_t j = 0; j < n; j++) {
        moved += job->label[row[j]] != nearest[j];
        job->label[row[j]] = nearest[j];
    }
    return moved;
}

/* Moves the bounds of a point with the centers. Returns whether they still tell its center. */
static bool still(const lloyd *l, int64_t j)
{
    if (!l->upper || l->job->label[j] < 0)
        return false;
    l->upper[j] += l->shift[l->job->label[j]];
    l->lower[j] -= l->most[l->job->label[j] == l->furthest];
    return l->upper[j] < l->lower[j];
}

static void bound(const lloyd *l, int64_t j, const gusto_real best[2])
{
    const double square = l->job->points->square[j], length = sqrt(square) + l->job->centers.longest;
    const double slack = l->slack * length * length, near = square - (double)best[0] + slack;
    const double next = square - (double)best[1] - slack;
    l->upper[j] = sqrt(near > 0 ? near : 0);
    l->lower[j] = sqrt(next > 0 ? next : 0);
}

static void label_tile(const lloyd *l, int64_t begin, int64_t end, int64_t p, gusto_real *room)
{
    gusto_real *best = room + l->one - 2 * GU_POINT_TILE;
    int32_t     row[GU_POINT_TILE] = {0};
    int64_t     n = 0;
    for (int64_t j = begin; j < end; j++)
        if (!still(l, j))
            row[n++] = (int32_t)j;
    l->moved[p] += gu_kmeans_nearest(l->job, n, row, room, best);
    l->measured[p] += n;
    for (int64_t j = 0; j < n && l->upper; j++)
        bound(l, row[j], best + 2 * j);
}

static int64_t label_all(const lloyd *l, bool sums)
{
    gu_kmeans        *job = l->job;
    const gu_points  *points = job->points;
    const gu_kernels *kernels = gu_kernels_of(job->context);
    const int64_t     ld = job->centers.ld, size = job->centers.k * ld;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(job->context))
    for (int64_t p = 0; p < l->n_parts; p++) {
        gusto_real   *room = l->room + omp_get_thread_num() * l->one, *sum = l->part ? l->part + p * size : NULL;
        const int64_t first = p * l->part_tiles * GU_POINT_TILE, last = gu_tile_end(points->n, l->part_tiles * GU_POINT_TILE, p);
        l->moved[p] = l->measured[p] = 0;
        if (sum && sums)
            memset(sum, 0, (size_t)size * sizeof *sum);
        for (int64_t begin = first; begin < last; begin += GU_POINT_TILE) {
            const int64_t end = last - begin < GU_POINT_TILE ? last : begin + GU_POINT_TILE;
            label_tile(l, begin, end, p, room);
            for (int64_t j = begin; j < end && sum && sums; j++)
                gu_point_add(kernels, points, j, 1, sum + job->label[j] * ld);
        }
    }
    int64_t moved = 0;
    for (int64_t p = 0; p < l->n_parts; p++) {
        moved += l->moved[p];
        job->result.n_distances += l->measured[p] * job->centers.k;
    }
    return moved;
}

/* ---- means ---- */

static void sum_dense(const lloyd *l)
{
    const int64_t size = l->job->centers.k * l->job->centers.ld;
#pragma omp parallel for schedule(static) num_threads(gu_threads(l->job->context))
    for (int64_t i = 0; i < size; i++) {
        double sum = 0;
        for (int64_t p = 0; p < l->n_parts; p++)
            sum += (double)l->part[p * size + i];
        l->sum[i] = sum;
    }
}

static void sum_sparse(const lloyd *l)
{
    const gu_kmeans  *job = l->job;
    const gu_points  *points = job->points;
    const gusto_rows *columns = points->columns;
    const int64_t     ld = job->centers.ld;
    memset(l->sum, 0, (size_t)(job->centers.k * ld) * sizeof *l->sum);
#pragma omp parallel for schedule(dynamic, 64) num_threads(gu_threads(job->context))
    for (int64_t i = 0; i < points->d; i++)
        for (int64_t e = columns->start[i]; e < columns->start[i + 1]; e++) {
            const int32_t j = columns->column[e];
            const double  scale = points->scale ? (double)points->scale[j] : 1;
            l->sum[job->label[j] * ld + i] += scale * (double)columns->value[e];
        }
}

/* The farthest point from its center, of those whose cluster has others; -1: all are where their centers are. */
static int64_t farthest(const lloyd *l)
{
    const gu_kmeans *job = l->job;
    int64_t          at = -1;
    for (int64_t j = 0; j < job->points->n; j++)
        if (job->distance[j] > 0 && l->count[job->label[j]] > 1 && (at < 0 || job->distance[j] > job->distance[at]))
            at = j;
    return at;
}

/* Every cluster without points is given the farthest point of all. Returns how many. */
static int64_t repair(const lloyd *l)
{
    gu_kmeans    *job = l->job;
    const int64_t ld = job->centers.ld;
    int64_t       n = 0;
    for (int32_t c = 0; c < job->centers.k; c++) {
        if (l->count[c] > 0)
            continue;
        if (n == 0)
            gu_kmeans_distances(job);
        const int64_t j = farthest(l);
        if (j < 0)
            break;
        gu_point_add_double(job->points, j, -1, l->sum + job->label[j] * ld);
        gu_point_add_double(job->points, j, 1, l->sum + c * ld);
        l->count[job->label[j]]--;
        l->count[c]++;
        job->label[j] = c;
        job->distance[j] = 0;
        if (l->upper)
            l->upper[j] = INFINITY;
        n++;
    }
    job->result.n_repaired += n;
    return n;
}

static void count_points(const lloyd *l)
{
    memset(l->count, 0, (size_t)l->job->centers.k * sizeof *l->count);
    for (int64_t j = 0; j < l->job->points->n; j++)
        l->count[l->job->label[j]]++;
}

/* Moves centers to the means. Returns the sum of their squared moves. */
static double move(lloyd *l)
{
    gu_kmeans    *job = l->job;
    const int64_t k = job->centers.k, ld = job->centers.ld;
    gusto_real   *C = job->centers.C;
    memcpy(l->old, C, (size_t)(k * ld) * sizeof *C);
#pragma omp parallel for schedule(static) num_threads(gu_threads(job->context))
    for (int64_t c = 0; c < k; c++)
        for (int64_t i = 0; i < job->points->d && l->count[c] > 0; i++)
            C[c * ld + i] = (gusto_real)(l->sum[c * ld + i] / (double)l->count[c]);
    gu_centers_measure(job->context, job->points, &job->centers);

    double total = 0;
    l->most[0] = l->most[1] = 0;
    l->furthest = 0;
    for (int64_t c = 0; c < k; c++) {
        double square = 0;
        for (int64_t i = 0; i < job->points->d; i++) {
            const double gap = (double)C[c * ld + i] - (double)l->old[c * ld + i];
            square += gap * gap;
        }
        total += square;
        l->shift[c] = sqrt(square) * (1 + 1e-12);
        if (l->shift[c] > l->most[0]) {
            l->most[1] = l->most[0];
            l->most[0] = l->shift[c];
            l->furthest = c;
        } else if (l->shift[c] > l->most[1]) {
            l->most[1] = l->shift[c];
        }
    }
    return total;
}

/* Mean variance of a number, from the sums of all clusters. */
static double variance(const lloyd *l)
{
    const gu_points *points = l->job->points;
    const int64_t    ld = l->job->centers.ld;
    double           squares = 0, means = 0;
    for (int64_t j = 0; j < points->n; j++)
        squares += points->square[j];
    for (int64_t i = 0; i < points->d; i++) {
        double sum = 0;
        for (int64_t c = 0; c < l->job->centers.k; c++)
            sum += l->sum[c * ld + i];
        means += sum * sum / (double)points->n;
    }
    return fmax(squares - means, 0) / (double)points->n / (double)points->d;
}

static gusto_status iterate(lloyd *l)
{
    gu_kmeans *job = l->job;
    double     enough = -1;
    for (int pass = 1; pass <= job->options->iterations; pass++) {
        const int64_t before = job->result.n_distances;
        int64_t       moved = label_all(l, true);
        count_points(l);
        if (l->part)
            sum_dense(l);
        else
            sum_sparse(l);
        if (enough < 0)
            enough = job->options->tolerance * variance(l);
        moved += repair(l);
        job->result.iterations = pass;
        if (moved == 0) {
            job->result.converged = true;
            return GUSTO_CONVERGED;
        }
        const double total = move(l);
        job->result.converged = total <= enough;
        if (pass == TRIED && l->upper && job->result.n_distances - before > job->points->n * job->centers.k / 20 * 19) {
            gu_free(&job->context->allocator, l->upper); /* nothing is skipped: the bounds cost more than they save */
            l->upper = NULL;
        }
        const bool stop = gu_kmeans_told(job, pass);
        if (stop || job->result.converged || pass == job->options->iterations) {
            label_all(l, false);
            return stop ? GUSTO_CANCELLED : job->result.converged ? GUSTO_CONVERGED : GUSTO_OK;
        }
    }
    return GUSTO_OK;
}

gusto_status gu_lloyd(gu_kmeans *job)
{
    lloyd        l;
    gusto_status status = lloyd_init(job, &l);
    if (status == GUSTO_OK)
        status = iterate(&l);
    lloyd_clear(&job->context->allocator, &l);
    return status;
}
