/* Gradients through all layers against finite differences of the loss. */
#include "core/memory.h"
#include "core/rng.h"
#include "net/net.h"

#include <gusto/gusto.h>

#include "../suite.h"

#include <math.h>
#include <string.h>

enum { ROWS = 5, COLUMNS = 11, OTHERS = 7, K = 3 };

/* Half of the cells of ROWS x COLUMNS, and targets of ROWS x OTHERS. */
typedef struct cells {
    int64_t    start[ROWS + 1];
    int32_t    column[ROWS * COLUMNS];
    gusto_real value[ROWS * COLUMNS];
} cells;

static gusto_rows fill(cells *c, int n_columns, int salt, bool share)
{
    int64_t n = 0;
    for (int r = 0; r < ROWS; r++) {
        c->start[r] = n;
        for (int j = 0; j < n_columns; j++)
            if ((r * 5 + j * 3 + salt) % 4 < 2) {
                c->column[n] = j;
                c->value[n++] = (gusto_real)(share ? 0.2 + 0.1 * ((r + j) % 7) : 1 - 0.3 * ((r + 2 * j) % 5));
            }
    }
    c->start[ROWS] = n;
    return (gusto_rows){
        .n_rows = ROWS, .n_columns = n_columns, .nnz = n, .start = c->start, .column = c->column, .value = c->value};
}

typedef struct problem {
    gusto_context *context;
    gu_params      params;
    gu_tower       tower;
    gu_input       input;
    gu_head        head;
    bool           cosine;
    gusto_real     W[3][COLUMNS * GU_LANES], b[3][GU_LANES], B[OTHERS * GU_LANES], bias[OTHERS], S[ROWS * OTHERS];
    gusto_real     dB[OTHERS * GU_LANES], dbias[OTHERS], length[ROWS];
    double         row_loss[ROWS];
} problem;

/* The mean loss; gradients are left in the tower and in dB, dbias. */
static double loss_at(problem *p)
{
    gu_layer   *last = &p->tower.layer[p->tower.n_layers - 1];
    gusto_real *A = gu_tower_forward(p->context, &p->tower, &p->input);
    if (p->cosine)
        gu_rows_normalize(p->context, ROWS, K, last->ld, A, p->length);
    p->head.A = A;
    p->head.dA = last->grad;
    const double loss = gu_head_run(p->context, &p->head) / ROWS;
    if (p->cosine)
        gu_rows_normalize_back(p->context, ROWS, K, last->ld, A, p->length, last->grad);
    return loss;
}

static double difference(problem *p, gusto_real *x)
{
    const gusto_real kept = *x;
    const double     h = 2e-3;
    *x = (gusto_real)((double)kept + h);
    const double up_at = (double)*x, up = loss_at(p);
    *x = (gusto_real)((double)kept - h);
    const double down_at = (double)*x, down = loss_at(p);
    *x = kept;
    return (up - down) / (up_at - down_at);
}

static void check(gu_head_loss loss, bool cosine, gu_activation activation, int n_layers)
{
    static const char *const names[] = {"W1", "b1", "W2", "b2", "W3", "b3"};
    static problem           p;
    cells                    in, out;
    const gusto_rows         rows = fill(&in, COLUMNS, 1, false), targets = fill(&out, OTHERS, 2, true);
    const int64_t            sizes[] = {6, 5, K};
    int32_t                  which[ROWS];
    p = (problem){.cosine = cosine};
    ck_assert_int_eq(gusto_context_create(NULL, &p.context), GUSTO_OK);
    const gusto_optimizer_type *sgd = gusto_optimizer_find("sgd");
    ck_assert_int_eq(gu_params_init(p.context, sgd, NULL, 0, &p.params), GUSTO_OK);
    p.tower.n_layers = n_layers;
    int64_t n_in = COLUMNS;
    for (int l = 0; l < n_layers; l++) {
        const bool last = l + 1 == n_layers;
        p.tower.layer[l] = (gu_layer){.n_in = n_in,
                                      .n_out = last ? K : sizes[l],
                                      .activation = last ? GU_ACTIVATION_NONE : activation,
                                      .W = p.W[l],
                                      .b = p.b[l]};
        n_in = p.tower.layer[l].n_out;
        gu_layer_draw(p.context, (uint32_t)l, p.tower.layer[l].n_in, n_in, p.W[l], p.b[l]);
        for (int64_t j = 0; j < n_in; j++)
            p.b[l][j] = (gusto_real)(0.2 + 0.07 * (double)j);
    }
    gusto_real unused[GU_LANES];
    gu_layer_draw(p.context, 9, OTHERS, K, p.B, unused);
    ck_assert_int_eq(gu_tower_init(p.context, &p.params, ROWS, names, &p.tower), GUSTO_OK);
    ck_assert_int_eq(gu_input_room(p.context, ROWS, COLUMNS, rows.nnz, &p.input), GUSTO_OK);
    const gu_input_how how = {.scale = 1};
    gu_input_take(p.context, &rows, ROWS, NULL, &how, &p.input);
    for (int r = 0; r < ROWS; r++)
        which[r] = r;
    p.head = (gu_head){.loss = loss,
                       .n = ROWS,
                       .m = OTHERS,
                       .k = K,
                       .B = p.B,
                       .lda = GU_LANES,
                       .ldb = GU_LANES,
                       .bias = loss == GU_HEAD_PROBABILITY ? NULL : p.bias,
                       .scale = loss == GU_HEAD_PROBABILITY ? 1 : (gusto_real)2.5,
                       .start = targets.start,
                       .column = targets.column,
                       .value = targets.value,
                       .negatives = 0.8,
                       .seed = 3,
                       .which = which,
                       .S = p.S,
                       .dB = p.dB,
                       .dbias = p.dbias,
                       .row_loss = p.row_loss};
    if (loss == GU_HEAD_PROBABILITY) /* cosines within 0 .. 1: everything positive */
        for (int l = 0; l < n_layers; l++)
            for (int64_t j = 0; j < p.tower.layer[l].n_in * GU_LANES; j++)
                p.W[l][j] = p.W[l][j] < 0 ? -p.W[l][j] : p.W[l][j];
    if (loss == GU_HEAD_PROBABILITY)
        for (int64_t r = 0; r < OTHERS; r++) {
            double square = 0;
            for (int j = 0; j < K; j++) {
                p.B[r * GU_LANES + j] = (gusto_real)fabs((double)p.B[r * GU_LANES + j]);
                square += (double)p.B[r * GU_LANES + j] * (double)p.B[r * GU_LANES + j];
            }
            for (int j = 0; j < K; j++)
                p.B[r * GU_LANES + j] /= (gusto_real)(1.1 * sqrt(square));
        }

    loss_at(&p);
    gu_tower_backward(p.context, &p.tower, &p.input, 0);
    static gusto_real dW[3][COLUMNS * GU_LANES], db[3][GU_LANES], dB[OTHERS * GU_LANES], dbias[OTHERS];
    for (int l = 0; l < n_layers; l++) {
        memcpy(dW[l], p.tower.layer[l].dW, (size_t)(p.tower.layer[l].n_in * GU_LANES) * sizeof(gusto_real));
        memcpy(db[l], p.tower.layer[l].db, sizeof db[l]);
    }
    memcpy(dB, p.dB, sizeof dB);
    memcpy(dbias, p.dbias, sizeof dbias);
    double worst = 0, size = 0;
    for (int l = 0; l < n_layers; l++) {
        const gu_layer *layer = &p.tower.layer[l];
        double          of_layer = 0;
        for (int64_t j = 0; j < layer->n_out; j++) {
            for (int64_t i = 0; i < layer->n_in; i++) {
                const double expected = difference(&p, &p.W[l][i * GU_LANES + j]);
                worst = fmax(worst, fabs(expected - (double)dW[l][i * GU_LANES + j]));
                of_layer = fmax(of_layer, fabs(expected));
            }
            worst = fmax(worst, fabs(difference(&p, &p.b[l][j]) - (double)db[l][j]));
        }
        ck_assert_double_gt(of_layer, 1e-4);
        size = fmax(size, of_layer);
    }
    for (int64_t i = 0; i < OTHERS; i++) {
        for (int64_t j = 0; j < K; j++)
            worst = fmax(worst, fabs(difference(&p, &p.B[i * GU_LANES + j]) - (double)dB[i * GU_LANES + j]));
        if (p.head.bias)
            worst = fmax(worst, fabs(difference(&p, &p.bias[i]) - (double)dbias[i]));
    }
    ck_assert_msg(worst < 5e-3 * fmax(size, 0.1), "loss %d, cosine %d, activation %d, %d layers: off by %g of %g", loss, cosine,
                  activation, n_layers, worst, size);
    const gusto_allocator allocator = p.context->allocator;
    gu_input_clear(&allocator, &p.input);
    gu_tower_clear(&allocator, &p.tower);
    gu_params_clear(&allocator, &p.params);
    gusto_context_destroy(p.context);
}

START_TEST(gradients_are_derivatives)
{
    for (int n_layers = 1; n_layers <= 3; n_layers++) {
        check(GU_HEAD_SOFTMAX, true, GU_ACTIVATION_TANH, n_layers);
        check(GU_HEAD_SOFTMAX, false, GU_ACTIVATION_SIGMOID, n_layers);
        check(GU_HEAD_LOGISTIC, true, GU_ACTIVATION_RELU, n_layers);
        check(GU_HEAD_PROBABILITY, true, GU_ACTIVATION_SIGMOID, n_layers);
    }
}
END_TEST

/* An input by rows and by columns is the same; dropout keeps the mean, a mask takes columns out, unit rows have length 1. */
START_TEST(inputs_are_taken_as_told)
{
    gusto_context *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    cells            c;
    const gusto_rows rows = fill(&c, COLUMNS, 0, true);
    gu_input         x;
    ck_assert_int_eq(gu_input_room(context, ROWS, COLUMNS, rows.nnz, &x), GUSTO_OK);
    bool masked[COLUMNS] = {false};
    masked[2] = true;
    const gu_input_how unit = {.scale = 2, .unit = true, .masked = masked};
    gu_input_take(context, &rows, ROWS, NULL, &unit, &x);
    for (int64_t r = 0; r < ROWS; r++) {
        double square = 0;
        for (int64_t e = x.start[r]; e < x.start[r + 1]; e++) {
            square += (double)x.value[e] * (double)x.value[e];
            ck_assert_int_ne(x.column[e], 2);
        }
        ck_assert_double_le(fabs(square - 1), 1e-5);
    }
    for (int64_t column = 0; column < COLUMNS; column++)
        for (int64_t e = x.column_start[column]; e < x.column_start[column + 1]; e++) {
            ck_assert_int_eq(x.column[x.position[e]], column);
            ck_assert(x.start[x.row[e]] <= x.position[e] && x.position[e] < x.start[x.row[e] + 1]);
        }
    double kept = 0, all = 0;
    for (int64_t e = 0; e < rows.nnz; e++)
        all += (double)rows.value[e];
    for (uint64_t epoch = 0; epoch < 2000; epoch++) {
        const gu_input_how dropped = {.scale = 1, .dropout = 0.6, .seed = 5, .epoch = epoch};
        gu_input_take(context, &rows, ROWS, NULL, &dropped, &x);
        for (int64_t e = 0; e < x.nnz; e++)
            kept += (double)x.value[e] / 2000;
    }
    ck_assert_double_le(fabs(kept - all), 0.05 * all);
    gu_input_clear(&context->allocator, &x);
    gusto_context_destroy(context);
}
END_TEST

/* Some rows, in another order, some of them twice, with dropout: the same at any number of threads, and rows ascend within a column. */
START_TEST(inputs_do_not_depend_on_threads)
{
    static const int32_t which[] = {3, 0, 4, 1, 3, 2, 0};
    enum { N = sizeof which / sizeof *which, ROOM = N * COLUMNS };
    cells              c;
    const gusto_rows   rows = fill(&c, COLUMNS, 0, true);
    const gu_input_how how = {.scale = 1, .dropout = 0.3, .seed = 5};
    gu_input           x[4];
    gusto_context     *context;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    for (int t = 0; t < 4; t++) { /* 1, 2, 4, 8: more than there are rows */
        ck_assert_int_eq(gusto_context_set_threads(context, 1 << t), GUSTO_OK);
        ck_assert_int_eq(gu_input_room(context, N, COLUMNS, ROOM, &x[t]), GUSTO_OK);
        gu_input_take(context, &rows, N, which, &how, &x[t]);
        ck_assert_int_eq(x[t].nnz, x[0].nnz);
        ck_assert_mem_eq(x[t].start, x[0].start, (N + 1) * sizeof *x->start);
        ck_assert_mem_eq(x[t].column, x[0].column, (size_t)x->nnz * sizeof *x->column);
        ck_assert_mem_eq(x[t].value, x[0].value, (size_t)x->nnz * sizeof *x->value);
        ck_assert_mem_eq(x[t].column_start, x[0].column_start, (COLUMNS + 1) * sizeof *x->column_start);
        ck_assert_mem_eq(x[t].row, x[0].row, (size_t)x->nnz * sizeof *x->row);
        ck_assert_mem_eq(x[t].position, x[0].position, (size_t)x->nnz * sizeof *x->position);
    }
    int64_t before = 0;
    for (int r = 0; r < N; r++)
        before += rows.start[which[r] + 1] - rows.start[which[r]];
    ck_assert(x->nnz > 0 && x->nnz < before); /* something has been left out */
    for (int column = 0; column < COLUMNS; column++)
        for (int64_t e = x->column_start[column]; e < x->column_start[column + 1]; e++) {
            ck_assert_int_eq(x->column[x->position[e]], column);
            ck_assert(x->start[x->row[e]] <= x->position[e] && x->position[e] < x->start[x->row[e] + 1]);
            ck_assert(e == x->column_start[column] || x->row[e] > x->row[e - 1]);
        }
    for (int t = 0; t < 4; t++)
        gu_input_clear(&context->allocator, &x[t]);
    gusto_context_destroy(context);
}
END_TEST

START_TEST(a_batch_beyond_its_positions_is_refused)
{
    gusto_context *context;
    gu_input       input;
    ck_assert_int_eq(gusto_context_create(NULL, &context), GUSTO_OK);
    ck_assert_int_eq(gu_input_room(context, 3, 4, (int64_t)INT32_MAX + 1, &input), GUSTO_EOVERFLOW);
    ck_assert_str_eq(gusto_context_message(context), "2147483648 ratings in one batch: more than 2147483647");
    ck_assert_ptr_null(input.start);
    gu_input_clear(&context->allocator, &input);
    gusto_context_destroy(context);
}
END_TEST

int main(void)
{
    RUN("net", gradients_are_derivatives, inputs_are_taken_as_told, inputs_do_not_depend_on_threads,
        a_batch_beyond_its_positions_is_refused);
}
