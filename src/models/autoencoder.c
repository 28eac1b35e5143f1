/* Autoencoders: a row of the ratings through one hidden layer and back.
 *
 * variant=items, users (I-AutoRec, U-AutoRec; Sedhain et al. 2015): with r the row of an item (a user), residuals of the baseline mu + bu + bi over the unit
 * of the ratings (unit.h; 1 for stars) where they are observed and 0 elsewhere,
 *
 *   h = f(r V + c),   x_j = b_j + W_j . h,    minimize  sum over observed cells of (x - r)^2 / 2 + l2/2 (|V|^2 + |W|^2)
 *
 * by minibatches of rows, whose share of the ridge is theirs of the rows. Only observed cells are computed: the first layer gathers rows of V, the last one rows of W,
 * in both directions (kernels residual_row and spmm_row), so an epoch costs 5 hidden multiply-adds a rating, not rows x columns. Limit: those gathers.
 *
 * variant=multinomial (denoising, for implicit feedback; Liang et al. 2018, Vincent et al. 2008): with x the row of a user, 1 for what he has had, divided by its length,
 *
 *   h = f(dropout(x) V + c),   minimize  -sum_{i had} log softmax(b + W h)_i
 *
 * over all items: three GEMM of batch x items x hidden (net/head.c), which are its limit.
 *
 * What comes out is a factorization: of items, Q holds h of each item and P the rows W of users; of users and multinomial, P holds h and Q the rows W of items;
 * h, and b among the biases, times the unit. Folding in:
 * of items, ridge on the user's own row of W, the items' h held fixed; else his h is the encoder's answer to his row. */
#include "models/autoencoder.h"
#include "core/memory.h"
#include "models/factors.h"
#include "models/mf_fold_in.h"
#include "models/unit.h"

#include <math.h>
#include <string.h>

enum { VARIANT, HIDDEN, ACTIVATION, L2, L2_USER, L2_ITEM, DROPOUT, USE_VALUES, N_OPTIONS };

static const char *variant_choice(int t)
{
    static const char *const names[] = {"items", "users", "multinomial"};
    return t < 3 ? names[t] : NULL;
}

static const char *activation_choice(int t)
{
    static const char *const names[] = {"none", "relu", "sigmoid", "tanh"};
    return t < 4 ? names[t] : NULL;
}

static const gusto_option options[N_OPTIONS] = {
    [VARIANT] = {"variant", GUSTO_OPTION_NAME, 0, 0, 0, variant_choice,
                 "rows of items or of users under squared loss, or users under softmax for implicit feedback"},
    [HIDDEN] = {"hidden", GUSTO_OPTION_INT, 150, 1, 1024, NULL, "units of the hidden layer"},
    [ACTIVATION] = {"activation", GUSTO_OPTION_NAME, GU_ACTIVATION_SIGMOID, 0, 0, activation_choice, "of the hidden layer"},
    [L2] = {"l2", GUSTO_OPTION_REAL, 60, 0, 1e9, NULL, "ridge on the weights of both layers, against the loss of all ratings"},
    [L2_USER] = {"l2_user", GUSTO_OPTION_REAL, 5, 0, 1e9, NULL,
                 "ridge on the biases of users in the baseline, and on that of a new user, in ratings"},
    [L2_ITEM] = {"l2_item", GUSTO_OPTION_REAL, 3, 0, 1e9, NULL, "ridge on the biases of items in the baseline, in ratings"},
    [DROPOUT] = {"dropout", GUSTO_OPTION_REAL, 0, 0, 0.99, NULL, "share of the entries of an input row that are left out"},
    [USE_VALUES] = {"use_values", GUSTO_OPTION_BOOL, 0, 0, 1, NULL, "multinomial: values weigh, else an observed pair is 1"},
};

static const char *const training_defaults[][2] = {{"optimizer", "adam"}, {"learning_rate", "0.003"}, {"rate", "cosine"},
                                                   {"batch_size", "256"}, {"epochs", "80"},           {NULL, NULL}};

gu_autoencoder_how gu_autoencoder_how_of(const gusto_model *model)
{
    double value[N_OPTIONS];
    for (int o = 0; o < N_OPTIONS; o++)
        value[o] = gu_model_option(model, options[o].name);
    return (gu_autoencoder_how){.variant = (gu_autoencoder_variant)value[VARIANT],
                                .hidden = (int64_t)value[HIDDEN],
                                .activation = (gu_activation)value[ACTIVATION],
                                .l2 = value[L2],
                                .l2_user = value[L2_USER],
                                .l2_item = value[L2_ITEM],
                                .dropout = value[DROPOUT],
                                .ones = value[USE_VALUES] == 0};
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const gu_autoencoder_how how = gu_autoencoder_how_of(model);
    const bool               multinomial = how.variant == GU_AUTOENCODER_MULTINOMIAL;
    gusto_status             status = gu_factors_expect(context, state, how.hidden, !multinomial, true);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "V", how.variant == GU_AUTOENCODER_ITEMS ? state->n_users : state->n_items,
                                 how.hidden);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "c", 1, how.hidden);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "base", state->n_items, 1);
    return status < 0 ? status : gu_unit_expect(context, state);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    gu_training training;
    gu_training_read(&model->options, model->optimizer, model->optimizer_values, &training);
    const gu_autoencoder_how how = gu_autoencoder_how_of(model);
    const bool               items = how.variant == GU_AUTOENCODER_ITEMS, multinomial = how.variant == GU_AUTOENCODER_MULTINOMIAL;
    const int64_t            ld = gu_padded(how.hidden);
    const int64_t            rows = items ? n_items : n_users, columns = items ? n_users : n_items;
    const int64_t            batch = gu_by_gradients_batch(&training, rows);
    const int64_t            layers = 2 * columns * ld * (1 + training.optimizer->n_slots + 2), codes = 3 * rows * ld;
    const int64_t            scores = multinomial ? batch * columns : 0;
    return (layers + codes + scores) * (int64_t)sizeof(gusto_real) + 2 * nnz * 16 + (rows + columns) * 40;
}

/* A score under softmax is no rating: a pair with an unseen user or item has the mean of the training values. */
static void predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out)
{
    if (gu_autoencoder_how_of(model).variant == GU_AUTOENCODER_MULTINOMIAL)
        gu_factors_predict_seen(context, model, n, users, items, out);
    else
        gu_factors_predict(context, model, n, users, items, out);
}

/* The bias of a new user in the baseline. */
static gusto_real bias_of(const gu_state *state, double l2, int64_t n, const int32_t *item, const gusto_real *value,
                          const gusto_real *weight)
{
    const gusto_real *base = gu_state_real(state, "base");
    double            sum = 0, all = l2;
    for (int64_t e = 0; e < n; e++) {
        const double w = weight ? (double)weight[e] : 1;
        sum += w * ((double)value[e] - state->mean - (double)base[item[e]]);
        all += w;
    }
    return all > 0 ? (gusto_real)(sum / all) : 0;
}

/* What the encoder makes of a user's row. */
static void encode(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                   const gusto_real *value, const gusto_real *weight, gusto_real *h, gusto_real *row)
{
    const gu_kernels        *kernels = gu_kernels_of(context);
    const gu_state          *state = &model->state;
    const gusto_tensor      *V = gu_state_tensor(state, "V");
    const gu_autoencoder_how how = gu_autoencoder_how_of(model);
    const bool               multinomial = how.variant == GU_AUTOENCODER_MULTINOMIAL, ones = multinomial && how.ones;
    const gusto_real        *base = gu_state_real(state, "base");
    const gusto_real         bias = multinomial ? 0 : bias_of(state, how.l2_user, n, item, value, weight);
    double                   square = 0;
    for (int64_t e = 0; e < n; e++)
        square += ones ? 1 : (double)value[e] * (double)value[e];
    const gusto_real unit = (gusto_real)gu_unit_of(state); /* of multinomial: 1 */
    const gusto_real by = multinomial && square > 0 ? (gusto_real)(1 / sqrt(square)) : 1 / unit;
    memcpy(h, gu_state_real(state, "c"), (size_t)V->ld * sizeof *h);
    for (int64_t e = 0; e < n; e++) {
        const gusto_real x = ones ? 1 : multinomial ? value[e] : value[e] - (gusto_real)state->mean - base[item[e]] - bias;
        kernels->axpy(V->ld, by * x, (const gusto_real *)V->data + item[e] * V->ld, h);
    }
    kernels->activate(how.activation, V->columns, h);
    for (int64_t j = 0; j < V->columns; j++)
        row[j] = unit * h[j];
    row[V->columns] = bias;
}

static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_state          *state = &model->state;
    const gu_autoencoder_how how = gu_autoencoder_how_of(model);
    if (how.variant == GU_AUTOENCODER_ITEMS) {
        const gu_fold_in_problem problem = {.loss = GU_LOSS_SQUARED,
                                            .biases = true,
                                            .l2 = how.l2 * pow(gu_unit_of(state), 2),
                                            .l2_bias = how.l2_user,
                                            .mu = gu_state_real(state, "mu")[0],
                                            .Q = gu_state_tensor(state, "Q"),
                                            .bi = gu_state_real(state, "bi")};
        return gu_fold_in(context, &problem, n, item, value, weight, row);
    }
    gusto_real *h = gu_new(context, gu_state_tensor(state, "V")->ld, gusto_real);
    if (!h)
        return GUSTO_ENOMEM;
    encode(context, model, n, item, value, weight, h, row);
    gu_free(&context->allocator, h);
    return GUSTO_OK;
}

static gu_scale scale(const gusto_model *model)
{
    return gu_autoencoder_how_of(model).variant == GU_AUTOENCODER_MULTINOMIAL ? GU_SCALE_SCORES : GU_SCALE_RATINGS;
}

static const char *const tensors[] = {"mu", "P", "Q", "bu", "bi", "V", "c", "base", "unit", NULL};

static const gu_condition conditions[] = {
    {"use_values", "variant", "multinomial"},
    {"l2_user", "variant", "items, users"},
    {"l2_item", "variant", "items, users"},
    GU_ROWS_CONDITIONS,
    {NULL, NULL, NULL},
};

const gu_model_type gu_model_autoencoder = {
    .name = "autoencoder",
    .summary = "AutoRec (Sedhain et al. 2015); multinomial denoising autoencoder (Liang et al. 2018)",
    .options = options,
    .n_options = N_OPTIONS,
    .conditions = conditions,
    .training_defaults = training_defaults,
    .by_gradients = true,
    .tensors = tensors,
    .fit = gu_autoencoder_fit,
    .attach = attach,
    .memory = memory,
    .scale = scale,
    .predict = predict,
    .score = gu_factors_score,
    .row_width = gu_factors_width,
    .fold_in = fold_in,
    .score_rows = gu_factors_score_rows,
    .item_vectors = "Q",
};
