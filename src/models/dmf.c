/* Deep matrix factorization (Xue et al. 2017): the row of a user and the column of an item go through two towers of linear layers, and meet in the end.
 *
 *   a_u = tower(r_u),  b_i = tower(r_i),   head=cosine:  s_ui = scale cos(a_u, b_i) + bias_i,   head=linear:  s_ui = w . (a_u o b_i) + bias_i
 *
 * loss=softmax:     -sum over items that the user has had of log softmax(s_u)_i, over all items;
 * loss=normalized:  cross-entropy against t = r / highest rating, on the observed pairs and on sampled others with t = 0 (eq. 12);
 * loss=binary:      the same with t = 1.  p is s held in 1e-6 .. 1 - 1e-6 where the scale is 1 and fixed, as published, else 1 / (1 + exp(-s)).
 *
 * A batch is some users against all items: the item tower is computed once for all of them. Published: relu behind the last layer, no bias, scale 1, loss normalized.
 * The defaults go past it: a linear last layer, learned scale and item bias, softmax; half of a user's row is dropped; and with mask the batch's users are taken out of
 * the columns of the items, since the target itself stands there: without it the item tower learns to read it.
 *
 * Layout: first layers are sparse-dense products over rows of W, the others GEMM (net/). What comes out is a factorization, P = scale a / |a| (or w o a), Q = b / |b|
 * (or b), so lists cost one GEMM; the towers are kept: a new user's row of P is what his tower makes of his ratings.
 * Limit: of one step, gathering rows of the first layer twice for each rating of all items, and 3 n_batch n_items k multiply-adds of GEMM in the head. */
#include "models/dmf.h"
#include "core/memory.h"
#include "models/factors.h"

#include <string.h>

enum {
    LAYER1,
    LAYER2,
    LAYER3,
    LAST,
    HEAD,
    LOSS,
    SCALE,
    LEARN_SCALE,
    ITEM_BIAS,
    DROPOUT,
    MASK,
    L2,
    NEGATIVES,
    USE_VALUES,
    N_OPTIONS
};
enum { COSINE, LINEAR };

static const char *last_choice(int t)
{
    static const char *const names[] = {"linear", "relu"};
    return t < 2 ? names[t] : NULL;
}

static const char *head_choice(int t)
{
    static const char *const names[] = {"cosine", "linear"};
    return t < 2 ? names[t] : NULL;
}

static const char *loss_choice(int t)
{
    static const char *const names[] = {"softmax", "normalized", "binary"};
    return t < 3 ? names[t] : NULL;
}

static const gusto_option options[N_OPTIONS] = {
    [LAYER1] = {"layer1", GUSTO_OPTION_INT, 128, 1, 4096, NULL, "outputs of the first layer of each tower"},
    [LAYER2] = {"layer2", GUSTO_OPTION_INT, 64, 0, 4096, NULL, "outputs of the second layer; 0: there is none"},
    [LAYER3] = {"layer3", GUSTO_OPTION_INT, 0, 0, 4096, NULL, "outputs of the third layer; 0: there is none"},
    [LAST] = {"last", GUSTO_OPTION_NAME, 0, 0, 0, last_choice, "behind the last layer: nothing, or relu as behind the others"},
    [HEAD] = {"head", GUSTO_OPTION_NAME, 0, 0, 0, head_choice, "how towers meet: scaled cosine, or product and linear layer"},
    [LOSS] =
        {"loss", GUSTO_OPTION_NAME, 0, 0, 0, loss_choice,
         "softmax over all items, or cross-entropy against scaled ratings (normalized) or 1 (binary) with sampled negatives"},
    [SCALE] = {"scale", GUSTO_OPTION_REAL, 10, 1e-3, 1e3, NULL, "cosine: what it is multiplied by, at the start"},
    [LEARN_SCALE] = {"learn_scale", GUSTO_OPTION_BOOL, 1, 0, 1, NULL, "cosine: learn the scale"},
    [ITEM_BIAS] = {"item_bias", GUSTO_OPTION_BOOL, 1, 0, 1, NULL, "learn a bias for every item"},
    [DROPOUT] = {"dropout", GUSTO_OPTION_REAL, 0.5, 0, 0.99, NULL, "share of the entries of a user's row that are left out"},
    [MASK] = {"mask", GUSTO_OPTION_BOOL, 1, 0, 1, NULL, "take the users of a batch out of the input of the item tower"},
    [L2] = {"l2", GUSTO_OPTION_REAL, 0, 0, 1e6, NULL, "ridge on the weights, against the mean loss of a user"},
    [NEGATIVES] = {"negatives", GUSTO_OPTION_REAL, 7, 0, 1e6, NULL, "normalized and binary: pairs sampled for each observed one"},
    [USE_VALUES] = {"use_values", GUSTO_OPTION_BOOL, 0, 0, 1, NULL,
                    "input: ratings over the highest one, else an observed pair is 1"},
};

static const char *const training_defaults[][2] = {
    {"optimizer", "adam"}, {"learning_rate", "0.002"}, {"batch_size", "128"}, {"epochs", "57"}, {NULL, NULL}};

const char *const gu_dmf_user_names[] = {"user_W1", "user_b1", "user_W2", "user_b2", "user_W3", "user_b3"};
const char *const gu_dmf_item_names[] = {"item_W1", "item_b1", "item_W2", "item_b2", "item_W3", "item_b3"};

gu_dmf_how gu_dmf_how_of(const gusto_model *model)
{
    double value[N_OPTIONS];
    for (int o = 0; o < N_OPTIONS; o++)
        value[o] = gu_model_option(model, options[o].name);
    gu_dmf_how how = {.last_relu = value[LAST] != 0,
                      .cosine = value[HEAD] == COSINE,
                      .learn_scale = value[LEARN_SCALE] != 0,
                      .item_bias = value[ITEM_BIAS] != 0,
                      .mask = value[MASK] != 0,
                      .ones = value[USE_VALUES] == 0,
                      .loss = (gu_dmf_loss)value[LOSS],
                      .scale = value[SCALE],
                      .dropout = value[DROPOUT],
                      .l2 = value[L2],
                      .negatives = value[NEGATIVES]};
    for (int l = 0; l < GU_MAX_LAYERS; l++)
        if (value[LAYER1 + l] > 0)
            how.size[how.n_layers++] = (int64_t)value[LAYER1 + l];
    return how;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const gu_dmf_how how = gu_dmf_how_of(model);
    const int64_t    k = how.size[how.n_layers - 1];
    gusto_status     status = gu_factors_expect(context, state, k, false, true);
    for (int side = 0; side < 2; side++) {
        const char *const *names = side ? gu_dmf_item_names : gu_dmf_user_names;
        int64_t            n_in = side ? state->n_users : state->n_items;
        for (int l = 0; l < how.n_layers && status == GUSTO_OK; l++) {
            status = gu_state_expect(context, state, names[2 * l], n_in, how.size[l]);
            if (status == GUSTO_OK)
                status = gu_state_expect(context, state, names[2 * l + 1], 1, how.size[l]);
            n_in = how.size[l];
        }
    }
    return status < 0 ? status : gu_state_expect(context, state, "head", 1, how.cosine ? 1 : k);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    gu_training training;
    gu_training_read(&model->options, model->optimizer, model->optimizer_values, &training);
    const gu_dmf_how how = gu_dmf_how_of(model);
    int64_t          weights = 0, outputs = 0, n_in = n_users + n_items;
    const int64_t    batch = gu_by_gradients_batch(&training, n_users);
    for (int l = 0; l < how.n_layers; l++) {
        weights += n_in * gu_padded(how.size[l]);
        outputs += 2 * (n_items + batch) * gu_padded(how.size[l]);
        n_in = 2 * how.size[l];
    }
    const int64_t factors = (n_users + n_items) * gu_padded(how.size[how.n_layers - 1]);
    return (weights * (3 + training.optimizer->n_slots) + outputs + factors + batch * n_items) * (int64_t)sizeof(gusto_real) +
           nnz * 40 + (n_users + n_items) * 24;
}

/* What the user tower makes of his ratings. */
static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    (void)weight;
    const gu_kernels *kernels = gu_kernels_of(context);
    const gu_state   *state = &model->state;
    const gu_dmf_how  how = gu_dmf_how_of(model);
    const double      high = (double)state->high;
    int64_t           most = 0;
    for (int l = 0; l < how.n_layers; l++)
        most = gu_padded(how.size[l]) > most ? gu_padded(how.size[l]) : most;
    gusto_real *room = gu_new(context, 2 * most, gusto_real);
    if (!room)
        return GUSTO_ENOMEM;
    gusto_real *in = room, *out = room + most;
    for (int l = 0; l < how.n_layers; l++) {
        const gusto_tensor *W = gu_state_tensor(state, gu_dmf_user_names[2 * l]);
        const gusto_real   *w = W->data;
        memcpy(out, gu_state_real(state, gu_dmf_user_names[2 * l + 1]), (size_t)W->ld * sizeof *out);
        for (int64_t e = 0; e < (l == 0 ? n : W->rows); e++)
            if (l == 0)
                kernels->axpy(W->ld, how.ones ? 1 : (gusto_real)(high > 0 ? (double)value[e] / high : (double)value[e]),
                              w + item[e] * W->ld, out);
            else
                kernels->axpy(W->ld, in[e], w + e * W->ld, out);
        if (l + 1 < how.n_layers || how.last_relu)
            kernels->activate(GU_ACTIVATION_RELU, W->columns, out);
        gusto_real *swap = in;
        in = out;
        out = swap;
    }
    const int64_t k = how.size[how.n_layers - 1];
    gu_dmf_to_row(context, how.cosine, k, gu_state_real(state, "head"), in, row);
    row[k] = 0;
    gu_free(&context->allocator, room);
    return GUSTO_OK;
}

static const char *const tensors[] = {"mu",      "P",       "Q",       "bi",      "user_W1", "user_b1",
                                      "user_W2", "user_b2", "user_W3", "user_b3", "item_W1", "item_b1",
                                      "item_W2", "item_b2", "item_W3", "item_b3", "head",    NULL};

static const gu_condition conditions[] = {
    {"scale", "head", "cosine"},
    {"learn_scale", "head", "cosine"},
    {"negatives", "loss", "normalized, binary"},
    GU_ROWS_CONDITIONS,
    {NULL, NULL, NULL},
};

const gu_model_type gu_model_dmf = {
    .name = "dmf",
    .summary = "deep matrix factorization: two towers, cosine or linear head (Xue et al. 2017)",
    .options = options,
    .n_options = N_OPTIONS,
    .conditions = conditions,
    .ignores_weights = true,
    .training_defaults = training_defaults,
    .by_gradients = true,
    .tensors = tensors,
    .fit = gu_dmf_fit,
    .attach = attach,
    .memory = memory,
    .scale = gu_scale_scores,
    .predict = gu_factors_predict_seen,
    .score = gu_factors_score,
    .row_width = gu_factors_width,
    .fold_in = fold_in,
    .score_rows = gu_factors_score_rows,
    .item_vectors = "Q",
};
