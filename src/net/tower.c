/* Linear layers, forward and back. */
#include "core/memory.h"
#include "core/rng.h"
#include "core/tiles.h"
#include "kernels/blas.h"
#include "net/net.h"

#include <math.h>
#include <string.h>

enum { ROW_TILE = 64 };

gusto_status gu_tower_init(gusto_context *context, gu_params *params, int64_t room, const char *const *names, gu_tower *tower)
{
    tower->room = room;
    for (int l = 0; l < tower->n_layers; l++) {
        gu_layer *layer = &tower->layer[l];
        layer->ld = gu_padded(layer->n_out);
        layer->dW = gu_new(context, layer->n_in * layer->ld, gusto_real);
        layer->db = gu_new(context, layer->ld, gusto_real);
        layer->out = gu_new_zero(context, room * layer->ld, gusto_real);
        layer->grad = gu_new_zero(context, room * layer->ld, gusto_real);
        if (!layer->dW || !layer->db || !layer->out || !layer->grad)
            return GUSTO_ENOMEM;
        layer->param_W = gu_params_add(context, params, names[2 * l], layer->n_in, layer->n_out, layer->ld, layer->W, NULL);
        layer->param_b =
            layer->param_W ? gu_params_add(context, params, names[2 * l + 1], 1, layer->n_out, layer->ld, layer->b, NULL) : NULL;
        if (!layer->param_b)
            return GUSTO_ENOMEM;
    }
    return GUSTO_OK;
}

void gu_tower_clear(const gusto_allocator *allocator, gu_tower *tower)
{
    for (int l = 0; l < tower->n_layers; l++) {
        gu_free(allocator, tower->layer[l].dW);
        gu_free(allocator, tower->layer[l].db);
        gu_free(allocator, tower->layer[l].out);
        gu_free(allocator, tower->layer[l].grad);
    }
    *tower = (gu_tower){0};
}

void gu_layer_draw(const gusto_context *context, uint32_t which, int64_t n_in, int64_t n_out, gusto_real *W, gusto_real *b)
{
    const int64_t ld = gu_padded(n_out);
    const double  most = sqrt(6 / (double)(n_in + n_out));
    memset(b, 0, (size_t)ld * sizeof *b);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t r = 0; r < n_in; r++) {
        uint32_t word[4];
        memset(W + r * ld, 0, (size_t)ld * sizeof *W);
        for (int64_t j = 0; j < n_out; j++) {
            if (j % 4 == 0)
                gu_random(context->seed, GU_STREAM_INIT, (uint64_t)which << 32 | (uint64_t)r, (uint32_t)(j / 4), word);
            W[r * ld + j] = (gusto_real)((2 * gu_uniform(word[j % 4]) - 1) * most);
        }
    }
}

static void first_forward(const gusto_context *context, const gu_layer *layer, const gu_input *x)
{
    const gu_kernels *kernels = gu_kernels_of(context);
#pragma omp parallel for schedule(dynamic, 16) num_threads(gu_threads(context)) if (x->n_rows > 16)
    for (int64_t r = 0; r < x->n_rows; r++) {
        gusto_real *y = layer->out + r * layer->ld;
        kernels->spmm_row(x->start[r], x->start[r + 1], x->nnz, x->column, NULL, x->value, layer->ld, layer->W, 1, layer->b, y);
        kernels->activate(layer->activation, layer->n_out, y);
    }
}

static void next_forward(const gusto_context *context, const gu_layer *below, const gu_layer *layer, int64_t n_rows)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    const int64_t     n_tiles = gu_n_tiles(n_rows, ROW_TILE), ld = layer->ld;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context)) if (n_tiles > 1)
    for (int64_t t = 0; t < n_tiles; t++) {
        const int64_t begin = t * ROW_TILE, end = gu_tile_end(n_rows, ROW_TILE, t);
        for (int64_t r = begin; r < end; r++)
            memcpy(layer->out + r * ld, layer->b, (size_t)layer->n_out * sizeof *layer->b);
        gu_gemm(false, false, end - begin, layer->n_out, layer->n_in, 1, below->out + begin * below->ld, below->ld, layer->W, ld,
                1, layer->out + begin * ld, ld);
        for (int64_t r = begin; r < end; r++)
            kernels->activate(layer->activation, layer->n_out, layer->out + r * ld);
    }
}

gusto_real *gu_tower_forward(gusto_context *context, gu_tower *tower, const gu_input *x)
{
    first_forward(context, &tower->layer[0], x);
    for (int l = 1; l < tower->n_layers; l++)
        next_forward(context, &tower->layer[l - 1], &tower->layer[l], x->n_rows);
    return tower->layer[tower->n_layers - 1].out;
}

/* g <- g o f'(y), and the gradient of b: row after row. */
static void through_activation(const gusto_context *context, const gu_layer *layer, int64_t n_rows)
{
    const gu_kernels *kernels = gu_kernels_of(context);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context)) if (n_rows > ROW_TILE)
    for (int64_t r = 0; r < n_rows; r++)
        kernels->activate_back(layer->activation, layer->n_out, layer->out + r * layer->ld, layer->grad + r * layer->ld);
    memset(layer->db, 0, (size_t)layer->ld * sizeof *layer->db);
    for (int64_t r = 0; r < n_rows; r++)
        kernels->axpy(layer->n_out, 1, layer->grad + r * layer->ld, layer->db);
}

static void first_backward(const gusto_context *context, const gu_layer *layer, const gu_input *x, gusto_real l2)
{
    const gu_kernels *kernels = gu_kernels_of(context);
#pragma omp parallel for schedule(dynamic, 32) num_threads(gu_threads(context))
    for (int64_t c = 0; c < x->n_columns; c++)
        kernels->spmm_row(x->column_start[c], x->column_start[c + 1], x->nnz, x->row, x->position, x->value, layer->ld,
                          layer->grad, l2, layer->W + c * layer->ld, layer->dW + c * layer->ld);
}

static void next_backward(const gusto_context *context, const gu_layer *below, const gu_layer *layer, int64_t n_rows,
                          gusto_real l2)
{
    const int64_t ld = layer->ld, row_tiles = gu_n_tiles(n_rows, ROW_TILE), in_tiles = gu_n_tiles(layer->n_in, ROW_TILE);
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context))
    for (int64_t t = 0; t < row_tiles + in_tiles; t++) {
        if (t < row_tiles) { /* g of the layer below */
            const int64_t begin = t * ROW_TILE, n = gu_tile_end(n_rows, ROW_TILE, t) - begin;
            gu_gemm(false, true, n, layer->n_in, layer->n_out, 1, layer->grad + begin * ld, ld, layer->W, ld, 0,
                    below->grad + begin * below->ld, below->ld);
            continue;
        }
        const int64_t begin = (t - row_tiles) * ROW_TILE, n = gu_tile_end(layer->n_in, ROW_TILE, t - row_tiles) - begin;
        memcpy(layer->dW + begin * ld, layer->W + begin * ld, (size_t)(n * ld) * sizeof *layer->W);
        gu_gemm(true, false, n, layer->n_out, n_rows, 1, below->out + begin, below->ld, layer->grad, ld, l2,
                layer->dW + begin * ld, ld);
    }
}

void gu_tower_backward(gusto_context *context, gu_tower *tower, const gu_input *x, gusto_real l2)
{
    for (int l = tower->n_layers - 1; l >= 0; l--) {
        through_activation(context, &tower->layer[l], x->n_rows);
        if (l > 0)
            next_backward(context, &tower->layer[l - 1], &tower->layer[l], x->n_rows, l2);
        else
            first_backward(context, &tower->layer[0], x, l2);
    }
}

void gu_net_move(gusto_context *context, const gu_params *params, gu_param *param, gusto_real *G, double rate)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    const int64_t     ld = param->ld;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context)) if (param->n_rows > ROW_TILE)
    for (int64_t r = 0; r < param->n_rows; r++)
        gu_params_move(params, kernels, param, r, ++param->steps[r], rate, G + r * ld);
}

void gu_tower_step(gusto_context *context, const gu_params *params, gu_tower *tower, double rate)
{
    for (int l = 0; l < tower->n_layers; l++) {
        gu_net_move(context, params, tower->layer[l].param_W, tower->layer[l].dW, rate);
        gu_net_move(context, params, tower->layer[l].param_b, tower->layer[l].db, rate);
    }
}
