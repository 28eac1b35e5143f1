/* Centers, and how far points are from them. */
#ifndef GU_CENTERS_H
#define GU_CENTERS_H

#include "cluster/points.h"

typedef struct gu_centers {
    int64_t     k, ld, k_ld;
    gusto_real *C;      /* [k x ld], padding zero */
    gusto_real *T;      /* [d x k_ld] the other way round, for sparse points; else NULL */
    gusto_real *square; /* [k_ld] squared lengths, infinite in the padding */
    gusto_real *group;  /* [groups of GU_GROUP x d x GU_GROUP] side by side, for dense points; else NULL */
    gusto_real *base;   /* [groups x GU_GROUP] -1/2 squared lengths */
    double      longest;
} gu_centers;

gusto_status gu_centers_init(gusto_context *context, const gu_points *points, int64_t k, gu_centers *out);
void         gu_centers_clear(const gusto_allocator *allocator, gu_centers *centers);

/* Once C is set: makes lengths 1 where points are spherical, then T and the squares. */
void gu_centers_measure(const gusto_context *context, const gu_points *points, gu_centers *centers);

/* A center becomes a point. */
void gu_centers_set(const gu_points *points, gu_centers *centers, int64_t c, int64_t j);

/* What one thread needs to measure a tile, zero at first: [GU_POINT_TILE x k_ld], and then what points are gathered in. */
int64_t gu_centers_room(const gu_points *points, const gu_centers *centers);

/* room [n x k_ld] = products of n <= GU_POINT_TILE points with the centers; the points row[0], row[1], ..., which are neighbours if they are
 * dense. room: as above. */
void gu_centers_dots(const gu_kernels *kernels, const gu_points *points, const gu_centers *centers, int64_t n, const int32_t *row,
                     gusto_real *room);

/* The nearest center of each of n <= GU_POINT_TILE points, the lower of two as near, and, for the nearest and the next, best [n x 2] =
 * 2 x.c - |c|^2.   room: as above. */
void gu_centers_nearest(const gu_kernels *kernels, const gu_points *points, const gu_centers *centers, int64_t n,
                        const int32_t *row, gusto_real *room, int32_t *nearest, gusto_real *best);

/* Exact squared distance of a point to a center, in double. */
double gu_centers_distance(const gu_points *points, const gu_centers *centers, int64_t j, int64_t c);

#endif
