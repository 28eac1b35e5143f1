/* Where centers start.
 *
 * k-means++ (Arthur & Vassilvitskii 2007): a point becomes the next center with a chance in proportion to its squared distance from the
 * nearest center so far. Greedy: of 2 + log k such draws the one that leaves the least inertia is taken. The draws of a step are measured together, as
 * centers of their own. */
#include "cluster/lloyd.h"
#include "core/memory.h"
#include "core/rng.h"
#include "core/tiles.h"

#include <math.h>
#include <omp.h>

typedef struct plusplus {
    gu_kmeans  *job;
    gu_centers  drawn; /* [n_draws] */
    int64_t     n_tiles;
    double     *nearest; /* [n] squared distance to the nearest center so far */
    gusto_real *to;      /* [n x drawn.k_ld] that to a draw, or less */
    double     *left;    /* [n_tiles x drawn.k] sums of to */
    double     *weight;  /* [n_tiles] sums of nearest */
    gusto_real *room;
    int64_t     one;
} plusplus;

static double draw(const gu_kmeans *job, int64_t c, int64_t trial)
{
    uint32_t word[4];
    gu_random(job->seed, GU_STREAM_KMEANS, (uint64_t)job->turn << 32 | (uint64_t)c, (uint32_t)trial, word);
    return gu_uniform(word[0]);
}

/* A point, in proportion to its distance. */
static int64_t pick(const plusplus *p, double at)
{
    const int64_t n = p->job->points->n;
    double        total = 0;
    for (int64_t t = 0; t < p->n_tiles; t++)
        total += p->weight[t];
    if (!(total > 0)) /* all points are centers */
        return (int64_t)(at * (double)n);
    double  rest = at * total;
    int64_t t = 0;
    for (; t + 1 < p->n_tiles && rest >= p->weight[t]; t++)
        rest -= p->weight[t];
    int64_t       last = -1;
    const int64_t end = gu_tile_end(n, GU_POINT_TILE, t);
    for (int64_t j = t * GU_POINT_TILE; j < end; j++) {
        if (p->nearest[j] > 0)
            last = j;
        if (p->nearest[j] > 0 && rest < p->nearest[j])
            return j;
        rest -= p->nearest[j];
    }
    return last >= 0 ? last : end - 1;
}

static void measure_tile(const plusplus *p, int64_t t, gusto_real *room)
{
    const gu_points *points = p->job->points;
    const int64_t    k_ld = p->drawn.k_ld, begin = t * GU_POINT_TILE, end = gu_tile_end(points->n, GU_POINT_TILE, t);
    int32_t          row[GU_POINT_TILE];
    for (int64_t j = begin; j < end; j++)
        row[j - begin] = (int32_t)j;
    gu_centers_dots(gu_kernels_of(p->job->context), points, &p->drawn, end - begin, row, room);
    for (int64_t c = 0; c < p->drawn.k; c++) {
        double sum = 0;
        for (int64_t j = begin; j < end; j++) {
            const double far = points->square[j] - 2 * (double)room[(j - begin) * k_ld + c] + (double)p->drawn.square[c];
            const double to = far < 0 ? 0 : far < p->nearest[j] ? far : p->nearest[j];
            p->to[j * k_ld + c] = (gusto_real)to;
            sum += to;
        }
        p->left[t * p->drawn.k + c] = sum;
    }
}

/* Measures the draws. Returns the one that leaves the least. */
static int64_t least(const plusplus *p, int64_t n_draws)
{
#pragma omp parallel for schedule(dynamic, 4) num_threads(gu_threads(p->job->context))
    for (int64_t t = 0; t < p->n_tiles; t++)
        measure_tile(p, t, p->room + omp_get_thread_num() * p->one);
    int64_t best = 0;
    double  lowest = INFINITY;
    for (int64_t c = 0; c < n_draws; c++) {
        double sum = 0;
        for (int64_t t = 0; t < p->n_tiles; t++)
            sum += p->left[t * p->drawn.k + c];
        if (sum < lowest) {
            lowest = sum;
            best = c;
        }
    }
    return best;
}

static void take(const plusplus *p, int64_t c)
{
#pragma omp parallel for schedule(static) num_threads(gu_threads(p->job->context))
    for (int64_t t = 0; t < p->n_tiles; t++) {
        double sum = 0;
        for (int64_t j = t * GU_POINT_TILE; j < gu_tile_end(p->job->points->n, GU_POINT_TILE, t); j++) {
            p->nearest[j] = (double)p->to[j * p->drawn.k_ld + c];
            sum += p->nearest[j];
        }
        p->weight[t] = sum;
    }
}

static void spread(const plusplus *p)
{
    gu_kmeans       *job = p->job;
    const gu_points *points = job->points;
    plusplus         step = *p;
    int64_t          chosen[32];
    for (int64_t j = 0; j < points->n; j++)
        p->nearest[j] = INFINITY;
    for (int64_t c = 0; c < job->centers.k; c++) {
        const int64_t n_draws = c == 0 ? 1 : p->drawn.k;
        for (int64_t b = 0; b < p->drawn.k; b++) {
            const double at = draw(job, c, b < n_draws ? b : 0);
            chosen[b] = c == 0 ? (int64_t)(at * (double)points->n) : pick(p, at);
            gu_centers_set(points, &step.drawn, b, chosen[b]);
        }
        gu_centers_measure(job->context, points, &step.drawn);
        const int64_t best = least(&step, n_draws);
        take(&step, best);
        gu_centers_set(points, &job->centers, c, chosen[best]);
    }
}

static gusto_status plusplus_run(gu_kmeans *job)
{
    gusto_context *context = job->context;
    const int64_t  n_draws = 2 + (int64_t)log((double)job->centers.k), n = job->points->n;
    plusplus       p = {.job = job, .n_tiles = gu_n_tiles(n, GU_POINT_TILE)};
    gusto_status   status = gu_centers_init(context, job->points, n_draws, &p.drawn);
    if (status == GUSTO_OK) {
        p.one = gu_centers_room(job->points, &p.drawn);
        p.nearest = gu_new(context, n, double);
        p.to = gu_new(context, n * p.drawn.k_ld, gusto_real);
        p.left = gu_new(context, p.n_tiles * n_draws, double);
        p.weight = gu_new(context, p.n_tiles, double);
        p.room = gu_new_zero(context, gu_threads(context) * p.one, gusto_real);
        status = p.nearest && p.to && p.left && p.weight && p.room ? GUSTO_OK : GUSTO_ENOMEM;
    }
    if (status == GUSTO_OK)
        spread(&p);
    gu_centers_clear(&context->allocator, &p.drawn);
    gu_free(&context->allocator, p.nearest);
    gu_free(&context->allocator, p.to);
    gu_free(&context->allocator, p.left);
    gu_free(&context->allocator, p.weight);
    gu_free(&context->allocator, p.room);
    return status;
}

gusto_status gu_kmeans_start(gu_kmeans *job)
{
    if (job->options->start == GUSTO_KMEANS_PLUSPLUS)
        return plusplus_run(job);
    gu_permutation order;
    gu_permutation_init(&order, job->seed, GU_STREAM_KMEANS_ROWS, (uint64_t)job->turn, (uint64_t)job->points->n);
    for (int64_t c = 0; c < job->centers.k; c++)
        gu_centers_set(job->points, &job->centers, c, (int64_t)gu_permutation_at(&order, (uint64_t)c));
    return GUSTO_OK;
}
