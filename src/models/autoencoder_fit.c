/* Training of autoencoders: the encoder, the last layer where it is observed or under softmax, and the way back. What is done and why: autoencoder.c. */
#include "core/memory.h"
#include "models/autoencoder.h"
#include "models/factors.h"
#include "models/held_out_softmax.h"
#include "models/unit.h"

#include <math.h>
#include <string.h>

void gu_autoencoder_clear(const gusto_allocator *allocator, gu_autoencoder *t)
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
static gusto_status fit_baseline(gusto_context *context, const gusto_ratings *ratings, gu_autoencoder *t)
{
    gusto_model *baseline = NULL;
    gusto_status status = gusto_model_create(context, "baseline", &baseline);
    if (status == GUSTO_OK)
        status = gusto_model_set_number(context, baseline, "keep_seen", 0);
    if (status == GUSTO_OK)
        status = gusto_model_set_number(context, baseline, "l2_user", t->how.l2_user);
    if (status == GUSTO_OK)
        status = gusto_model_set_number(context, baseline, "l2_item", t->how.l2_item);
    if (status == GUSTO_OK)
        status = gusto_model_fit(context, baseline, ratings, NULL);
    if (status == GUSTO_OK) {
        gusto_tensor bu, bi;
        gusto_model_tensor(baseline, "bu", &bu);
        gusto_model_tensor(baseline, "bi", &bi);
        const gusto_tensor *row = t->how.variant == GU_AUTOENCODER_ITEMS ? &bi : &bu,
                           *column = t->how.variant == GU_AUTOENCODER_ITEMS ? &bu : &bi;
        memcpy(t->base_row, row->data, (size_t)row->rows * sizeof *t->base_row);
        memcpy(t->base_column, column->data, (size_t)column->rows * sizeof *t->base_column);
    }
    gusto_model_destroy(baseline);
    return status;
}

static gusto_status add_tensors(gusto_context *context, gu_autoencoder *t)
{
    gu_state          *state = t->state;
    const bool         multinomial = t->how.variant == GU_AUTOENCODER_MULTINOMIAL;
    const gusto_status status = gu_factors_add(context, state, t->h, multinomial ? 0 : state->mean, !multinomial, true);
    if (status < 0)
        return status;
    gusto_real *V = gu_state_add(context, state, "V", GU_DTYPE_REAL, t->n_columns, t->h, t->ld);
    gusto_real *c = V ? gu_state_add(context, state, "c", GU_DTYPE_REAL, 1, t->h, t->ld) : NULL;
    gusto_real *base = c ? gu_state_add(context, state, "base", GU_DTYPE_REAL, state->n_items, 1, 1) : NULL;
    if (!base)
        return GUSTO_ENOMEM;
    memset(base, 0, (size_t)state->n_items * sizeof *base);
    t->W = gu_state_real(state, t->how.variant == GU_AUTOENCODER_ITEMS ? "P" : "Q");
    t->code = gu_state_real(state, t->how.variant == GU_AUTOENCODER_ITEMS ? "Q" : "P");
    gu_layer_draw(context, 0, t->n_columns, t->h, V, c);
    gusto_real *unused = gu_new(context, t->ld, gusto_real); /* the bias of the last layer lies elsewhere */
    if (!unused)
        return GUSTO_ENOMEM;
    gu_layer_draw(context, 1, t->n_columns, t->h, t->W, unused);
    gu_free(&context->allocator, unused);
    t->tower = (gu_tower){.n_layers = 1};
    t->tower.layer[0] = (gu_layer){.n_in = t->n_columns, .n_out = t->h, .activation = t->how.activation, .W = V, .b = c};
    return GUSTO_OK;
}

static gusto_status make_room(gusto_context *context, gu_autoencoder *t)
{
    const int64_t n_rows = t->rows.n_rows, batch = t->training.batch_size;
    const int64_t most = gu_input_most(&t->rows, n_rows); /* codes of all rows are taken at once */
    t->base_row = gu_new_zero(context, n_rows, gusto_real);
    t->base_column = gu_new_zero(context, t->n_columns, gusto_real);
    t->b = gu_new_zero(context, t->n_columns, gusto_real);
    t->dW = gu_new_zero(context, t->n_columns * t->ld, gusto_real);
    t->db = gu_new(context, t->n_columns, gusto_real);
    t->residual = gu_new(context, most, gusto_real);
    t->score = t->how.variant == GU_AUTOENCODER_MULTINOMIAL ? gu_new(context, batch * t->n_columns, gusto_real) : NULL;
    t->row_loss = gu_new(context, n_rows, double);
    t->order = gu_new(context, n_rows, int32_t);
    if (!t->base_row || !t->base_column || !t->b || !t->dW || !t->db || !t->residual || !t->row_loss || !t->order ||
        (t->how.variant == GU_AUTOENCODER_MULTINOMIAL && !t->score))
        return GUSTO_ENOMEM;
    gusto_status status = gu_input_room(context, n_rows, t->n_columns, most, &t->input);
    if (status == GUSTO_OK)
        status = gu_input_room(context, batch, t->n_columns, most, &t->target);
    return status;
}

/* Popular items start ahead: b is the log of an item's share. */
static void start_from_popularity(gu_autoencoder *t)
{
    for (int64_t e = 0; e < t->rows.nnz; e++)
        t->b[t->rows.column[e]] += 1;
    for (int64_t i = 0; i < t->n_columns; i++)
        t->b[i] = (gusto_real)log(((double)t->b[i] + 0.5) / ((double)t->rows.nnz + 0.5 * (double)t->n_columns));
}

gusto_status gu_autoencoder_prepare(gusto_context *context, const gusto_ratings *ratings, gu_autoencoder *t)
{
    t->h = t->how.hidden;
    t->ld = gu_padded(t->h);
    gusto_status status = t->how.variant == GU_AUTOENCODER_ITEMS ? gusto_ratings_by_item(context, ratings, &t->rows)
                                                                 : gusto_ratings_by_user(context, ratings, &t->rows);
    if (status < 0)
        return status;
    t->n_columns = t->rows.n_columns;
    status = make_room(context, t);
    if (status == GUSTO_OK)
        status = add_tensors(context, t);
    const bool multinomial = t->how.variant == GU_AUTOENCODER_MULTINOMIAL;
    if (status == GUSTO_OK && !multinomial)
        status = fit_baseline(context, ratings, t);
    if (status == GUSTO_OK && !multinomial)
        status = gu_unit_add(context, ratings, t->state);
    if (status < 0)
        return status;
    t->unit = (gusto_real)gu_unit_of(t->state);
    if (multinomial)
        start_from_popularity(t);
    t->take =
        (gu_input_how){.ones = multinomial && t->how.ones, .unit = multinomial, .scale = 1 / t->unit, .seed = context->seed};
    if (!multinomial) {
        t->take.shift = (gusto_real)t->state->mean;
        t->take.shift_row = t->base_row;
        t->take.shift_column = t->base_column;
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
    gu_autoencoder *t = self;
    gu_by_gradients_shuffle(context->seed, epoch, t->rows.n_rows, t->order);
    t->take.epoch = (uint64_t)epoch;
    *n_batches = (t->rows.n_rows + t->training.batch_size - 1) / t->training.batch_size;
    return GUSTO_OK;
}

/* Squared loss on observed cells: the last layer both ways. code, grad [rows of the batch x ld]. */
static double observed(gusto_context *context, gu_autoencoder *t, const gusto_real *code, gusto_real *grad, gusto_real l2)
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
static double all_items(gusto_context *context, gu_autoencoder *t, const int32_t *which, const gusto_real *code, gusto_real *grad,
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

double gu_autoencoder_gradients(gusto_context *context, gu_autoencoder *t, int64_t n, const int32_t *which, gusto_real *ridge,
                                int64_t *count)
{
    gu_layer    *layer = &t->tower.layer[0];
    gu_input_how plain = t->take;
    plain.unit = false;
    plain.dropout = 0; /* what was left out is what the output is held against */
    gu_input_take(context, &t->rows, n, which, &plain, &t->target);
    t->take.dropout = t->how.dropout;
    gu_input_take(context, &t->rows, n, which, &t->take, &t->input);
    const gusto_real *code = gu_tower_forward(context, &t->tower, &t->input);
    const double      share = (double)n / (double)t->rows.n_rows;
    double            loss;
    *count = t->target.nnz;
    if (t->how.variant == GU_AUTOENCODER_MULTINOMIAL) { /* its gradient is that of a mean over the rows */
        *ridge = (gusto_real)(t->how.l2 / (double)t->rows.n_rows);
        loss = all_items(context, t, which, code, layer->grad, *ridge);
    } else {
        *ridge = (gusto_real)(t->how.l2 * share);
        loss = observed(context, t, code, layer->grad, *ridge);
    }
    gu_tower_backward(context, &t->tower, &t->input, *ridge);
    return loss;
}

static gusto_status step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *count)
{
    gu_autoencoder *t = self;
    const int64_t   first = j * t->training.batch_size, left = t->rows.n_rows - first;
    gusto_real      ridge;
    *loss = gu_autoencoder_gradients(context, t, left < t->training.batch_size ? left : t->training.batch_size, t->order + first,
                                     &ridge, count);
    *loss *= (double)t->unit * (double)t->unit;
    gu_tower_step(context, &t->params, &t->tower, rate);
    gu_net_move(context, &t->params, t->param_W, t->dW, rate);
    gu_net_move(context, &t->params, t->param_b, t->db, rate);
    return GUSTO_OK;
}

/* Codes of all rows and the biases, as the factorization that the state is. */
static void finish(gusto_context *context, void *self)
{
    gu_autoencoder *t = self;
    gu_state       *state = t->state;
    t->take.dropout = 0;
    gu_input_take(context, &t->rows, t->rows.n_rows, NULL, &t->take, &t->input);
    memcpy(t->code, gu_tower_forward(context, &t->tower, &t->input), (size_t)(t->rows.n_rows * t->ld) * sizeof *t->code);
    if (t->unit != 1)
        gu_kernels_of(context)->scale(t->rows.n_rows * t->ld, t->unit, t->code);
    gusto_real *bu = gu_state_optional(state, "bu"), *bi = gu_state_real(state, "bi"), *base = gu_state_real(state, "base");
    gusto_real *column = t->how.variant == GU_AUTOENCODER_ITEMS ? bu : bi,
               *row = t->how.variant == GU_AUTOENCODER_ITEMS ? bi : bu;
    const gusto_real *base_item = t->how.variant == GU_AUTOENCODER_ITEMS ? t->base_row : t->base_column;
    for (int64_t c = 0; c < t->n_columns; c++)
        column[c] = t->base_column[c] + t->unit * t->b[c];
    if (row)
        memcpy(row, t->base_row, (size_t)t->rows.n_rows * sizeof *row);
    memcpy(base, base_item, (size_t)state->n_items * sizeof *base);
}

static gusto_status measure(gusto_context *context, void *self, const gusto_model *model, const gu_held_out *pairs,
                            double *metric)
{
    if (((gu_autoencoder *)self)->how.variant == GU_AUTOENCODER_MULTINOMIAL)
        return gu_held_out_softmax(context, model, pairs, metric);
    return gu_held_out_rmse(context, model, pairs, metric);
}

gusto_status gu_autoencoder_fit(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                                const gusto_fit_options *fit_options, gu_state *state)
{
    gu_autoencoder *t = gu_new_zero(context, 1, gu_autoencoder);
    if (!t)
        return GUSTO_ENOMEM;
    t->how = gu_autoencoder_how_of(model);
    t->state = state;
    gu_training_read(&model->options, model->optimizer, model->optimizer_values, &t->training);
    const bool   items = t->how.variant == GU_AUTOENCODER_ITEMS;
    gusto_status status =
        gu_by_gradients_rows(context, items ? "items" : "users", items ? state->n_items : state->n_users, &t->training);
    if (status == GUSTO_OK)
        status = gu_autoencoder_prepare(context, ratings, t);
    const gu_by_gradients how = {
        .self = t, .params = &t->params, .begin = begin, .step = step, .finish = finish, .measure = measure};
    if (status == GUSTO_OK)
        status = gu_by_gradients_fit(context, model, &t->training, ratings, &how, fit_options, state);
    gu_autoencoder_clear(&context->allocator, t);
    gu_free(&context->allocator, t);
    return status;
}
