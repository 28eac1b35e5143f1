/* Centers, and how far points are from them: by GEMM where points are dense, by a sparse-dense product where they are sparse. */
#ifndef GU_CENTERS_H
#define GU_CENTERS_H

#include "cluster/points.h"

typedef struct gu_centers {
    int64_t     k, ld, k_ld;
    gusto_real *C;      /* [k x ld], padding zero */
    gusto_real *T;      /* [d x k_ld] the other way round, for sparse points; else NULL */
    gusto_real *square; /* [k_ld] squared lengths, infinite in the padding */
    double      longest;
} gu_centers;

gusto_status gu_centers_init(gusto_context *context, const gu_points *points, int64_t k, gu_centers *out);
void         gu_centers_clear(const gusto_allocator *allocator, gu_centers *centers);

/* Once C is set: makes lengths 1 where points are spherical, then T and the squares. */
void gu_centers_measure(const gusto_context *context, const gu_points *points, gu_centers *centers);

/* A center becomes a point. */
void gu_centers_set(const gu_points *points, gu_centers *centers, int64_t c, int64_t j);

/* What one thread needs to measure a tile: [GU_POINT_TILE x k_ld] for the products, zero, and then what points are gathered in. */
int64_t gu_centers_room(const gu_points *points, const gu_centers *centers);

/* dot [n x k_ld]: products of n <= GU_POINT_TILE points with the centers; the points row[0], row[1], ..., ascending or not. room: as above, dot is its
 * beginning. */
void gu_centers_dots(const gu_kernels *kernels, const gu_points *points, const gu_centers *centers, int64_t n, const int32_t *row,
                     gusto_real *room);

/* Exact squared distance of a point to a center, in double. */
double gu_centers_distance(const gu_points *points, const gu_centers *centers, int64_t j, int64_t c);

#endif
