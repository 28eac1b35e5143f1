/* Points as k-means sees them: dense or sparse rows, at their own length or at length 1. */
#ifndef GU_POINTS_H
#define GU_POINTS_H

#include "kernels/kernels.h"

#include <gusto/kmeans.h>

enum { GU_POINT_TILE = 256 };

typedef struct gu_points {
    int64_t           n, d;
    const gusto_real *X; /* [n x ld], or NULL: sparse */
    int64_t           ld;
    const gusto_rows *rows, *columns;
    gusto_real       *near;   /* [n x ld] X less origin; NULL: X is the caller's; owned */
    gusto_real       *origin; /* [d] what was taken off; NULL: nothing; owned */
    gusto_real       *scale;  /* [n] 1 / |x|, 0 for x = 0; NULL unless spherical; owned */
    double           *square; /* [n] squared length of scale x; owned */
} gu_points;

/* Dense points that lie farther from zero than from each other are copied, less about their mean: distances are the same, and |x|^2 - 2 x.c + |c|^2
 * keeps the digits that tell centers apart. Not spherical ones, for which zero is where it is.
 * Errors: GUSTO_ESHAPE, GUSTO_EARG (a number that is not finite), GUSTO_ENOMEM. */
gusto_status gu_points_init(gusto_context *context, const gusto_points *from, bool spherical, gu_points *out);
void         gu_points_clear(const gusto_allocator *allocator, gu_points *points);

/* to [d] += by x_j. */
void gu_point_add(const gu_kernels *kernels, const gu_points *points, int64_t j, gusto_real by, gusto_real *to);
void gu_point_add_double(const gu_points *points, int64_t j, double by, double *to);

/* x_j . y, y [d], in double. */
double gu_point_dot(const gu_points *points, int64_t j, const gusto_real *y);

#endif
