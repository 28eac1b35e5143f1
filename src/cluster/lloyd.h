/* Lloyd's iteration, and what the other ways to find clusters share with it. */
#ifndef GU_LLOYD_H
#define GU_LLOYD_H

#include "cluster/centers.h"

/* A job: points, options, and the centers that move. */
typedef struct gu_kmeans {
    gusto_context              *context;
    const gusto_kmeans_options *options;
    const gu_points            *points;
    gu_centers                  centers; /* of one start */
    uint64_t                    seed;
    int                         turn;     /* which start it is */
    int32_t                    *label;    /* [n] */
    double                     *distance; /* [n] */
    gusto_kmeans_result         result;
} gu_kmeans;

/* Sets the centers. Errors: GUSTO_ENOMEM. */
gusto_status gu_kmeans_start(gu_kmeans *job);

/* Moves the centers; labels and result are those of the end, but for the inertia. Returns GUSTO_OK, GUSTO_CONVERGED or GUSTO_CANCELLED.
 * Errors: GUSTO_ENOMEM. */
gusto_status gu_lloyd(gu_kmeans *job);
gusto_status gu_kmeans_batches(gu_kmeans *job);

/* Labels n <= GU_POINT_TILE points by their nearest centers; best [n x 2]: as the kernel gives it. Returns how many changed. */
int64_t gu_kmeans_nearest(const gu_kmeans *job, int64_t n, const int32_t *row, gusto_real *room, gusto_real *best);

/* Labels all points. Errors: GUSTO_ENOMEM. */
gusto_status gu_kmeans_label(gu_kmeans *job);

/* Sets the distances: squared, to the labelled centers. Returns their sum, in the order of points. */
double gu_kmeans_distances(const gu_kmeans *job);

/* Tells the caller of a pass. Returns whether he has had enough. */
bool gu_kmeans_told(const gu_kmeans *job, int pass);

#endif
