/* The silhouette (Rousseeuw 1987), of a sample. A point of the sample is laid out densely, one a thread, and compared with all others. */
#include "cluster/points.h"
#include "core/memory.h"
#include "core/rng.h"

#include <math.h>
#include <omp.h>
#include <string.h>

typedef struct sampled {
    const gu_points *points;
    const int32_t   *label;
    int64_t          n, k;
    int32_t         *row;   /* [n] */
    int64_t         *count; /* [k] */
    double          *out;   /* [n] */
} sampled;

/* sum [k]: room. x [d]: the point, dense. */
static double silhouette_of(const sampled *s, int64_t a, const gusto_real *x, double *sum)
{
    const gu_points *points = s->points;
    const int32_t    own = s->label[s->row[a]];
    if (s->count[own] < 2)
        return 0;
    memset(sum, 0, (size_t)s->k * sizeof *sum);
    for (int64_t b = 0; b < s->n; b++) {
        const int32_t j = s->row[b];
        const double  square = points->square[s->row[a]] - 2 * gu_point_dot(points, j, x) + points->square[j];
        if (b != a)
            sum[s->label[j]] += sqrt(square > 0 ? square : 0);
    }
    const double within = sum[own] / (double)(s->count[own] - 1);
    double       next = INFINITY;
    for (int64_t c = 0; c < s->k; c++)
        if (c != own && s->count[c] > 0)
            next = fmin(next, sum[c] / (double)s->count[c]);
    const double most = fmax(within, next);
    return most > 0 ? (next - within) / most : 0;
}

static gusto_status measure(gusto_context *context, const sampled *s, double *out)
{
    const int     threads = gu_threads(context);
    const int64_t d = s->points->d;
    gusto_real   *x = gu_new(context, threads * d, gusto_real);
    double       *sum = x ? gu_new(context, threads * s->k, double) : NULL;
    if (sum) {
#pragma omp parallel for schedule(dynamic, 8) num_threads(threads)
        for (int64_t a = 0; a < s->n; a++) {
            const int   own = omp_get_thread_num();
            gusto_real *one = x + own * d;
            memset(one, 0, (size_t)d * sizeof *one);
            gu_point_add(gu_kernels_of(context), s->points, s->row[a], 1, one);
            s->out[a] = silhouette_of(s, a, one, sum + own * s->k);
        }
        double total = 0;
        for (int64_t a = 0; a < s->n; a++)
            total += s->out[a];
        *out = total / (double)s->n;
    }
    gu_free(&context->allocator, x);
    gu_free(&context->allocator, sum);
    return sum ? GUSTO_OK : GUSTO_ENOMEM;
}

static gusto_status count_clusters(gusto_context *context, const sampled *s)
{
    int64_t used = 0;
    for (int64_t a = 0; a < s->n; a++)
        used += s->count[s->label[s->row[a]]]++ == 0;
    return used >= 2 ? GUSTO_OK : gu_error(context, GUSTO_EARG, "the sample of %lld points is of one cluster", (long long)s->n);
}

gusto_status gusto_silhouette(gusto_context *context, const gusto_points *points, const int32_t *label, bool spherical,
                              int64_t sample, double *out)
{
    if (sample < 2)
        return gu_error(context, GUSTO_EARG, "sample is %lld, expected at least 2", (long long)sample);
    gu_points    all;
    gusto_status status = gu_points_init(context, points, spherical, &all);
    if (status < 0)
        return status;
    sampled s = {.points = &all, .label = label, .n = sample < all.n ? sample : all.n};
    for (int64_t j = 0; j < all.n && status == GUSTO_OK; j++) {
        if (label[j] < 0)
            status = gu_error(context, GUSTO_EARG, "label[%lld] is %d, expected at least 0", (long long)j, label[j]);
        s.k = label[j] >= s.k ? label[j] + INT64_C(1) : s.k;
    }
    if (status == GUSTO_OK) {
        s.row = gu_new(context, s.n, int32_t);
        s.count = gu_new_zero(context, s.k, int64_t);
        s.out = gu_new(context, s.n, double);
        status = s.row && s.count && s.out ? GUSTO_OK : GUSTO_ENOMEM;
    }
    if (status == GUSTO_OK) {
        gu_permutation order;
        gu_permutation_init(&order, context->seed, GU_STREAM_SILHOUETTE, 0, (uint64_t)all.n);
        for (int64_t a = 0; a < s.n; a++)
            s.row[a] = (int32_t)gu_permutation_at(&order, (uint64_t)a);
        status = count_clusters(context, &s);
    }
    if (status == GUSTO_OK)
        status = measure(context, &s, out);
    gu_free(&context->allocator, s.row);
    gu_free(&context->allocator, s.count);
    gu_free(&context->allocator, s.out);
    gu_points_clear(&context->allocator, &all);
    return status;
}
