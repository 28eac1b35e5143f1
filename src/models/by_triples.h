/* What factorizations that are trained on triples (train/triples.h) have in common. */
#ifndef GU_BY_TRIPLES_H
#define GU_BY_TRIPLES_H

#include "models/model_type.h"
#include "train/triples.h"

/* Their settings by the options that all have: rank, l2_user, l2_item, l2_bias. One candidate, drawn uniformly. */
gu_triples_settings gu_by_triples_settings(const gusto_model *model);

/* Fits P, Q and, with option biases, bi; factors start with the deviation of option init / sqrt(k). Validates on NDCG@10 (held_out_ndcg.h).
 * Returns and errors: gu_model_type.fit. */
gusto_status gu_by_triples_fit(gusto_context *context, const gusto_model *model, const gu_triples_settings *set,
                               const gusto_ratings *ratings, const gusto_fit_options *fit, gu_state *state);

/* For gu_model_type: attach, and memory by the settings. */
gusto_status gu_by_triples_attach(gusto_context *context, const gusto_model *model, const gu_state *state);
int64_t      gu_by_triples_memory(const gu_triples_settings *set, int64_t n_users, int64_t n_items, int64_t nnz);

/* What of training's options has no effect with them: rows of a table of conditions. */
#define GU_TRIPLES_CONDITIONS                                                                                  \
    {"batch_size", NULL, NULL}, {"optimizer", NULL, NULL}, {"schedule", NULL, NULL}, {"entries.", NULL, NULL}, \
        {"blocks.", NULL, NULL}, {"gradient", NULL, NULL}, {"way", NULL, NULL}, {"crossover", NULL, NULL},     \
    {                                                                                                          \
        "clip", NULL, NULL                                                                                     \
    }

/* The row of a new user with the items held fixed (by_triples_fold_in.c): minimizes over p
 *   sum over his n items i of the mean over all other items j of  log(1 + exp(-(x_i - x_j)))  +  n l2 / 2 |p|^2,   x = bi + p . Q,
 * what BPR with uniform sampling expects of him. row [k + 1]: p, and 0. A user who has had nothing, or everything, gets zeros.
 * Cost: n x n_items x k multiply-adds of GEMM, and n x n_items exponentials, for each of some ten Newton steps.
 * Errors: GUSTO_ENOMEM, GUSTO_ESINGULAR. */
gusto_status gu_by_triples_fold_in(gusto_context *context, const gusto_model *model, double l2, int64_t n, const int32_t *item,
                                   gusto_real *row);

#endif
