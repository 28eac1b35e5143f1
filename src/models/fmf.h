/* What the rows of a feature-augmented factorization (fmf.c) are made of. */
#ifndef GU_FMF_H
#define GU_FMF_H

#include "models/model_type.h"
#include "train/composite.h"

/* The parts of the rows of a side: its features, then its clusters. side: 0 users, 1 items. features: of that side, or NULL. clusters: how
 * many, 0: none. The caller clears *out (gu_part_rows_clear), also on error.   Errors: GUSTO_ENOMEM, those of fitting `cluster`. */
gusto_status gu_fmf_parts(gusto_context *context, const gusto_ratings *ratings, int side, const gusto_features *features,
                          int64_t clusters, gu_part_rows *out);

#endif
