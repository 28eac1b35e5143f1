/* The parts of the model `cluster` that stand in files of their own: k-means in place of soft clusters, and how many clusters there are. */
#ifndef GU_CLUSTER_H
#define GU_CLUSTER_H

#include "models/clusters.h"

/* What k-means is asked for. */
typedef struct gu_hard_clusters {
    int64_t                 clusters; /* more than there are rows: the rest stay empty */
    int                     starts, passes;
    bool                    ratings; /* points are ratings as they are, else residuals of the biases */
    const gu_residual_rows *own, *other;
} gu_hard_clusters;

/* Gives every row of `own` to one cluster: label [own's rows]. centers [own's columns x ld], square [ld]: where a new row is compared (nearest: square
 * - 2 x . center is least), padding of centers zero; both may be NULL. Progress is the fit's.   Returns GUSTO_CANCELLED if it says so.
 * Errors: GUSTO_EARG, GUSTO_ENOMEM. */
gusto_status gu_cluster_kmeans(gusto_context *context, const gu_hard_clusters *how, const gusto_fit_options *fit, int32_t *label,
                               int64_t ld, gusto_real *centers, gusto_real *square);

/* Most clusters that gu_cluster_choose tries. */
enum { GU_MOST_CHOSEN = 64 };

/* How many clusters predict best a tenth of the ratings that is held out: *clusters, tried from 2 on, until two more have done no better.
 * Returns GUSTO_CANCELLED, with the best so far, if the fit's progress says so.   Errors: those of a fit. */
gusto_status gu_cluster_choose(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                               const gusto_fit_options *fit, int64_t *clusters);

#endif
