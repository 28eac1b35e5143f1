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
#include "core/memory.h"
#include "data/ratings.h"
#include "models/by_gradients.h"
#include "models/factors.h"
#include "models/held_out_softmax.h"
#include "net/net.h"

#include <math.h>
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
enum { SOFTMAX, NORMALIZED, BINARY };

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

static const char *const user_names[] = {"user_W1", "user_b1", "user_W2", "user_b2", "user_W3", "user_b3"};
static const char *const item_names[] = {"item_W1", "item_b1", "item_W2", "item_b2", "item_W3", "item_b3"};

typedef struct trained {
    const gusto_model *model;
    gu_state          *state;
    gu_training        training;
    bool               cosine;
    int64_t            k, ld, batch;
    gusto_rows         by_user, by_item;
    gu_input_how       how;
    gusto_real        *column_value; /* of the items' input, unmasked */
    gu_input           user, target, item;
    gu_params          params;
    gu_tower           user_tower, item_tower;
    gu_param          *head, *bias;
    gusto_real        *head_gradient, *bias_gradient; /* [ld of head]; [n_items] */
    gusto_real        *product;                       /* linear: a o w [batch x ld] */
    gusto_real        *user_length, *item_length;     /* cosine */
    gusto_real        *score;                         /* [batch x n_items] */
    double            *row_loss;
    int32_t           *order; /* [n_users] */
} trained;

static void trained_clear(const gusto_allocator *allocator, trained *t)
{
    gu_free(allocator, t->column_value);
    gu_input_clear(allocator, &t->user);
    gu_input_clear(allocator, &t->target);
    gu_input_clear(allocator, &t->item);
    gu_tower_clear(allocator, &t->user_tower);
    gu_tower_clear(allocator, &t->item_tower);
    gu_params_clear(allocator, &t->params);
    gu_free(allocator, t->head_gradient);
    gu_free(allocator, t->bias_gradient);
    gu_free(allocator, t->product);
    gu_free(allocator, t->user_length);
    gu_free(allocator, t->item_length);
    gu_free(allocator, t->score);
    gu_free(allocator, t->row_loss);
    gu_free(allocator, t->order);
}

/* sizes [GU_MAX_LAYERS]: outputs of the layers. Returns how many. */
static int sizes_of(const gusto_model *model, int64_t *sizes)
{
    int n = 0;
    for (int l = 0; l < GU_MAX_LAYERS; l++) {
        const int64_t size = (int64_t)gu_model_option(model, options[LAYER1 + l].name);
        if (size > 0)
            sizes[n++] = size;
    }
    return n;
}

static bool is_cosine(const gusto_model *model)
{
    return gu_model_option(model, options[HEAD].name) == COSINE;
}

/* The layers of a tower as tensors, drawn. */
static gusto_status add_tower(gusto_context *context, const gusto_model *model, gu_state *state, uint32_t which, int64_t n_in,
                              const char *const *names, gu_tower *tower)
{
    int64_t sizes[GU_MAX_LAYERS];
    *tower = (gu_tower){.n_layers = sizes_of(model, sizes)};
    for (int l = 0; l < tower->n_layers; l++) {
        const bool last = l + 1 == tower->n_layers;
        gu_layer  *layer = &tower->layer[l];
        *layer = (gu_layer){.n_in = n_in, .n_out = sizes[l], .activation = GU_ACTIVATION_RELU};
        if (last && gu_model_option(model, options[LAST].name) == 0)
            layer->activation = GU_ACTIVATION_NONE;
        layer->W = gu_state_add(context, state, names[2 * l], GU_DTYPE_REAL, n_in, sizes[l], gu_padded(sizes[l]));
        layer->b =
            layer->W ? gu_state_add(context, state, names[2 * l + 1], GU_DTYPE_REAL, 1, sizes[l], gu_padded(sizes[l])) : NULL;
        if (!layer->b)
            return GUSTO_ENOMEM;
        gu_layer_draw(context, which + (uint32_t)l, n_in, sizes[l], layer->W, layer->b);
        n_in = sizes[l];
    }
    return GUSTO_OK;
}

static gusto_status add_tensors(gusto_context *context, trained *t)
{
    gu_state    *state = t->state;
    int64_t      sizes[GU_MAX_LAYERS];
    const int    n = sizes_of(t->model, sizes);
    gusto_status status = gu_factors_add(context, state, sizes[n - 1], 0, false, true);
    t->k = sizes[n - 1];
    t->ld = gu_padded(t->k);
    if (status == GUSTO_OK)
        status = add_tower(context, t->model, state, 0, state->n_items, user_names, &t->user_tower);
    if (status == GUSTO_OK)
        status = add_tower(context, t->model, state, GU_MAX_LAYERS, state->n_users, item_names, &t->item_tower);
    if (status < 0)
        return status;
    const int64_t width = t->cosine ? 1 : t->k, ld = t->cosine ? 1 : t->ld;
    gusto_real   *head = gu_state_add(context, state, "head", GU_DTYPE_REAL, 1, width, ld);
    if (!head)
        return GUSTO_ENOMEM;
    for (int64_t j = 0; j < width; j++)
        head[j] = t->cosine ? (gusto_real)gu_model_option(t->model, options[SCALE].name) : 1;
    return GUSTO_OK;
}

static gusto_status make_room(gusto_context *context, trained *t)
{
    const int64_t n_users = t->by_user.n_rows, n_items = t->by_item.n_rows, nnz = t->by_user.nnz;
    const int64_t most = gu_input_most(&t->by_user, t->batch);
    t->column_value = gu_new(context, nnz, gusto_real);
    t->head_gradient = gu_new_zero(context, t->ld, gusto_real);
    t->bias_gradient = gu_new(context, n_items, gusto_real);
    t->product = t->cosine ? NULL : gu_new_zero(context, t->batch * t->ld, gusto_real);
    t->user_length = gu_new(context, t->batch, gusto_real);
    t->item_length = gu_new(context, n_items, gusto_real);
    t->score = gu_new(context, t->batch * n_items, gusto_real);
    t->row_loss = gu_new(context, t->batch, double);
    t->order = gu_new(context, n_users, int32_t);
    if (!t->column_value || !t->head_gradient || !t->bias_gradient || (!t->cosine && !t->product) || !t->user_length ||
        !t->item_length || !t->score || !t->row_loss || !t->order)
        return GUSTO_ENOMEM;
    gusto_status status = gu_input_room(context, t->batch, n_items, most, &t->user);
    if (status == GUSTO_OK)
        status = gu_input_room(context, t->batch, n_items, most, &t->target);
    if (status == GUSTO_OK)
        status = gu_input_room(context, n_items, n_users, nnz, &t->item);
    return status;
}

static gusto_status prepare(gusto_context *context, const gusto_ratings *ratings, trained *t)
{
    gusto_status status = gu_ratings_both_ways(context, ratings, &t->by_user, &t->by_item);
    if (status < 0)
        return status;
    const int64_t n_items = t->by_item.n_rows;
    t->cosine = is_cosine(t->model);
    t->batch = t->training.batch_size;
    status = add_tensors(context, t);
    if (status == GUSTO_OK)
        status = make_room(context, t);
    if (status == GUSTO_OK)
        status = gu_params_init(context, t->training.optimizer, t->training.optimizer_values, t->training.clip, &t->params);
    if (status == GUSTO_OK)
        status = gu_tower_init(context, &t->params, t->batch, user_names, &t->user_tower);
    if (status == GUSTO_OK)
        status = gu_tower_init(context, &t->params, n_items, item_names, &t->item_tower);
    if (status < 0)
        return status;
    const gusto_tensor *head = gu_state_tensor(t->state, "head");
    t->head = gu_params_add(context, &t->params, "head", 1, head->columns, head->ld, (gusto_real *)head->data, NULL);
    t->bias = t->head ? gu_params_add(context, &t->params, "bi", n_items, 1, 1, gu_state_real(t->state, "bi"), NULL) : NULL;
    if (!t->bias)
        return GUSTO_ENOMEM;

    const double high = (double)t->state->high;
    t->how = (gu_input_how){.ones = gu_model_option(t->model, options[USE_VALUES].name) == 0,
                            .scale = (gusto_real)(high > 0 ? 1 / high : 1),
                            .seed = context->seed};
    gu_input_take(context, &t->by_item, n_items, NULL, &t->how, &t->item);
    memcpy(t->column_value, t->item.value, (size_t)t->item.nnz * sizeof *t->column_value);
    return GUSTO_OK;
}

static gusto_status begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches)
{
    trained *t = self;
    gu_by_gradients_shuffle(context->seed, epoch, t->by_user.n_rows, t->order);
    t->how.epoch = (uint64_t)epoch;
    *n_batches = (t->by_user.n_rows + t->batch - 1) / t->batch;
    return GUSTO_OK;
}

/* The entries of these users in the input of the items: 0, or what they were. */
static void mask(trained *t, int64_t n, const int32_t *users, bool out)
{
    for (int64_t j = 0; j < n; j++)
        for (int64_t e = t->item.column_start[users[j]]; e < t->item.column_start[users[j] + 1]; e++)
            t->item.value[t->item.position[e]] = out ? 0 : t->column_value[t->item.position[e]];
}

/* Linear head: A o w, and back: the gradients by w and by A. */
static gusto_real *weigh(trained *t, int64_t n, const gusto_real *A)
{
    for (int64_t r = 0; r < n; r++)
        for (int64_t j = 0; j < t->k; j++)
            t->product[r * t->ld + j] = A[r * t->ld + j] * t->head->data[j];
    return t->product;
}

static void weigh_back(trained *t, int64_t n, const gusto_real *A, gusto_real *G)
{
    memset(t->head_gradient, 0, (size_t)t->ld * sizeof *G);
    for (int64_t r = 0; r < n; r++)
        for (int64_t j = 0; j < t->k; j++) {
            t->head_gradient[j] += A[r * t->ld + j] * G[r * t->ld + j];
            G[r * t->ld + j] *= t->head->data[j];
        }
}

static gu_head_loss loss_of(const trained *t)
{
    if (gu_model_option(t->model, options[LOSS].name) == SOFTMAX)
        return GU_HEAD_SOFTMAX;
    const bool published = t->cosine && gu_model_option(t->model, options[LEARN_SCALE].name) == 0 &&
                           gu_model_option(t->model, options[SCALE].name) == 1;
    return published ? GU_HEAD_PROBABILITY : GU_HEAD_LOGISTIC;
}

/* Forward, loss and gradients of a batch; all but the parameters' own steps. */
static double gradients(gusto_context *context, trained *t, int64_t n, const int32_t *users)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    const int64_t     n_items = t->by_item.n_rows;
    gu_layer   *user = &t->user_tower.layer[t->user_tower.n_layers - 1], *item = &t->item_tower.layer[t->item_tower.n_layers - 1];
    gusto_real *A = gu_tower_forward(context, &t->user_tower, &t->user), *B = gu_tower_forward(context, &t->item_tower, &t->item);
    if (t->cosine) {
        gu_rows_normalize(context, n, t->k, t->ld, A, t->user_length);
        gu_rows_normalize(context, n_items, t->k, t->ld, B, t->item_length);
    }
    const gu_head head = {.loss = loss_of(t),
                          .n = n,
                          .m = n_items,
                          .k = t->k,
                          .A = t->cosine ? A : weigh(t, n, A),
                          .B = B,
                          .lda = t->ld,
                          .ldb = t->ld,
                          .bias = t->bias->data,
                          .scale = t->cosine ? t->head->data[0] : 1,
                          .start = t->target.start,
                          .column = t->target.column,
                          .value = t->target.value,
                          .negatives = gu_model_option(t->model, options[NEGATIVES].name),
                          .seed = context->seed,
                          .epoch = t->how.epoch,
                          .which = users,
                          .S = t->score,
                          .dA = user->grad,
                          .dB = item->grad,
                          .dbias = t->bias_gradient,
                          .row_loss = t->row_loss};
    const double  loss = gu_head_run(context, &head);
    if (t->cosine) {
        double by_scale = 0; /* dA = scale G B, so A . dA / scale is the row's share */
        for (int64_t r = 0; r < n; r++)
            by_scale += (double)kernels->dot(t->k, A + r * t->ld, user->grad + r * t->ld);
        t->head_gradient[0] = (gusto_real)(by_scale / (double)t->head->data[0]);
        gu_rows_normalize_back(context, n, t->k, t->ld, A, t->user_length, user->grad);
        gu_rows_normalize_back(context, n_items, t->k, t->ld, B, t->item_length, item->grad);
    } else {
        weigh_back(t, n, A, user->grad);
    }
    const gusto_real l2 = (gusto_real)gu_model_option(t->model, options[L2].name);
    gu_tower_backward(context, &t->user_tower, &t->user, l2);
    gu_tower_backward(context, &t->item_tower, &t->item, l2);
    return loss;
}

static gusto_status step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *count)
{
    trained       *t = self;
    const int64_t  first = j * t->batch, left = t->by_user.n_rows - first, n = left < t->batch ? left : t->batch;
    const int32_t *users = t->order + first;
    gu_input_how   target = t->how;
    target.ones = gu_model_option(t->model, options[LOSS].name) != NORMALIZED;
    gu_input_take(context, &t->by_user, n, users, &target, &t->target);
    gu_input_how input = t->how;
    input.dropout = gu_model_option(t->model, options[DROPOUT].name);
    gu_input_take(context, &t->by_user, n, users, &input, &t->user);

    const bool masked = gu_model_option(t->model, options[MASK].name) != 0;
    if (masked)
        mask(t, n, users, true);
    *loss = gradients(context, t, n, users);
    *count = t->target.nnz;
    if (masked)
        mask(t, n, users, false);

    gu_tower_step(context, &t->params, &t->user_tower, rate);
    gu_tower_step(context, &t->params, &t->item_tower, rate);
    if (!t->cosine || gu_model_option(t->model, options[LEARN_SCALE].name) != 0)
        gu_net_move(context, &t->params, t->head, t->head_gradient, rate);
    if (gu_model_option(t->model, options[ITEM_BIAS].name) != 0)
        gu_net_move(context, &t->params, t->bias, t->bias_gradient, rate);
    return GUSTO_OK;
}

/* A row of P from what the user tower gives. */
static void to_row(const gusto_context *context, bool cosine, int64_t k, const gusto_real *head, const gusto_real *a,
                   gusto_real *row)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    const double      length = sqrt(kernels->sum_squares(k, a));
    for (int64_t j = 0; j < k; j++)
        row[j] = cosine ? (length > 0 ? (gusto_real)((double)head[0] * (double)a[j] / length) : 0) : head[j] * a[j];
}

/* P and Q, as the towers are now. */
static void finish(gusto_context *context, void *self)
{
    trained      *t = self;
    const int64_t n_users = t->by_user.n_rows, n_items = t->by_item.n_rows;
    gusto_real   *P = gu_state_real(t->state, "P"), *Q = gu_state_real(t->state, "Q");
    gu_input_how  how = t->how;
    for (int64_t first = 0; first < n_users; first += t->batch) {
        const int64_t n = n_users - first < t->batch ? n_users - first : t->batch;
        for (int64_t r = 0; r < n; r++)
            t->order[r] = (int32_t)(first + r);
        gu_input_take(context, &t->by_user, n, t->order, &how, &t->user);
        const gusto_real *A = gu_tower_forward(context, &t->user_tower, &t->user);
        for (int64_t r = 0; r < n; r++)
            to_row(context, t->cosine, t->k, t->head->data, A + r * t->ld, P + (first + r) * t->ld);
    }
    memcpy(Q, gu_tower_forward(context, &t->item_tower, &t->item), (size_t)(n_items * t->ld) * sizeof *Q);
    if (t->cosine)
        gu_rows_normalize(context, n_items, t->k, t->ld, Q, t->item_length);
}

static gusto_status measure(gusto_context *context, void *self, const gusto_model *model, const gu_held_out *pairs,
                            double *metric)
{
    (void)self;
    return gu_held_out_softmax(context, model, pairs, metric);
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
    gusto_status status = gu_by_gradients_rows(context, "users", state->n_users, &t->training);
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
    int64_t      sizes[GU_MAX_LAYERS];
    const int    n = sizes_of(model, sizes);
    gusto_status status = gu_factors_expect(context, state, sizes[n - 1], false, true);
    for (int side = 0; side < 2; side++) {
        const char *const *names = side ? item_names : user_names;
        int64_t            n_in = side ? state->n_users : state->n_items;
        for (int l = 0; l < n && status == GUSTO_OK; l++) {
            status = gu_state_expect(context, state, names[2 * l], n_in, sizes[l]);
            if (status == GUSTO_OK)
                status = gu_state_expect(context, state, names[2 * l + 1], 1, sizes[l]);
            n_in = sizes[l];
        }
    }
    return status < 0 ? status : gu_state_expect(context, state, "head", 1, is_cosine(model) ? 1 : sizes[n - 1]);
}

static int64_t memory(const gusto_model *model, int64_t n_users, int64_t n_items, int64_t nnz, bool dense)
{
    (void)dense;
    gu_training training;
    gu_training_read(&model->options, model->optimizer, model->optimizer_values, &training);
    int64_t       sizes[GU_MAX_LAYERS], weights = 0, outputs = 0, n_in = n_users + n_items;
    const int     n = sizes_of(model, sizes);
    const int64_t batch = gu_by_gradients_batch(&training, n_users);
    for (int l = 0; l < n; l++) {
        weights += n_in * gu_padded(sizes[l]);
        outputs += 2 * (n_items + batch) * gu_padded(sizes[l]);
        n_in = 2 * sizes[l];
    }
    const int64_t factors = (n_users + n_items) * gu_padded(sizes[n - 1]);
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
    const bool        ones = gu_model_option(model, options[USE_VALUES].name) == 0;
    const double      high = (double)state->high;
    int64_t           sizes[GU_MAX_LAYERS], most = 0;
    const int         n_layers = sizes_of(model, sizes);
    for (int l = 0; l < n_layers; l++)
        most = gu_padded(sizes[l]) > most ? gu_padded(sizes[l]) : most;
    gusto_real *room = gu_new(context, 2 * most, gusto_real);
    if (!room)
        return GUSTO_ENOMEM;
    gusto_real *in = room, *out = room + most;
    for (int l = 0; l < n_layers; l++) {
        const gusto_tensor *W = gu_state_tensor(state, user_names[2 * l]);
        const gusto_real   *w = W->data;
        memcpy(out, gu_state_real(state, user_names[2 * l + 1]), (size_t)W->ld * sizeof *out);
        for (int64_t e = 0; e < (l == 0 ? n : W->rows); e++)
            if (l == 0)
                kernels->axpy(W->ld, ones ? 1 : (gusto_real)(high > 0 ? (double)value[e] / high : (double)value[e]),
                              w + item[e] * W->ld, out);
            else
                kernels->axpy(W->ld, in[e], w + e * W->ld, out);
        if (l + 1 < n_layers || gu_model_option(model, options[LAST].name) != 0)
            kernels->activate(GU_ACTIVATION_RELU, W->columns, out);
        gusto_real *swap = in;
        in = out;
        out = swap;
    }
    const int64_t k = sizes[n_layers - 1];
    to_row(context, is_cosine(model), k, gu_state_real(state, "head"), in, row);
    row[k] = 0;
    gu_free(&context->allocator, room);
    return GUSTO_OK;
}

static const char *const tensors[] = {"mu",      "P",       "Q",       "bi",      "user_W1", "user_b1",
                                      "user_W2", "user_b2", "user_W3", "user_b3", "item_W1", "item_b1",
                                      "item_W2", "item_b2", "item_W3", "item_b3", "head",    NULL};

const gu_model_type gu_model_dmf = {
    .name = "dmf",
    .summary = "deep matrix factorization: two towers, cosine or linear head (Xue et al. 2017)",
    .options = options,
    .n_options = N_OPTIONS,
    .training_defaults = training_defaults,
    .by_gradients = true,
    .tensors = tensors,
    .fit = fit,
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
