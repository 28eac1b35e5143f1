/* Models that score by x = mu + bu_u + bi_i + P_u . Q_i, from tensors of those names: what every factorization's seam has in common.
 *
 * mu [1 x 1], P [n_users x k], Q [n_items x k], and, where the model has them, bu [n_users x 1] and bi [n_items x 1]. What describes a user
 * is his k factors and his bias. The first four have the signatures of gu_model_type. */
#ifndef GU_FACTORS_H
#define GU_FACTORS_H

#include "models/model_type.h"

/* A pair with an unseen user or item has mu and the bias that is known. */
void gu_factors_predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                        const int32_t *items, gusto_real *out);

/* The same for scores that are no ratings: a pair with an unseen user or item has the mean of the training values. */
void gu_factors_predict_seen(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                             const int32_t *items, gusto_real *out);

/* Cost: one GEMM, n x n_items x k multiply-adds. */
void gu_factors_score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                      gusto_real *out);

/* rows [n x (k + 1)]: factors, then the bias. */
void gu_factors_score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows,
                           gusto_real *out);

/* k + 1; 0 before a fit. */
int64_t gu_factors_width(const gusto_model *model);

/* Adds mu, P, Q and, if asked for, bu and bi, in that order; mu is set, biases are zeroed, factors are not.   Errors: GUSTO_ENOMEM. */
gusto_status gu_factors_add(gusto_context *context, gu_state *state, int64_t k, double mu, bool user_bias, bool item_bias);

/* Draws the rows of P and Q: normal numbers of the deviation `scale`, or their absolute values. By the seed, a stream a row. */
void gu_factors_draw(const gusto_context *context, const gu_state *state, double scale, bool absolute);

/* Whether a loaded state has them, in shape.   Errors: GUSTO_EFORMAT naming the tensor. */
gusto_status gu_factors_expect(gusto_context *context, const gu_state *state, int64_t k, bool user_bias, bool item_bias);

/* The data of a tensor that a model may lack, or NULL. */
gusto_real *gu_state_optional(const gu_state *state, const char *name);

#endif
