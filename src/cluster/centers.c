/* See centers.h.
 *
 * The nearest center of dense points is found in registers: points are laid into panels (kernels.h), a lane each, centers stand side by side
 * in groups, and each lane keeps its two highest x.c - |c|^2 / 2. Products are never written.  Sparse points have their products with all centers made by a sparse-dense product, a row each. */
#include "cluster/centers.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "kernels/blas.h"

#include <math.h>
#include <string.h>

gusto_status gu_centers_init(gusto_context *context, const gu_points *points, int64_t k, gu_centers *out)
{
    *out = (gu_centers){.k = k, .ld = gu_padded(points->d), .k_ld = gu_padded(k)};
    out->C = gu_new_zero(context, k * out->ld, gusto_real);
    out->square = gu_new(context, out->k_ld, gusto_real);
    const int64_t grouped = gu_n_tiles(k, GU_GROUP) * GU_GROUP;
    if (points->X) {
        out->group = gu_new_zero(context, grouped * points->d, gusto_real);
        out->base = gu_new_zero(context, grouped, gusto_real);
    } else {
        out->T = gu_new_zero(context, points->d * out->k_ld, gusto_real);
    }
    if (out->C && out->square && (points->X ? out->group && out->base : out->T != NULL))
        return GUSTO_OK;
    gu_centers_clear(&context->allocator, out);
    return GUSTO_ENOMEM;
}

void gu_centers_clear(const gusto_allocator *allocator, gu_centers *centers)
{
    gu_free(allocator, centers->C);
    gu_free(allocator, centers->T);
    gu_free(allocator, centers->group);
    gu_free(allocator, centers->base);
    gu_free(allocator, centers->square);
    *centers = (gu_centers){0};
}

void gu_centers_measure(const gusto_context *context, const gu_points *points, gu_centers *centers)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    const int64_t     k = centers->k, ld = centers->ld, k_ld = centers->k_ld;
    double            longest = 0;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context)) reduction(max : longest)
    for (int64_t c = 0; c < k; c++) {
        gusto_real *x = centers->C + c * ld;
        double      square = kernels->sum_squares(ld, x);
        if (points->scale && square > 0) {
            kernels->scale(ld, (gusto_real)(1 / sqrt(square)), x);
            square = kernels->sum_squares(ld, x);
        }
        centers->square[c] = (gusto_real)square;
        longest = fmax(longest, square);
    }
    for (int64_t c = k; c < k_ld; c++)
        centers->square[c] = (gusto_real)INFINITY;
    centers->longest = sqrt(longest);
    for (int64_t c = 0; c < k && points->X; c++) {
        gusto_real *to = centers->group + c / GU_GROUP * GU_GROUP * points->d + c % GU_GROUP;
        for (int64_t i = 0; i < points->d; i++)
            to[i * GU_GROUP] = centers->C[c * ld + i];
        centers->base[c] = -centers->square[c] / 2;
    }
    if (!centers->T)
        return;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t i = 0; i < points->d; i++)
        for (int64_t c = 0; c < k; c++)
            centers->T[i * k_ld + c] = centers->C[c * ld + i];
}

void gu_centers_set(const gu_points *points, gu_centers *centers, int64_t c, int64_t j)
{
    gusto_real *to = centers->C + c * centers->ld;
    memset(to, 0, (size_t)centers->ld * sizeof *to);
    if (points->X) {
        memcpy(to, points->X + j * points->ld, (size_t)points->d * sizeof *to);
        return;
    }
    for (int64_t e = points->rows->start[j]; e < points->rows->start[j + 1]; e++)
        to[points->rows->column[e]] = points->rows->value[e];
}

int64_t gu_centers_room(const gu_points *points, const gu_centers *centers)
{
    return GU_POINT_TILE * (centers->k_ld + (points->X ? points->d : 0));
}

void gu_centers_dots(const gu_kernels *kernels, const gu_points *points, const gu_centers *centers, int64_t n, const int32_t *row,
                     gusto_real *room)
{
    const int64_t k_ld = centers->k_ld;
    if (points->X) {
        gu_gemm(false, true, n, centers->k, points->d, 1, points->X + (n > 0 ? row[0] * points->ld : 0), points->ld, centers->C,
                centers->ld, 0, room, k_ld);
    } else {
        const gusto_rows *rows = points->rows;
        for (int64_t j = 0; j < n; j++)
            kernels->spmm_row(rows->start[row[j]], rows->start[row[j] + 1], rows->nnz, rows->column, NULL, rows->value, k_ld,
                              centers->T, 0, centers->T, room + j * k_ld);
    }
    for (int64_t j = 0; j < n && points->scale; j++)
        kernels->scale(k_ld, points->scale[row[j]], room + j * k_ld);
}

static void nearest_dense(const gu_kernels *kernels, const gu_points *points, const gu_centers *centers, int64_t n,
                          const int32_t *row, gusto_real *room, int32_t *nearest, gusto_real *best)
{
    const int64_t d = points->d;
    gusto_real   *zero = room, *high = room + GU_POINT_TILE, *next = room + 2 * GU_POINT_TILE, *which = room + 3 * GU_POINT_TILE;
    gusto_real   *panel = room + GU_POINT_TILE * centers->k_ld, scale[GU_LANES];
    const gu_panels panels = {.n_panels = 2 * gu_n_tiles(n, 2 * GU_LANES), .k = d, .q = panel, .bias = zero};
    for (int64_t j = 0; j < panels.n_panels; j++) {
        const int64_t left = n - j * GU_LANES, m = left < 0 ? 0 : left < GU_LANES ? left : GU_LANES;
        for (int64_t l = 0; l < GU_LANES && points->scale; l++)
            scale[l] = l < m ? points->scale[row[j * GU_LANES + l]] : 0;
        kernels->panel_pack(m, d, points->X, points->ld, row + (m > 0 ? j * GU_LANES : 0), points->scale ? scale : NULL,
                            panel + j * d * GU_LANES);
    }
    for (int64_t j = 0; j < panels.n_panels * GU_LANES; j++) {
        zero[j] = which[j] = 0;
        high[j] = next[j] = -(gusto_real)INFINITY;
    }
    for (int64_t j = 0; j < panels.n_panels; j += 2)
        for (int64_t c = 0; c < centers->k; c += GU_GROUP) {
            const gu_group group = {.n = (int)(centers->k - c < GU_GROUP ? centers->k - c : GU_GROUP),
                                    .p = centers->group + c * d,
                                    .base = centers->base + c};
            kernels->panels_nearest(&panels, j, j + 2, &group, (gusto_real)c, high, next, which);
        }
    for (int64_t j = 0; j < n; j++) {
        nearest[j] = (int32_t)which[j];
        best[2 * j] = 2 * high[j];
        best[2 * j + 1] = 2 * next[j];
    }
}

void gu_centers_nearest(const gu_kernels *kernels, const gu_points *points, const gu_centers *centers, int64_t n,
                        const int32_t *row, gusto_real *room, int32_t *nearest, gusto_real *best)
{
    if (points->X) {
        nearest_dense(kernels, points, centers, n, row, room, nearest, best);
        return;
    }
    gu_centers_dots(kernels, points, centers, n, row, room);
    for (int64_t j = 0; j < n; j++)
        nearest[j] = (int32_t)kernels->nearest(centers->k_ld, room + j * centers->k_ld, centers->square, best + 2 * j);
}

double gu_centers_distance(const gu_points *points, const gu_centers *centers, int64_t j, int64_t c)
{
    const gusto_real *y = centers->C + c * centers->ld;
    if (points->X) {
        const gusto_real *x = points->X + j * points->ld;
        const double      scale = points->scale ? (double)points->scale[j] : 1;
        double            sum = 0;
        for (int64_t i = 0; i < points->d; i++) {
            const double gap = scale * (double)x[i] - (double)y[i];
            sum += gap * gap;
        }
        return sum;
    }
    const double distance = points->square[j] - 2 * gu_point_dot(points, j, y) + (double)centers->square[c];
    return distance > 0 ? distance : 0;
}
