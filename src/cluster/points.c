/* See points.h. */
#include "cluster/points.h"

#include "core/memory.h"
#include "core/tiles.h"

#include <math.h>

enum { SAMPLE = 1024 };

static gusto_status check_sparse(gusto_context *context, const gusto_points *from)
{
    const gusto_rows *rows = from->by_point, *columns = from->by_column;
    if (!rows)
        return gu_error(context, GUSTO_EARG, "gusto_points has neither dense nor by_point");
    if (rows->n_rows != from->n || rows->n_columns != from->d)
        return gu_error(context, GUSTO_ESHAPE, "by_point is %d x %d, expected %lld x %lld", rows->n_rows, rows->n_columns,
                        (long long)from->n, (long long)from->d);
    if (columns && (columns->n_rows != from->d || columns->n_columns != from->n || columns->nnz != rows->nnz))
        return gu_error(context, GUSTO_ESHAPE, "by_column is %d x %d with %lld numbers, expected %lld x %lld with %lld",
                        columns->n_rows, columns->n_columns, (long long)columns->nnz, (long long)from->d, (long long)from->n,
                        (long long)rows->nnz);
    return GUSTO_OK;
}

static gusto_status check(gusto_context *context, const gusto_points *from)
{
    if (from->size != sizeof *from)
        return gu_error(context, GUSTO_EARG, "gusto_points.size is %zu, expected %zu", from->size, sizeof *from);
    if (from->n < 1 || from->n > INT32_MAX || from->d < 1 || from->d > INT32_MAX)
        return gu_error(context, GUSTO_ESHAPE, "%lld points of %lld numbers, expected at least one of each, and below 2^31",
                        (long long)from->n, (long long)from->d);
    if (from->dense && (from->ld < from->d || from->ld > INT32_MAX))
        return gu_error(context, GUSTO_ESHAPE, "ld is %lld, expected at least %lld and below 2^31", (long long)from->ld,
                        (long long)from->d);
    return from->dense ? GUSTO_OK : check_sparse(context, from);
}

static const gusto_real *numbers_of(const gu_points *points, int64_t j, int64_t *n)
{
    if (points->X) {
        *n = points->d;
        return points->X + j * points->ld;
    }
    *n = points->rows->start[j + 1] - points->rows->start[j];
    return points->rows->value + points->rows->start[j];
}

/* Squared lengths, and what makes them 1. Returns the first point that is not finite, or -1. */
static int64_t measure(const gusto_context *context, gu_points *points)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    int64_t           bad = points->n;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context)) reduction(min : bad)
    for (int64_t j = 0; j < points->n; j++) {
        int64_t           n;
        const gusto_real *x = numbers_of(points, j, &n);
        const double      square = kernels->sum_squares(n, x);
        if (n > 0 && !isfinite(square) && kernels->not_finite(n, x) >= 0 && j < bad)
            bad = j;
        points->square[j] = square;
        if (points->scale) {
            points->scale[j] = square > 0 ? (gusto_real)(1 / sqrt(square)) : 0;
            points->square[j] = square > 0;
        }
    }
    return bad < points->n ? bad : -1;
}

/* The mean of some of the points, and how far they lie from it: enough to say where zero would better be. Returns whether they lie farther from zero. */
static bool find_origin(const gu_points *points, double *sum, gusto_real *origin)
{
    const int64_t d = points->d, n = points->n < SAMPLE ? points->n : SAMPLE;
    double        away = 0, spread = 0;
    for (int64_t i = 0; i < d; i++)
        sum[i] = 0;
    for (int64_t s = 0; s < n; s++)
        for (int64_t i = 0; i < d; i++)
            sum[i] += (double)points->X[s * points->n / n * points->ld + i];
    for (int64_t i = 0; i < d; i++) {
        origin[i] = (gusto_real)(sum[i] / (double)n);
        away += (double)origin[i] * (double)origin[i];
    }
    for (int64_t s = 0; s < n; s++)
        for (int64_t i = 0; i < d; i++) {
            const double gap = (double)points->X[s * points->n / n * points->ld + i] - (double)origin[i];
            spread += gap * gap;
        }
    return isfinite(away) && away > spread / (double)n;
}

/* Copies the points, less the origin, if that is any good. */
static gusto_status bring_near(gusto_context *context, gu_points *points)
{
    const int64_t d = points->d, ld = gu_padded(d);
    double       *sum = gu_new(context, d, double);
    points->origin = gu_new(context, d, gusto_real);
    const bool   whole = sum && points->origin, far = whole && find_origin(points, sum, points->origin);
    gusto_status status = whole ? GUSTO_OK : GUSTO_ENOMEM;
    gu_free(&context->allocator, sum);
    if (far && !(points->near = gu_new_zero(context, points->n * ld, gusto_real)))
        status = GUSTO_ENOMEM;
    if (!points->near) {
        gu_free(&context->allocator, points->origin);
        points->origin = NULL;
        return status;
    }
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t j = 0; j < points->n; j++)
        for (int64_t i = 0; i < d; i++)
            points->near[j * ld + i] = points->X[j * points->ld + i] - points->origin[i];
    points->X = points->near;
    points->ld = ld;
    return GUSTO_OK;
}

gusto_status gu_points_init(gusto_context *context, const gusto_points *from, bool spherical, gu_points *out)
{
    *out = (gu_points){0};
    const gusto_status status = check(context, from);
    if (status < 0)
        return status;
    *out = (gu_points){
        .n = from->n, .d = from->d, .X = from->dense, .ld = from->ld, .rows = from->by_point, .columns = from->by_column};
    out->square = gu_new(context, out->n, double);
    if (spherical)
        out->scale = gu_new(context, out->n, gusto_real);
    if (!out->square || (spherical && !out->scale)) {
        gu_points_clear(&context->allocator, out);
        return GUSTO_ENOMEM;
    }
    const int64_t bad = measure(context, out);
    if (bad < 0) {
        gusto_status near = out->X && !spherical ? bring_near(context, out) : GUSTO_OK;
        if (out->near)
            measure(context, out);
        if (near < 0)
            gu_points_clear(&context->allocator, out);
        return near;
    }
    int64_t           n;
    const gusto_real *x = numbers_of(out, bad, &n);
    const int64_t     place = gu_kernels_of(context)->not_finite(n, x);
    const int64_t     column = out->X ? place : out->rows->column[out->rows->start[bad] + place];
    gu_points_clear(&context->allocator, out);
    return gu_error(context, GUSTO_EARG, "point %lld, column %lld: not a finite number", (long long)bad, (long long)column);
}

void gu_points_clear(const gusto_allocator *allocator, gu_points *points)
{
    gu_free(allocator, points->near);
    gu_free(allocator, points->origin);
    gu_free(allocator, points->scale);
    gu_free(allocator, points->square);
    *points = (gu_points){0};
}

void gu_point_add(const gu_kernels *kernels, const gu_points *points, int64_t j, gusto_real by, gusto_real *to)
{
    int64_t           n;
    const gusto_real *x = numbers_of(points, j, &n), a = points->scale ? by * points->scale[j] : by;
    if (points->X) {
        kernels->axpy(n, a, x, to);
        return;
    }
    const int32_t *column = points->rows->column + points->rows->start[j];
    for (int64_t e = 0; e < n; e++)
        to[column[e]] += a * x[e];
}

void gu_point_add_double(const gu_points *points, int64_t j, double by, double *to)
{
    int64_t           n;
    const gusto_real *x = numbers_of(points, j, &n);
    const int32_t    *column = points->X ? NULL : points->rows->column + points->rows->start[j];
    const double      a = points->scale ? by * (double)points->scale[j] : by;
    for (int64_t e = 0; e < n; e++)
        to[column ? column[e] : e] += a * (double)x[e];
}

double gu_point_dot(const gu_points *points, int64_t j, const gusto_real *y)
{
    int64_t           n;
    const gusto_real *x = numbers_of(points, j, &n);
    const int32_t    *column = points->X ? NULL : points->rows->column + points->rows->start[j];
    double            sum = 0;
    for (int64_t e = 0; e < n; e++)
        sum += (double)x[e] * (double)y[column ? column[e] : e];
    return points->scale ? sum * (double)points->scale[j] : sum;
}
