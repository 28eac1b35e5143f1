/* What fitting and scoring of `content` share. */
#ifndef GU_CONTENT_H
#define GU_CONTENT_H

#include "models/model_type.h"

enum {
    GU_CONTENT_FEEDBACK,
    GU_CONTENT_L2,
    GU_CONTENT_L2_COMMON,
    GU_CONTENT_L2_USER,
    GU_CONTENT_L2_ITEM,
    GU_CONTENT_SWEEPS,
    GU_CONTENT_N_OPTIONS
};

extern const gusto_option gu_content_options[GU_CONTENT_N_OPTIONS];

/* Item i as a vector: feature column[e] has value[e] weight[column[e]] scale[i], for the entries of row i. */
typedef struct gu_content_items {
    gusto_rows        rows;
    const gusto_real *weight; /* [features] */
    const gusto_real *scale;  /* [n_items] */
} gu_content_items;

static inline double gu_content_at(const gu_content_items *x, int32_t i, int64_t e)
{
    return (double)x->rows.value[e] * (double)x->weight[x->rows.column[e]] * (double)x->scale[i];
}

gu_content_items gu_content_items_of(const gu_state *state);

/* Fits a state whose tensors are there. */
gusto_status gu_content_fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                            const gusto_fit_options *fit, gu_state *state);

/* Bytes of a fit beside the ratings and the features. longest: ratings of the user who has most. */
int64_t gu_content_memory(int threads, int64_t n_users, int64_t n_items, int64_t nnz, int64_t features, int64_t longest);

/* Room for the taste of one user with n ratings: numbers. */
int64_t gu_content_room(int64_t n, int64_t features);

/* The taste of one user from his entries: item, value, weight (NULL: 1), given his bias (for implicit feedback, not used). theta [features].
 * Returns false if the system is not positive definite, which a ridge of 0 can come to. */
bool gu_content_taste(const gusto_context *context, const gusto_model *model, const gu_state *state, int64_t n,
                      const int32_t *item, const gusto_real *value, const gusto_real *weight, double bu, gusto_real *room,
                      gusto_real *theta);

#endif
