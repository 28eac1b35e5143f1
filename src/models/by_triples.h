/* What factorizations that are trained on triples (train/triples.h) have in common. */
#ifndef GU_BY_TRIPLES_H
#define GU_BY_TRIPLES_H

#include "models/model_type.h"
#include "train/triples.h"

/* Fits P, Q and, with biases, bi; factors start with the deviation init / sqrt(k). Validates on NDCG@10 (held_out_ndcg.h).
 * Returns and errors: gu_model_type.fit. */
gusto_status gu_by_triples_fit(gusto_context *context, const gusto_model *model, const gu_triples_settings *set, double init,
                               bool biases, const gusto_ratings *ratings, const gusto_fit_options *fit, gu_state *state);

/* The row of a new user with the items held fixed (by_triples_fold_in.c): minimizes over p
 *   sum over his n items i of the mean over all other items j of  log(1 + exp(-(x_i - x_j)))  +  n l2 / 2 |p|^2,   x = bi + p . Q,
 * what BPR with uniform sampling expects of him. row [k + 1]: p, and 0. A user who has had nothing, or everything, gets zeros.
 * Cost: n x n_items x k multiply-adds of GEMM, and n x n_items exponentials, for each of some ten Newton steps.
 * Errors: GUSTO_ENOMEM, GUSTO_ESINGULAR. */
gusto_status gu_by_triples_fold_in(gusto_context *context, const gusto_model *model, double l2, int64_t n, const int32_t *item,
                                   gusto_real *row);

#endif
