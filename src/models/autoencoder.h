/* What training and scoring of `autoencoder` share. */
#ifndef GU_AUTOENCODER_H
#define GU_AUTOENCODER_H

#include "models/by_gradients.h"
#include "net/net.h"

typedef enum gu_autoencoder_variant {
    GU_AUTOENCODER_ITEMS,
    GU_AUTOENCODER_USERS,
    GU_AUTOENCODER_MULTINOMIAL
} gu_autoencoder_variant;

/* What the options say. */
typedef struct gu_autoencoder_how {
    gu_autoencoder_variant variant;
    int64_t                hidden;
    gu_activation          activation;
    double                 l2, l2_user, l2_item, dropout;
    bool                   ones; /* multinomial: an observed pair is 1, whatever its value */
} gu_autoencoder_how;

gu_autoencoder_how gu_autoencoder_how_of(const gusto_model *model);

/* One under training. */
typedef struct gu_autoencoder {
    gu_autoencoder_how how;
    gu_state          *state;
    gu_training        training;
    int64_t            h, ld, n_columns; /* hidden; of a row of the input */
    gusto_rows         rows;             /* what a batch takes rows of */
    gu_input_how       take;
    gusto_real         unit;                   /* that residuals are divided by */
    gusto_real        *base_row, *base_column; /* biases of the baseline, of rows and columns */
    gusto_real        *W, *b, *code;           /* [n_columns x ld], [n_columns], [n_rows x ld] */
    gusto_real        *dW, *db, *residual, *score;
    double            *row_loss;
    int32_t           *order; /* [n_rows] */
    gu_input           input, target;
    gu_params          params;
    gu_param          *param_W, *param_b;
    gu_tower           tower; /* the encoder: V, c */
} gu_autoencoder;

/* Fits the baseline, draws the parameters and makes room. t: null but for how, state (whose tensors are added) and training.   Errors: GUSTO_ENOMEM, and
 * those of a fit of the baseline. gu_autoencoder_clear frees what is there, also after an error. */
gusto_status gu_autoencoder_prepare(gusto_context *context, const gusto_ratings *ratings, gu_autoencoder *t);
void         gu_autoencoder_clear(const gusto_allocator *allocator, gu_autoencoder *t);

/* A batch, which [n] of the rows, forward and back: gradients are left in the tower's dW and db and in dW and db. Returns its loss without the ridge: squared
 * error, whose half the gradients are by; or the sum of softmax, whose mean they are by. The ridge that they are by besides is half of *ridge (|V|^2 + |W|^2).
 * *count: ratings of the batch. */
double gu_autoencoder_gradients(gusto_context *context, gu_autoencoder *t, int64_t n, const int32_t *which, gusto_real *ridge,
                                int64_t *count);

/* `fit` of the model. */
gusto_status gu_autoencoder_fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                                const gusto_fit_options *fit_options, gu_state *state);

#endif
