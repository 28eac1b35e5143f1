/* k-means: points grouped around centers, each point with the nearest one.
 *
 *   minimizes  inertia = sum_j |x_j - c_label(j)|^2;   spherical: of x / |x|, with centers of length 1: nearest is by cosine
 *
 * Points are rows of a dense matrix (factors, features) or of a sparse one, whose missing numbers are 0; a dense copy of it is
 * never made. Nearness is compared in gusto_real by x.c - |c|^2 / 2. Dense points that lie farther from zero than from each other
 * are copied, less about their mean, so that this keeps the digits that tell centers apart; sparse ones are not. The same points,
 * options and seed give the same bytes at any number of threads. docs/kmeans.md has the algorithms and what was measured. */
#ifndef GUSTO_KMEANS_H
#define GUSTO_KMEANS_H

#include "context.h"
#include "ratings.h"
#include "train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Points, borrowed during a call. */
typedef struct gusto_points {
    size_t            size;  /* sizeof(gusto_points) */
    int64_t           n, d;  /* points, and numbers of each; at most 2^31 - 1 */
    const gusto_real *dense; /* [n x ld], finite; NULL: sparse */
    int64_t           ld;

    /* The same numbers by point and by column, as gusto_ratings_by_user and gusto_ratings_by_item give them (for clusters of
     * items: the other way round). by_column may be NULL where only a silhouette is asked for. Weights and times play no part. */
    const gusto_rows *by_point, *by_column;
} gusto_points;

typedef enum gusto_kmeans_start {
    GUSTO_KMEANS_PLUSPLUS, /* greedy k-means++ (Arthur & Vassilvitskii 2007), the best of 2 + log k draws a center */
    GUSTO_KMEANS_RANDOM,   /* distinct points, drawn uniformly */
    GUSTO_KMEANS_GIVEN     /* the centers that the caller's array holds */
} gusto_kmeans_start;

typedef struct gusto_kmeans_options {
    size_t             size;       /* sizeof(gusto_kmeans_options) */
    int32_t            n_clusters; /* 1 to n, and at most 2^24 */
    gusto_kmeans_start start;
    int                n_starts;   /* at least 1: the one of least inertia is kept; a given start is only one */
    int                iterations; /* at most; passes over the points */
    double             tolerance;  /* ends when the squared moves of the centers sum to at most tolerance x the mean variance of a
                                    * number (minibatches: x the mean square, of a copy less the mean if there is one);
                                    * 0: when nothing moves */
    bool               spherical;
    int64_t            batch;      /* points of a minibatch (Sculley 2010); 0: all (Lloyd 1982) */
    bool               no_pruning; /* measure every distance: the same result, and slower where clusters are apart */
    gusto_progress_fn  progress;   /* after each pass; true ends: GUSTO_CANCELLED, with the centers as they are. NULL: nobody */
    void              *user;
} gusto_kmeans_options;

/* 8 clusters, k-means++, one start, at most 100 passes, tolerance 1e-4, all points. */
GUSTO_API gusto_kmeans_options gusto_kmeans_options_default(void);

typedef struct gusto_kmeans_result {
    size_t  size; /* sizeof(gusto_kmeans_result) */
    double  inertia;
    int     iterations; /* of the start that was kept */
    bool    converged;
    int64_t n_repaired;  /* clusters that had lost all points and were given the farthest one */
    int64_t n_distances; /* between points and centers that were measured in those iterations */
} gusto_kmeans_result;

/* Finds clusters, by the context's seed and threads.
 * centers [n_clusters x d], label [n]: caller's, written; label may be NULL. result may be NULL. After an error in the first
 * start all three are as they were; after one in a later start they hold the best so far.
 * Cost: a pass takes 2 n d k operations (sparse: 2 nnz k), less what pruning saves (Hamerly 2010).
 * Memory: 36 bytes a point (k-means++: 28, and 4 for each of its draws, rounded up to 16 draws), 32 MB of partial sums or one
 * copy of the centers, and five copies of them; and the copy of points that lie far from zero. Large centers share few parts:
 * 2^23 / (k d) of them is the most that dense points are spread over.
 * Returns GUSTO_OK (all passes), GUSTO_CONVERGED or GUSTO_CANCELLED.
 * Errors: GUSTO_ESHAPE, GUSTO_EARG (naming the option, or the number that is not finite), GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_kmeans(gusto_context *context, const gusto_points *points, const gusto_kmeans_options *options,
                                    gusto_real *centers, int32_t *label, gusto_kmeans_result *result);

/* Mean silhouette (Rousseeuw 1987) of at most `sample` points, drawn by the context's seed, among themselves:
 * (b - a) / max(a, b), where a is a point's mean distance to its own cluster and b that to the nearest other; 0 for a point alone
 * in its cluster. -1 to 1, higher is better.
 * label [n]: clusters from 0. spherical: distances between x / |x|.   Cost: sample^2 d (sparse: sample nnz of the sample).
 * Errors: GUSTO_EARG (sample below 2, fewer than two clusters in it), GUSTO_ESHAPE, GUSTO_ENOMEM. */
GUSTO_API gusto_status gusto_silhouette(gusto_context *context, const gusto_points *points, const int32_t *label, bool spherical,
                                        int64_t sample, double *out);

/* Clusters for several numbers of clusters: inertia and silhouette [n_counts] of each (either may be NULL), and the index of the
 * highest silhouette, the smaller number in a tie. count [n_counts]: at least 2 each. Errors: as above. */
GUSTO_API gusto_status gusto_kmeans_sweep(gusto_context *context, const gusto_points *points, const gusto_kmeans_options *options,
                                          int n_counts, const int32_t *count, int64_t sample, double *inertia, double *silhouette,
                                          int *best);

#ifdef __cplusplus
}
#endif
#endif
