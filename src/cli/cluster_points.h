/* What gusto cluster groups: the rows of ratings, of features, or of a model's tensor. */
#ifndef CLI_CLUSTER_POINTS_H
#define CLI_CLUSTER_POINTS_H

#include "cli/common.h"

typedef struct cluster_points {
    const char *of, *columns; /* as given: --of, --feature-columns */
    int         features;     /* --features */

    gusto_points points;
    gusto_ids   *ids; /* of the rows; borrowed from what is below, as the points are */

    gusto_model    *model;
    gusto_ratings  *ratings; /* or features as if they were */
    gusto_features *known;
    gusto_rows      by_point, by_column;
} cluster_points;

/* Reads the file that the session names and finds its rows. Returns DONE, or the code after a message. */
exit_code cluster_points_take(session *s, cluster_points *c);
void      cluster_points_clear(cluster_points *c);

#endif
