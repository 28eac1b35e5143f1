/* What training and scoring of `dmf` share. */
#ifndef GU_DMF_H
#define GU_DMF_H

#include "models/by_gradients.h"
#include "net/net.h"

typedef enum gu_dmf_loss { GU_DMF_SOFTMAX, GU_DMF_NORMALIZED, GU_DMF_BINARY } gu_dmf_loss;

/* What the options say. */
typedef struct gu_dmf_how {
    int         n_layers;
    int64_t     size[GU_MAX_LAYERS];                /* outputs of each layer */
    bool        last_relu, cosine;                  /* behind the last layer too; else the head is linear */
    bool        learn_scale, item_bias, mask, ones; /* ones: an observed pair is 1, whatever its rating */
    gu_dmf_loss loss;
    double      scale, dropout, l2, negatives;
} gu_dmf_how;

gu_dmf_how gu_dmf_how_of(const gusto_model *model);

/* Names of W and b, layer after layer. */
extern const char *const gu_dmf_user_names[2 * GU_MAX_LAYERS], *const gu_dmf_item_names[2 * GU_MAX_LAYERS];

/* One under training. */
typedef struct gu_dmf {
    gu_dmf_how   how;
    gu_state    *state;
    gu_training  training;
    int64_t      k, ld, batch;
    gusto_rows   by_user, by_item;
    gu_input_how input;
    gusto_real  *column_value; /* of the items' input, unmasked */
    gu_input     user, target, item;
    gu_params    params;
    gu_tower     user_tower, item_tower;
    gu_param    *head, *bias;
    gusto_real  *head_gradient, *bias_gradient; /* [ld of head]; [n_items] */
    gusto_real  *product;                       /* linear: a o w [batch x ld] */
    gusto_real  *user_length, *item_length;     /* cosine */
    gusto_real  *score;                         /* [batch x n_items] */
    double      *row_loss;
    int32_t     *order; /* [n_users] */
} gu_dmf;

/* Draws the parameters and makes room. t: null but for how, state (whose tensors are added) and training.   Errors: GUSTO_ENOMEM, and those of
 * gu_ratings_both_ways. gu_dmf_clear frees what is there, also after an error. */
gusto_status gu_dmf_prepare(gusto_context *context, const gusto_ratings *ratings, gu_dmf *t);
void         gu_dmf_clear(const gusto_allocator *allocator, gu_dmf *t);

/* A batch, users [n], n <= t->batch, forward and back: gradients by the mean loss of a user + l2/2 |W|^2 are left in dW and db of the towers and in
 * head_gradient and bias_gradient, also where a parameter is not learned. Returns the sum of the losses of the users, without the ridge; *count: their ratings. */
double gu_dmf_gradients(gusto_context *context, gu_dmf *t, int64_t n, const int32_t *users, int64_t *count);

/* A row of P from what the user tower gives. head: one scale, or w. a [k], row [k]. */
void gu_dmf_to_row(const gusto_context *context, bool cosine, int64_t k, const gusto_real *head, const gusto_real *a,
                   gusto_real *row);

/* `fit` of the model. */
gusto_status gu_dmf_fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state);

#endif
