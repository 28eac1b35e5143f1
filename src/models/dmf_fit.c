/* Training of deep matrix factorization: both towers, the head where they meet, and the way back. What is done and why: dmf.c. */
#include "core/memory.h"
#include "data/ratings.h"
#include "models/dmf.h"
#include "models/factors.h"
#include "models/held_out_softmax.h"

#include <math.h>
#include <string.h>

void gu_dmf_clear(const gusto_allocator *allocator, gu_dmf *t)
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

/* The layers of a tower as tensors, drawn. */
static gusto_status add_tower(gusto_context *context, const gu_dmf_how *how, gu_state *state, uint32_t which, int64_t n_in,
                              const char *const *names, gu_tower *tower)
{
    *tower = (gu_tower){.n_layers = how->n_layers};
    for (int l = 0; l < tower->n_layers; l++) {
        const bool last = l + 1 == tower->n_layers;
        gu_layer  *layer = &tower->layer[l];
        *layer = (gu_layer){.n_in = n_in, .n_out = how->size[l], .activation = GU_ACTIVATION_RELU};
        if (last && !how->last_relu)
            layer->activation = GU_ACTIVATION_NONE;
        layer->W = gu_state_add(context, state, names[2 * l], GU_DTYPE_REAL, n_in, how->size[l], gu_padded(how->size[l]));
        layer->b = layer->W
                       ? gu_state_add(context, state, names[2 * l + 1], GU_DTYPE_REAL, 1, how->size[l], gu_padded(how->size[l]))
                       : NULL;
        if (!layer->b)
            return GUSTO_ENOMEM;
        gu_layer_draw(context, which + (uint32_t)l, n_in, how->size[l], layer->W, layer->b);
        n_in = how->size[l];
    }
    return GUSTO_OK;
}

static gusto_status add_tensors(gusto_context *context, gu_dmf *t)
{
    gu_state    *state = t->state;
    gusto_status status = gu_factors_add(context, state, t->k, 0, false, true);
    if (status == GUSTO_OK)
        status = add_tower(context, &t->how, state, 0, state->n_items, gu_dmf_user_names, &t->user_tower);
    if (status == GUSTO_OK)
        status = add_tower(context, &t->how, state, GU_MAX_LAYERS, state->n_users, gu_dmf_item_names, &t->item_tower);
    if (status < 0)
        return status;
    const int64_t width = t->how.cosine ? 1 : t->k, ld = t->how.cosine ? 1 : t->ld;
    gusto_real   *head = gu_state_add(context, state, "head", GU_DTYPE_REAL, 1, width, ld);
    if (!head)
        return GUSTO_ENOMEM;
    for (int64_t j = 0; j < width; j++)
        head[j] = t->how.cosine ? (gusto_real)t->how.scale : 1;
    return GUSTO_OK;
}

static gusto_status make_room(gusto_context *context, gu_dmf *t)
{
    const int64_t n_users = t->by_user.n_rows, n_items = t->by_item.n_rows, nnz = t->by_user.nnz;
    const int64_t most = gu_input_most(&t->by_user, t->batch);
    t->column_value = gu_new(context, nnz, gusto_real);
    t->head_gradient = gu_new_zero(context, t->ld, gusto_real);
    t->bias_gradient = gu_new(context, n_items, gusto_real);
    t->product = t->how.cosine ? NULL : gu_new_zero(context, t->batch * t->ld, gusto_real);
    t->user_length = gu_new(context, t->batch, gusto_real);
    t->item_length = gu_new(context, n_items, gusto_real);
    t->score = gu_new(context, t->batch * n_items, gusto_real);
    t->row_loss = gu_new(context, t->batch, double);
    t->order = gu_new(context, n_users, int32_t);
    if (!t->column_value || !t->head_gradient || !t->bias_gradient || (!t->how.cosine && !t->product) || !t->user_length ||
        !t->item_length || !t->score || !t->row_loss || !t->order)
        return GUSTO_ENOMEM;
    gusto_status status = gu_input_room(context, t->batch, n_items, most, &t->user);
    if (status == GUSTO_OK)
        status = gu_input_room(context, t->batch, n_items, most, &t->target);
    if (status == GUSTO_OK)
        status = gu_input_room(context, n_items, n_users, nnz, &t->item);
    return status;
}

gusto_status gu_dmf_prepare(gusto_context *context, const gusto_ratings *ratings, gu_dmf *t)
{
    gusto_status status = gu_ratings_both_ways(context, ratings, &t->by_user, &t->by_item);
    if (status < 0)
        return status;
    const int64_t n_items = t->by_item.n_rows;
    t->k = t->how.size[t->how.n_layers - 1];
    t->ld = gu_padded(t->k);
    t->batch = t->training.batch_size;
    status = add_tensors(context, t);
    if (status == GUSTO_OK)
        status = make_room(context, t);
    if (status == GUSTO_OK)
        status = gu_params_init(context, t->training.optimizer, t->training.optimizer_values, t->training.clip, &t->params);
    if (status == GUSTO_OK)
        status = gu_tower_init(context, &t->params, t->batch, gu_dmf_user_names, &t->user_tower);
    if (status == GUSTO_OK)
        status = gu_tower_init(context, &t->params, n_items, gu_dmf_item_names, &t->item_tower);
    if (status < 0)
        return status;
    const gusto_tensor *head = gu_state_tensor(t->state, "head");
    t->head = gu_params_add(context, &t->params, "head", 1, head->columns, head->ld, (gusto_real *)head->data, NULL);
    t->bias = t->head ? gu_params_add(context, &t->params, "bi", n_items, 1, 1, gu_state_real(t->state, "bi"), NULL) : NULL;
    if (!t->bias)
        return GUSTO_ENOMEM;

    const double high = (double)t->state->high;
    t->input = (gu_input_how){.ones = t->how.ones, .scale = (gusto_real)(high > 0 ? 1 / high : 1), .seed = context->seed};
    gu_input_take(context, &t->by_item, n_items, NULL, &t->input, &t->item);
    memcpy(t->column_value, t->item.value, (size_t)t->item.nnz * sizeof *t->column_value);
    return GUSTO_OK;
}

static gusto_status begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches)
{
    gu_dmf *t = self;
    gu_by_gradients_shuffle(context->seed, epoch, t->by_user.n_rows, t->order);
    t->input.epoch = (uint64_t)epoch;
    *n_batches = (t->by_user.n_rows + t->batch - 1) / t->batch;
    return GUSTO_OK;
}

/* The entries of these users in the input of the items: 0, or what they were. */
static void mask(gu_dmf *t, int64_t n, const int32_t *users, bool out)
{
    for (int64_t j = 0; j < n; j++)
        for (int64_t e = t->item.column_start[users[j]]; e < t->item.column_start[users[j] + 1]; e++)
            t->item.value[t->item.position[e]] = out ? 0 : t->column_value[t->item.position[e]];
}

/* Linear head: A o w, and back: the gradients by w and by A. */
static gusto_real *weigh(gu_dmf *t, int64_t n, const gusto_real *A)
{
    for (int64_t r = 0; r < n; r++)
        for (int64_t j = 0; j < t->k; j++)
            t->product[r * t->ld + j] = A[r * t->ld + j] * t->head->data[j];
    return t->product;
}

static void weigh_back(gu_dmf *t, int64_t n, const gusto_real *A, gusto_real *G)
{
    memset(t->head_gradient, 0, (size_t)t->ld * sizeof *G);
    for (int64_t r = 0; r < n; r++)
        for (int64_t j = 0; j < t->k; j++) {
            t->head_gradient[j] += A[r * t->ld + j] * G[r * t->ld + j];
            G[r * t->ld + j] *= t->head->data[j];
        }
}

static gu_head_loss loss_of(const gu_dmf_how *how)
{
    if (how->loss == GU_DMF_SOFTMAX)
        return GU_HEAD_SOFTMAX;
    const bool published = how->cosine && !how->learn_scale && how->scale == 1;
    return published ? GU_HEAD_PROBABILITY : GU_HEAD_LOGISTIC;
}

/* The inputs of a batch, and what it is held against. */
static void take(gusto_context *context, gu_dmf *t, int64_t n, const int32_t *users)
{
    gu_input_how target = t->input, input = t->input;
    target.ones = t->how.loss != GU_DMF_NORMALIZED;
    gu_input_take(context, &t->by_user, n, users, &target, &t->target);
    input.dropout = t->how.dropout;
    gu_input_take(context, &t->by_user, n, users, &input, &t->user);
    if (t->how.mask)
        mask(t, n, users, true);
}

double gu_dmf_gradients(gusto_context *context, gu_dmf *t, int64_t n, const int32_t *users, int64_t *count)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    const int64_t     n_items = t->by_item.n_rows;
    gu_layer *user = &t->user_tower.layer[t->user_tower.n_layers - 1], *item = &t->item_tower.layer[t->item_tower.n_layers - 1];
    take(context, t, n, users);
    gusto_real *A = gu_tower_forward(context, &t->user_tower, &t->user), *B = gu_tower_forward(context, &t->item_tower, &t->item);
    if (t->how.cosine) {
        gu_rows_normalize(context, n, t->k, t->ld, A, t->user_length);
        gu_rows_normalize(context, n_items, t->k, t->ld, B, t->item_length);
    }
    const gu_head head = {.loss = loss_of(&t->how),
                          .n = n,
                          .m = n_items,
                          .k = t->k,
                          .A = t->how.cosine ? A : weigh(t, n, A),
                          .B = B,
                          .lda = t->ld,
                          .ldb = t->ld,
                          .bias = t->bias->data,
                          .scale = t->how.cosine ? t->head->data[0] : 1,
                          .start = t->target.start,
                          .column = t->target.column,
                          .value = t->target.value,
                          .negatives = t->how.negatives,
                          .seed = context->seed,
                          .epoch = t->input.epoch,
                          .which = users,
                          .S = t->score,
                          .dA = user->grad,
                          .dB = item->grad,
                          .dbias = t->bias_gradient,
                          .row_loss = t->row_loss};
    const double  loss = gu_head_run(context, &head);
    if (t->how.cosine) {
        double by_scale = 0; /* dA = scale G B, so A . dA / scale is the row's share */
        for (int64_t r = 0; r < n; r++)
            by_scale += (double)kernels->dot(t->k, A + r * t->ld, user->grad + r * t->ld);
        t->head_gradient[0] = (gusto_real)(by_scale / (double)t->head->data[0]);
        gu_rows_normalize_back(context, n, t->k, t->ld, A, t->user_length, user->grad);
        gu_rows_normalize_back(context, n_items, t->k, t->ld, B, t->item_length, item->grad);
    } else {
        weigh_back(t, n, A, user->grad);
    }
    const gusto_real l2 = (gusto_real)t->how.l2;
    gu_tower_backward(context, &t->user_tower, &t->user, l2);
    gu_tower_backward(context, &t->item_tower, &t->item, l2);
    if (t->how.mask)
        mask(t, n, users, false);
    *count = t->target.nnz;
    return loss;
}

static gusto_status step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *count)
{
    gu_dmf       *t = self;
    const int64_t first = j * t->batch, left = t->by_user.n_rows - first, n = left < t->batch ? left : t->batch;
    *loss = gu_dmf_gradients(context, t, n, t->order + first, count);
    gu_tower_step(context, &t->params, &t->user_tower, rate);
    gu_tower_step(context, &t->params, &t->item_tower, rate);
    if (!t->how.cosine || t->how.learn_scale)
        gu_net_move(context, &t->params, t->head, t->head_gradient, rate);
    if (t->how.item_bias)
        gu_net_move(context, &t->params, t->bias, t->bias_gradient, rate);
    return GUSTO_OK;
}

void gu_dmf_to_row(const gusto_context *context, bool cosine, int64_t k, const gusto_real *head, const gusto_real *a,
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
    gu_dmf       *t = self;
    const int64_t n_users = t->by_user.n_rows, n_items = t->by_item.n_rows;
    gusto_real   *P = gu_state_real(t->state, "P"), *Q = gu_state_real(t->state, "Q");
    for (int64_t first = 0; first < n_users; first += t->batch) {
        const int64_t n = n_users - first < t->batch ? n_users - first : t->batch;
        for (int64_t r = 0; r < n; r++)
            t->order[r] = (int32_t)(first + r);
        gu_input_take(context, &t->by_user, n, t->order, &t->input, &t->user);
        const gusto_real *A = gu_tower_forward(context, &t->user_tower, &t->user);
        for (int64_t r = 0; r < n; r++)
            gu_dmf_to_row(context, t->how.cosine, t->k, t->head->data, A + r * t->ld, P + (first + r) * t->ld);
    }
    memcpy(Q, gu_tower_forward(context, &t->item_tower, &t->item), (size_t)(n_items * t->ld) * sizeof *Q);
    if (t->how.cosine)
        gu_rows_normalize(context, n_items, t->k, t->ld, Q, t->item_length);
}

static gusto_status measure(gusto_context *context, void *self, const gusto_model *model, const gu_held_out *pairs,
                            double *metric)
{
    (void)self;
    return gu_held_out_softmax(context, model, pairs, metric);
}

gusto_status gu_dmf_fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                        const gusto_fit_options *fit_options, gu_state *state)
{
    gu_dmf *t = gu_new_zero(context, 1, gu_dmf);
    if (!t)
        return GUSTO_ENOMEM;
    t->how = gu_dmf_how_of(model);
    t->state = state;
    gu_training_read(&model->options, model->optimizer, model->optimizer_values, &t->training);
    gusto_status status = gu_by_gradients_rows(context, "users", state->n_users, &t->training);
    if (status == GUSTO_OK)
        status = gu_dmf_prepare(context, ratings, t);
    const gu_by_gradients how = {
        .self = t, .params = &t->params, .begin = begin, .step = step, .finish = finish, .measure = measure};
    if (status == GUSTO_OK)
        status = gu_by_gradients_fit(context, model, &t->training, ratings, &how, fit_options, state);
    gu_dmf_clear(&context->allocator, t);
    gu_free(&context->allocator, t);
    return status;
}
