/* Autoencoders: a row of the ratings through one hidden layer and back.
 *
 * variant=items, users (I-AutoRec, U-AutoRec; Sedhain et al. 2015): with r the row of an item (a user), residuals of the baseline mu + bu + bi where they are
 * observed and 0 elsewhere,
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
 * What comes out is a factorization: of items, Q holds h of each item and P the rows W of users; of users and multinomial, P holds h and Q the rows W of items. Folding in:
 * of items, ridge on the user's own row of W, the items' h held fixed; else his h is the encoder's answer to his row. */
#include "core/memory.h"
#include "models/by_gradients.h"
#include "models/factors.h"
#include "models/held_out_softmax.h"
#include "models/mf_fold_in.h"
#include "net/net.h"

#include <math.h>
#include <string.h>

enum { VARIANT, HIDDEN, ACTIVATION, L2, L2_USER, L2_ITEM, DROPOUT, USE_VALUES, N_OPTIONS };
enum { ITEMS, USERS, MULTINOMIAL };

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

typedef struct trained {
    const gusto_model *model;
    gu_state          *state;
    gu_training        training;
    int                variant;
    int64_t            h, ld, n_columns; /* hidden; of a row of the input */
    gusto_rows         rows;             /* what a batch takes rows of */
    gu_input_how       how;
    gusto_real        *base_row, *base_column; /* biases of the baseline, of rows and columns */
    gusto_real        *W, *b, *code;           /* [n_columns x ld], [n_columns], [n_rows x ld] */
    gusto_real        *dW, *db, *residual, *score;
    double            *row_loss;
    int32_t           *order, *all; /* [n_rows] */
    gu_input           input, target;
    gu_params          params;
    gu_param          *param_W, *param_b;
    gu_tower           tower;
} trained;

static void trained_clear(const gusto_allocator *allocator, trained *t)
{
    gu_free(allocator, t->base_row);
    gu_free(allocator, t->base_column);
    gu_free(allocator, t->b);
    gu_free(allocator, t->dW);
    gu_free(allocator, t->db);
    gu_free(allocator, t->residual);
    gu_free(allocator, t->score);
    gu_free(allocator, t->row_loss);
    gu_free(allocator, t->order);
    gu_input_clear(allocator, &t->input);
    gu_input_clear(allocator, &t->target);
    gu_tower_clear(allocator, &t->tower);
    gu_params_clear(allocator, &t->params);
}

/* Biases of a baseline fitted to the same ratings. */
static gusto_status fit_baseline(gusto_context *context, const gusto_ratings *ratings, trained *t)
{
    gusto_model *baseline = NULL;
    gusto_status status = gusto_model_create(context, "baseline", &baseline);
    if (status == GUSTO_OK)
        status = gusto_model_set_number(context, baseline, "keep_seen", 0);
    for (int o = L2_USER; o <= L2_ITEM && status == GUSTO_OK; o++)
        status = gusto_model_set_number(context, baseline, options[o].name, gu_model_option(t->model, options[o].name));
    if (status == GUSTO_OK)
        status = gusto_model_fit(context, baseline, ratings, NULL);
    if (status == GUSTO_OK) {
        gusto_tensor bu, bi;
        gusto_model_tensor(baseline, "bu", &bu);
        gusto_model_tensor(baseline, "bi", &bi);
        const gusto_tensor *row = t->variant == ITEMS ? &bi : &bu, *column = t->variant == ITEMS ? &bu : &bi;
        memcpy(t->base_row, row->data, (size_t)row->rows * sizeof *t->base_row);
        memcpy(t->base_column, column->data, (size_t)column->rows * sizeof *t->base_column);
    }
    gusto_model_destroy(baseline);
    return status;
}

static gusto_status add_tensors(gusto_context *context, trained *t)
{
    gu_state          *state = t->state;
    const bool         multinomial = t->variant == MULTINOMIAL;
    const gusto_status status = gu_factors_add(context, state, t->h, multinomial ? 0 : state->mean, !multinomial, true);
    if (status < 0)
        return status;
    gusto_real *V = gu_state_add(context, state, "V", GU_DTYPE_REAL, t->n_columns, t->h, t->ld);
    gusto_real *c = V ? gu_state_add(context, state, "c", GU_DTYPE_REAL, 1, t->h, t->ld) : NULL;
    gusto_real *base = c ? gu_state_add(context, state, "base", GU_DTYPE_REAL, state->n_items, 1, 1) : NULL;
    if (!base)
        return GUSTO_ENOMEM;
    memset(base, 0, (size_t)state->n_items * sizeof *base);
    t->W = gu_state_real(state, t->variant == ITEMS ? "P" : "Q");
    t->code = gu_state_real(state, t->variant == ITEMS ? "Q" : "P");
    gu_layer_draw(context, 0, t->n_columns, t->h, V, c);
    gusto_real *unused = gu_new(context, t->ld, gusto_real); /* the bias of the last layer lies elsewhere */
    if (!unused)
        return GUSTO_ENOMEM;
    gu_layer_draw(context, 1, t->n_columns, t->h, t->W, unused);
    gu_free(&context->allocator, unused);
    t->tower = (gu_tower){.n_layers = 1};
    t->tower.layer[0] = (gu_layer){.n_in = t->n_columns,
                                   .n_out = t->h,
                                   .activation = (gu_activation)gu_model_option(t->model, options[ACTIVATION].name),
                                   .W = V,
                                   .b = c};
    return GUSTO_OK;
}

static gusto_status make_room(gusto_context *context, trained *t)
{
    const int64_t n_rows = t->rows.n_rows, batch = t->training.batch_size;
    const int64_t most = gu_input_most(&t->rows, n_rows); /* codes of all rows are taken at once */
    t->base_row = gu_new_zero(context, n_rows, gusto_real);
    t->base_column = gu_new_zero(context, t->n_columns, gusto_real);
    t->b = gu_new_zero(context, t->n_columns, gusto_real);
    t->dW = gu_new_zero(context, t->n_columns * t->ld, gusto_real);
    t->db = gu_new(context, t->n_columns, gusto_real);
    t->residual = gu_new(context, most, gusto_real);
    t->score = t->variant == MULTINOMIAL ? gu_new(context, batch * t->n_columns, gusto_real) : NULL;
    t->row_loss = gu_new(context, n_rows, double);
    t->order = gu_new(context, n_rows, int32_t);
    if (!t->base_row || !t->base_column || !t->b || !t->dW || !t->db || !t->residual || !t->row_loss || !t->order ||
        (t->variant == MULTINOMIAL && !t->score))
        return GUSTO_ENOMEM;
    gusto_status status = gu_input_room(context, n_rows, t->n_columns, most, &t->input);
    if (status == GUSTO_OK)
        status = gu_input_room(context, batch, t->n_columns, most, &t->target);
    return status;
}

/* Popular items start ahead: b is the log of an item's share. */
static void start_from_popularity(trained *t)
{
    for (int64_t e = 0; e < t->rows.nnz; e++)
        t->b[t->rows.column[e]] += 1;
    for (int64_t i = 0; i < t->n_columns; i++)
        t->b[i] = (gusto_real)log(((double)t->b[i] + 0.5) / ((double)t->rows.nnz + 0.5 * (double)t->n_columns));
}

static gusto_status prepare(gusto_context *context, const gusto_ratings *ratings, trained *t)
{
    t->variant = (int)gu_model_option(t->model, options[VARIANT].name);
    t->h = (int64_t)gu_model_option(t->model, options[HIDDEN].name);
    t->ld = gu_padded(t->h);
    gusto_status status = t->variant == ITEMS ? gusto_ratings_by_item(context, ratings, &t->rows)
                                              : gusto_ratings_by_user(context, ratings, &t->rows);
    if (status < 0)
        return status;
    t->n_columns = t->rows.n_columns;
    status = make_room(context, t);
    if (status == GUSTO_OK)
        status = add_tensors(context, t);
    if (status == GUSTO_OK && t->variant != MULTINOMIAL)
        status = fit_baseline(context, ratings, t);
    if (status < 0)
        return status;
    if (t->variant == MULTINOMIAL)
        start_from_popularity(t);
    t->how = (gu_input_how){.ones = t->variant == MULTINOMIAL && gu_model_option(t->model, options[USE_VALUES].name) == 0,
                            .unit = t->variant == MULTINOMIAL,
                            .scale = 1,
                            .seed = context->seed};
    if (t->variant != MULTINOMIAL) {
        t->how.shift = (gusto_real)t->state->mean;
        t->how.shift_row = t->base_row;
        t->how.shift_column = t->base_column;
    }
    static const char *const names[] = {"V", "c"};
    status = gu_params_init(context, t->training.optimizer, t->training.optimizer_values, t->training.clip, &t->params);
    if (status == GUSTO_OK)
        status = gu_tower_init(context, &t->params, t->rows.n_rows, names, &t->tower);
    if (status < 0)
        return status;
    t->param_W = gu_params_add(context, &t->params, "W", t->n_columns, t->h, t->ld, t->W, NULL);
    t->param_b = t->param_W ? gu_params_add(context, &t->params, "b", t->n_columns, 1, 1, t->b, NULL) : NULL;
    return t->param_b ? GUSTO_OK : GUSTO_ENOMEM;
}

static gusto_status begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches)
{
    trained *t = self;
    gu_by_gradients_shuffle(context->seed, epoch, t->rows.n_rows, t->order);
    t->how.epoch = (uint64_t)epoch;
    *n_batches = (t->rows.n_rows + t->training.batch_size - 1) / t->training.batch_size;
    return GUSTO_OK;
}

/* Squared loss on observed cells: the last layer both ways. code, grad [rows of the batch x ld]. */
static double observed(gusto_context *context, trained *t, const gusto_real *code, gusto_real *grad, gusto_real l2)
{
    const gu_kernels   *kernels = gu_kernels_of(context);
    const gu_input     *x = &t->target;
    const gu_entry_list list = {
        .n = x->nnz, .column = x->column, .value = x->value, .Q = t->W, .bias = t->b, .ld = t->ld, .loss = GU_LOSS_SQUARED};
#pragma omp parallel num_threads(gu_threads(context))
    {
#pragma omp for schedule(dynamic, 16)
        for (int64_t r = 0; r < x->n_rows; r++) {
            double sums[2];
            kernels->residual_row(&list, x->start[r], x->start[r + 1], code + r * t->ld, 0, 0, t->residual, grad + r * t->ld,
                                  sums);
            t->row_loss[r] = sums[1];
        }
#pragma omp for schedule(dynamic, 32)
        for (int64_t c = 0; c < x->n_columns; c++)
            t->db[c] = (gusto_real)kernels->spmm_row(x->column_start[c], x->column_start[c + 1], x->nnz, x->row, x->position,
                                                     t->residual, t->ld, code, l2, t->W + c * t->ld, t->dW + c * t->ld);
    }
    double loss = 0;
    for (int64_t r = 0; r < x->n_rows; r++)
        loss += t->row_loss[r];
    return loss;
}

/* Softmax over all items. */
static double all_items(gusto_context *context, trained *t, const int32_t *which, const gusto_real *code, gusto_real *grad,
                        gusto_real l2)
{
    const gu_head head = {.loss = GU_HEAD_SOFTMAX,
                          .n = t->target.n_rows,
                          .m = t->n_columns,
                          .k = t->h,
                          .A = code,
                          .B = t->W,
                          .lda = t->ld,
                          .ldb = t->ld,
                          .bias = t->b,
                          .scale = 1,
                          .start = t->target.start,
                          .column = t->target.column,
                          .value = t->target.value,
                          .which = which,
                          .S = t->score,
                          .dA = grad,
                          .dB = t->dW,
                          .dbias = t->db,
                          .row_loss = t->row_loss};
    const double  loss = gu_head_run(context, &head);
    if (l2 > 0)
        gu_kernels_of(context)->axpy(t->n_columns * t->ld, l2, t->W, t->dW);
    return loss;
}

static gusto_status step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n)
{
    trained       *t = self;
    const int64_t  first = j * t->training.batch_size, left = t->rows.n_rows - first;
    const int64_t  rows = left < t->training.batch_size ? left : t->training.batch_size;
    const int32_t *which = t->order + first;
    gu_layer      *layer = &t->tower.layer[0];
    gu_input_how   plain = t->how;
    plain.unit = false;
    plain.dropout = 0; /* what was left out is what the output is held against */
    gu_input_take(context, &t->rows, rows, which, &plain, &t->target);
    t->how.dropout = gu_model_option(t->model, options[DROPOUT].name);
    gu_input_take(context, &t->rows, rows, which, &t->how, &t->input);
    const gusto_real *code = gu_tower_forward(context, &t->tower, &t->input);
    const double      share = (double)rows / (double)t->rows.n_rows, l2 = gu_model_option(t->model, options[L2].name);
    *n = t->target.nnz;
    gusto_real ridge = (gusto_real)(l2 * share);
    if (t->variant == MULTINOMIAL) { /* its gradient is that of a mean over the rows */
        ridge = (gusto_real)(l2 / (double)t->rows.n_rows);
        *loss = all_items(context, t, which, code, layer->grad, ridge);
    } else {
        *loss = observed(context, t, code, layer->grad, ridge);
    }
    gu_tower_backward(context, &t->tower, &t->input, ridge);
    gu_tower_step(context, &t->params, &t->tower, rate);
    gu_net_move(context, &t->params, t->param_W, t->dW, rate);
    gu_net_move(context, &t->params, t->param_b, t->db, rate);
    return GUSTO_OK;
}

/* Codes of all rows and the biases, as the factorization that the state is. */
static void finish(gusto_context *context, void *self)
{
    trained  *t = self;
    gu_state *state = t->state;
    t->how.dropout = 0;
    gu_input_take(context, &t->rows, t->rows.n_rows, NULL, &t->how, &t->input);
    memcpy(t->code, gu_tower_forward(context, &t->tower, &t->input), (size_t)(t->rows.n_rows * t->ld) * sizeof *t->code);
    gusto_real       *bu = gu_state_optional(state, "bu"), *bi = gu_state_real(state, "bi"), *base = gu_state_real(state, "base");
    gusto_real       *column = t->variant == ITEMS ? bu : bi, *row = t->variant == ITEMS ? bi : bu;
    const gusto_real *base_item = t->variant == ITEMS ? t->base_row : t->base_column;
    for (int64_t c = 0; c < t->n_columns; c++)
        column[c] = t->base_column[c] + t->b[c];
    if (row)
        memcpy(row, t->base_row, (size_t)t->rows.n_rows * sizeof *row);
    memcpy(base, base_item, (size_t)state->n_items * sizeof *base);
}

static gusto_status measure(gusto_context *context, void *self, const gusto_model *model, const gu_held_out *pairs,
                            double *metric)
{
    if (((trained *)self)->variant == MULTINOMIAL)
        return gu_held_out_softmax(context, model, pairs, metric);
    return gu_held_out_rmse(context, model, pairs, metric);
}

static gusto_status fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    trained *t = gu_new_zero(context, 1, trained);
    if (!t)
        return GUSTO_ENOMEM;
    t->model = model;
    t->state = state;
    gu_training_read(&model->options, model->optimizer, model->optimizer_values, &t->training);
    const bool   items = (int)gu_model_option(model, options[VARIANT].name) == ITEMS;
    gusto_status status =
        gu_by_gradients_rows(context, items ? "items" : "users", items ? state->n_items : state->n_users, &t->training);
    if (status == GUSTO_OK)
        status = prepare(context, ratings, t);
    const gu_by_gradients how = {
        .self = t, .params = &t->params, .begin = begin, .step = step, .finish = finish, .measure = measure};
    if (status == GUSTO_OK)
        status = gu_by_gradients_fit(context, model, &t->training, ratings, &how, fit_options, state);
    trained_clear(&context->allocator, t);
    gu_free(&context->allocator, t);
    return status;
}

static gusto_status attach(gusto_context *context, const gusto_model *model, const gu_state *state)
{
    const int     variant = (int)gu_model_option(model, options[VARIANT].name);
    const int64_t h = (int64_t)gu_model_option(model, options[HIDDEN].name);
    gusto_status  status = gu_factors_expect(context, state, h, variant != MULTINOMIAL, true);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "V", variant == ITEMS ? state->n_users : state->n_items, h);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "c", 1, h);
    return status < 0 ? status : gu_state_expect(context, state, "base", state->n_items, 1);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    gu_training training;
    gu_training_read(&model->options, model->optimizer, model->optimizer_values, &training);
    const int     variant = (int)gu_model_option(model, options[VARIANT].name);
    const int64_t ld = gu_padded((int64_t)gu_model_option(model, options[HIDDEN].name));
    const int64_t rows = variant == ITEMS ? n_items : n_users, columns = variant == ITEMS ? n_users : n_items;
    const int64_t batch = gu_by_gradients_batch(&training, rows);
    const int64_t layers = 2 * columns * ld * (1 + training.optimizer->n_slots + 2), codes = 3 * rows * ld;
    const int64_t scores = variant == MULTINOMIAL ? batch * columns : 0;
    return (layers + codes + scores) * (int64_t)sizeof(gusto_real) + 2 * nnz * 16 + (rows + columns) * 40;
}

/* A score under softmax is no rating: a pair with an unseen user or item has the mean of the training values. */
static void predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, const int32_t *items,
                    gusto_real *out)
{
    if ((int)gu_model_option(model, options[VARIANT].name) == MULTINOMIAL)
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
    const gu_kernels   *kernels = gu_kernels_of(context);
    const gu_state     *state = &model->state;
    const gusto_tensor *V = gu_state_tensor(state, "V");
    const bool          multinomial = (int)gu_model_option(model, options[VARIANT].name) == MULTINOMIAL;
    const bool          ones = multinomial && gu_model_option(model, options[USE_VALUES].name) == 0;
    const gusto_real   *base = gu_state_real(state, "base");
    const double        l2 = gu_model_option(model, options[L2_USER].name);
    const gusto_real    bias = multinomial ? 0 : bias_of(state, l2, n, item, value, weight);
    double              square = 0;
    for (int64_t e = 0; e < n; e++)
        square += ones ? 1 : (double)value[e] * (double)value[e];
    const gusto_real by = multinomial && square > 0 ? (gusto_real)(1 / sqrt(square)) : 1;
    memcpy(h, gu_state_real(state, "c"), (size_t)V->ld * sizeof *h);
    for (int64_t e = 0; e < n; e++) {
        const gusto_real x = ones ? 1 : multinomial ? value[e] : value[e] - (gusto_real)state->mean - base[item[e]] - bias;
        kernels->axpy(V->ld, by * x, (const gusto_real *)V->data + item[e] * V->ld, h);
    }
    kernels->activate((gu_activation)gu_model_option(model, options[ACTIVATION].name), V->columns, h);
    memcpy(row, h, (size_t)V->columns * sizeof *row);
    row[V->columns] = bias;
}

static gusto_status fold_in(gusto_context *context, const gusto_model *model, int64_t n, const int32_t *item,
                            const gusto_real *value, const gusto_real *weight, gusto_real *row)
{
    const gu_state *state = &model->state;
    if ((int)gu_model_option(model, options[VARIANT].name) == ITEMS) {
        const gu_fold_in_problem problem = {.loss = GU_LOSS_SQUARED,
                                            .biases = true,
                                            .l2 = gu_model_option(model, options[L2].name),
                                            .l2_bias = gu_model_option(model, options[L2_USER].name),
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
    return (int)gu_model_option(model, options[VARIANT].name) == MULTINOMIAL ? GU_SCALE_SCORES : GU_SCALE_RATINGS;
}

static const char *const tensors[] = {"mu", "P", "Q", "bu", "bi", "V", "c", "base", NULL};

const gu_model_type gu_model_autoencoder = {
    .name = "autoencoder",
    .summary = "AutoRec (Sedhain et al. 2015); multinomial denoising autoencoder (Liang et al. 2018)",
    .options = options,
    .n_options = N_OPTIONS,
    .training_defaults = training_defaults,
    .by_gradients = true,
    .tensors = tensors,
    .fit = fit,
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
