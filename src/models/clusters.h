/* What the clustering recommenders share: residuals of the biases by user and by item, and soft assignment of rows to clusters for several
 * starts at once. A row of assignments holds the clusters of the first start, then those of the second, ..., padded to ld. */
#ifndef GU_CLUSTERS_H
#define GU_CLUSTERS_H

#include "models/model_type.h"

/* The ratings from one side, less mu and the biases. */
typedef struct gu_residual_rows {
    gusto_rows  rows;
    gusto_real *weight;   /* [nnz] 1 where the ratings have none; owned */
    gusto_real *residual; /* [nnz] weight times residual; owned */
    double     *square;   /* [n_rows] sum of weight times squared residual; owned */
} gu_residual_rows;

typedef struct gu_residuals {
    gu_residual_rows side[2]; /* by user, by item */
} gu_residuals;

/* Fits biases (10 alternations) into the state's mu, bu and bi, which are there, and takes them off.   Errors: GUSTO_ENOMEM. */
gusto_status gu_residuals_init(gusto_context *context, const gusto_ratings *ratings, double l2_user, double l2_item,
                               gu_state *state, gu_residuals *out);
void         gu_residuals_clear(const gusto_allocator *allocator, gu_residuals *residuals);

/* How rows are assigned: `starts` times `clusters`, with weights that sum to `total` for each start. */
typedef struct gu_assignment {
    int64_t clusters, starts, ld;
    double  temperature; /* weights are in proportion to exp(-distance / temperature); 0: the nearest takes all */
    double  total;
} gu_assignment;

/* A random cluster of each start for every row: Z [n x ld].   which: a number that keeps two draws apart. */
void gu_assign_randomly(const gusto_context *context, const gu_assignment *how, uint64_t seed, uint32_t which, int64_t n,
                        gusto_real *Z);

/* Distances of one row become its assignment, in place; ties go to the lower cluster.   Returns the distance that the weights expect, summed
 * over the starts. */
double gu_assign_row(const gu_assignment *how, gusto_real *row);

/* For every row r: a_r = sum_e residual_e X_column, b_r = sum_e weight_e Y_column; all have rows of ld. Each row is one task. */
void gu_gather_rows(const gusto_context *context, const gu_residual_rows *from, int64_t ld, const gusto_real *X,
                    const gusto_real *Y, gusto_real *a, gusto_real *b);

/* A folded-in user as residual rows of one row: bias first, by closed form.   room [2 n] and start are the caller's, and filled. */
gu_residual_rows gu_residual_row_of(const gusto_context *context, const gu_state *state, double l2_user, int64_t n,
                                    const int32_t *item, const gusto_real *value, const gusto_real *weight, int64_t start[2],
                                    gusto_real *room, gusto_real *bias);

#endif
