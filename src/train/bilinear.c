/* The bilinear objective: what it holds, how a way is chosen, how a row moves. The gradients are in bilinear_sparse.c and bilinear_dense.c. */
#include "train/bilinear.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "data/rows.h"

#include <math.h>
#include <string.h>

/* The density of a batch from which GEMM beats fetching rows (docs/training.md). */
static const double DENSE_FROM = 0.12, GATHERED_FROM = 0.9;

enum { WINDOW_ENTRIES = 1 << 19, MOST_WINDOW = 64, LEAST_WINDOW = 4 };

/* Rows as a dense array with NaN for a missing rating. */
static gusto_status make_dense(gusto_context *context, gu_bilinear *b, const gusto_rows *rows)
{
    b->dense_ld = rows->n_columns;
    b->dense_owned = gu_new(context, rows->n_rows * b->dense_ld, gusto_real);
    if (!b->dense_owned)
        return GUSTO_ENOMEM;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int32_t u = 0; u < rows->n_rows; u++) {
        gusto_real *r = b->dense_owned + u * b->dense_ld;
        for (int64_t i = 0; i < b->dense_ld; i++)
            r[i] = NAN;
        for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++)
            r[rows->column[e]] = rows->value[e];
    }
    b->dense = b->dense_owned;
    return GUSTO_OK;
}

/* Chooses the dense way, if it is asked for or pays, and prepares its array. */
static gusto_status choose_dense(gusto_context *context, gu_bilinear *b, const gusto_ratings *ratings, const gusto_rows *rows)
{
    const gu_training *training = b->training;
    const bool         possible = training->schedule->whole_users && !rows->weight && b->set.loss == GU_LOSS_SQUARED;
    if (training->way == GU_WAY_DENSE && !possible)
        return gu_error(context, GUSTO_EOPTION,
                        "option way: dense needs schedule users or full, the squared loss, and ratings without weights");
    if (training->way == GU_WAY_GATHERED && (rows->weight || b->set.loss != GU_LOSS_SQUARED))
        return gu_error(context, GUSTO_EOPTION, "option way: gathered needs the squared loss and ratings without weights");

    const double density = (double)rows->nnz / ((double)rows->n_rows * (double)rows->n_columns);
    const double from = training->crossover < 0 ? DENSE_FROM : training->crossover;
    if (training->way != GU_WAY_DENSE && !(training->way == GU_WAY_AUTO && possible && density >= from))
        return GUSTO_OK;
    if (gusto_ratings_is_dense(ratings))
        return gusto_ratings_dense(context, ratings, &b->dense, &b->dense_ld);
    return make_dense(context, b, rows);
}

static gusto_status add_params(gusto_context *context, gu_bilinear *b, const gusto_rows *rows, int64_t k, gusto_real *P,
                               gusto_real *Q, gusto_real *bu, gusto_real *bi)
{
    const int64_t n_users = rows->n_rows, n_items = rows->n_columns;
    gusto_status  status =
        gu_params_init(context, b->training->optimizer, b->training->optimizer_values, b->training->clip, &b->params);
    if (status < 0)
        return status;
    if (!(b->P = gu_params_add(context, &b->params, "P", n_users, k, gu_padded(k), P, NULL)) ||
        !(b->Q = gu_params_add(context, &b->params, "Q", n_items, k, gu_padded(k), Q, NULL)))
        return GUSTO_ENOMEM;
    if (bu && (!(b->bu = gu_params_add(context, &b->params, "bu", n_users, 1, 1, bu, b->P)) ||
               !(b->bi = gu_params_add(context, &b->params, "bi", n_items, 1, 1, bi, b->Q))))
        return GUSTO_ENOMEM;
    if (b->set.unit != 1) {
        gu_param_set_unit(b->P, sqrt(b->set.unit), b->set.unit);
        gu_param_set_unit(b->Q, sqrt(b->set.unit), b->set.unit);
    }
    if (b->set.unit != 1 && bu) {
        gu_param_set_unit(b->bu, b->set.unit, b->set.unit);
        gu_param_set_unit(b->bi, b->set.unit, b->set.unit);
    }
    return GUSTO_OK;
}

gusto_status gu_bilinear_init(gusto_context *context, const gu_bilinear_settings *set, const gu_training *training,
                              const gusto_ratings *ratings, int64_t k, gusto_real *P, gusto_real *Q, gusto_real *bu,
                              gusto_real *bi, gu_bilinear *b)
{
    *b = (gu_bilinear){.set = *set, .training = training, .kernels = gu_kernels_of(context)};
    gusto_rows   rows;
    gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status == GUSTO_OK)
        status = gu_rows_count(context, &rows, &b->user_count, &b->item_count);
    if (status == GUSTO_OK)
        status = add_params(context, b, &rows, k, P, Q, bu, bi);
    if (status == GUSTO_OK)
        status = gu_batches_init(context, &rows, b->user_count, b->item_count, training->schedule, training->schedule_values,
                                 training->batch_size, &b->batches);
    if (status == GUSTO_OK)
        status = choose_dense(context, b, ratings, &rows);
    if (status == GUSTO_OK && b->dense) {
        b->part_users = gu_new(context, rows.n_rows, int32_t);
        status = b->part_users ? GUSTO_OK : GUSTO_ENOMEM;
    }
    if (status < 0)
        gu_bilinear_clear(&context->allocator, b);
    return status;
}

static void clear_window(const gusto_allocator *allocator, gu_bilinear *b)
{
    if (b->window)
        for (int64_t w = 0; w < MOST_WINDOW; w++)
            gu_prepared_clear(allocator, &b->window[w]);
    gu_free(allocator, b->window);
    gu_free(allocator, b->old_rows);
    gu_free(allocator, b->tile_loss);
    b->window = NULL;
    b->old_rows = NULL;
    b->tile_loss = NULL;
}

void gu_bilinear_clear(const gusto_allocator *allocator, gu_bilinear *b)
{
    clear_window(allocator, b);
    gu_batches_clear(allocator, &b->batches);
    gu_params_clear(allocator, &b->params);
    gu_chunks_clear(allocator, b->chunks);
    gu_free(allocator, b->user_count);
    gu_free(allocator, b->item_count);
    gu_free(allocator, b->dense_owned);
    gu_free(allocator, b->part_users);
    gu_free(allocator, b->part_start);
    *b = (gu_bilinear){0};
}

/* Room for the largest batch of this epoch, kept for the next ones. */
static gusto_status make_window(gusto_context *context, gu_bilinear *b)
{
    int64_t largest = 1;
    for (int64_t j = 0; j < b->batches.n; j++)
        if (b->batches.start[j + 1] - b->batches.start[j] > largest)
            largest = b->batches.start[j + 1] - b->batches.start[j];
    if (largest > INT32_MAX)
        return gu_error(context, GUSTO_EOVERFLOW, "a batch of %lld ratings: choose a smaller batch_size", (long long)largest);
    if (largest <= b->window_room)
        return GUSTO_OK;

    clear_window(&context->allocator, b);
    const int64_t fit = WINDOW_ENTRIES / largest;
    b->n_window = fit > MOST_WINDOW ? MOST_WINDOW : fit < LEAST_WINDOW ? LEAST_WINDOW : fit;
    if (b->n_window > b->batches.n)
        b->n_window = b->batches.n;
    b->window_room = largest;
    b->window = gu_new_zero(context, MOST_WINDOW, gu_prepared);
    if (!b->window)
        return GUSTO_ENOMEM;
    for (int64_t w = 0; w < b->n_window; w++)
        if (gu_prepared_room(context, largest, b->batches.shape.n_items, &b->window[w]) < 0)
            return GUSTO_ENOMEM;

    const int64_t users = largest < b->batches.shape.n_users ? largest : b->batches.shape.n_users;
    b->old_rows = gu_new(context, users * b->P->ld, gusto_real);
    b->tile_loss = gu_new(context, gu_prepared_most_tiles(largest), double);
    return b->old_rows && b->tile_loss ? GUSTO_OK : GUSTO_ENOMEM;
}

/* Lists the users of each part, part after part, ascending. */
static gusto_status list_parts(gusto_context *context, gu_bilinear *b)
{
    const int32_t n_users = b->batches.shape.n_users, *part = b->batches.parts.user_part;
    const int64_t n_parts = b->batches.n;
    gu_free(&context->allocator, b->part_start);
    b->part_start = gu_new_zero(context, n_parts + 1, int64_t);
    if (!b->part_start)
        return GUSTO_ENOMEM;
    for (int32_t u = 0; u < n_users; u++)
        b->part_start[part[u] + 1]++;
    for (int64_t p = 0; p < n_parts; p++)
        b->part_start[p + 1] += b->part_start[p];
    for (int32_t u = 0; u < n_users; u++) /* moves each start to its end: undone below */
        b->part_users[b->part_start[part[u]]++] = u;
    for (int64_t p = n_parts; p > 0; p--)
        b->part_start[p] = b->part_start[p - 1];
    b->part_start[0] = 0;
    return GUSTO_OK;
}

gusto_status gu_bilinear_begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches)
{
    gu_bilinear *b = self;
    gusto_status status;
    if (b->dense) {
        status = gu_batches_deal(context, &b->batches, epoch);
        if (status == GUSTO_OK)
            status = list_parts(context, b);
    } else {
        status = gu_batches_epoch(context, &b->batches, epoch);
        if (status == GUSTO_OK)
            status = make_window(context, b);
        b->window_begin = -1;
    }
    *n_batches = b->batches.n;
    return status;
}

/* The j-th batch of the epoch, made ready; makes the next ones ready with it. */
static gu_prepared *ready(gusto_context *context, gu_bilinear *b, int64_t j)
{
    if (b->window_begin < 0 || j < b->window_begin || j >= b->window_begin + b->n_window) {
        b->window_begin = j;
        const int64_t left = b->batches.n - j, n = left < b->n_window ? left : b->n_window;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context)) if (n > 1)
        for (int64_t w = 0; w < n; w++)
            gu_prepare(b, b->batches.order[j + w], &b->window[w]);
    }
    return &b->window[j - b->window_begin];
}

gusto_status gu_bilinear_step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n)
{
    gu_bilinear *b = self;
    if (b->dense) {
        const int32_t part = b->batches.order[j];
        const int64_t begin = b->part_start[part];
        return gu_step_dense(context, b, b->part_start[part + 1] - begin, b->part_users + begin, rate, loss, n);
    }

    gu_prepared *p = ready(context, b, j);
    *n = p->n;
    bool gathered = b->training->way == GU_WAY_GATHERED;
    if (b->training->way == GU_WAY_AUTO && !p->weight && b->set.loss == GU_LOSS_SQUARED) {
        const double from = b->training->crossover < 0 ? GATHERED_FROM : b->training->crossover;
        gathered = (double)p->n >= from * (double)p->n_users * (double)p->n_items;
    }
    return gathered ? gu_step_gathered(context, b, p, rate, loss) : gu_step_sparse(context, b, p, rate, loss);
}

void gu_bilinear_move(const gu_bilinear *b, const gu_param *param, int64_t row, int64_t step, double rate, gusto_real *g,
                      int64_t n)
{
    const int64_t ld = param->ld;
    if (b->training->most && n > b->training->most)
        b->kernels->scale(ld, (gusto_real)((double)b->training->most / (double)n), g);
    gu_params_move(&b->params, b->kernels, param, row, step, rate, g);
    if (b->set.nonnegative && ld > 1)
        b->kernels->positive(ld, param->data + row * ld);
}

void gu_bilinear_move_bias(const gu_bilinear *b, const gu_param *param, int64_t row, int64_t step, double rate, double sum,
                           int64_t n, int64_t total)
{
    gusto_real g = (gusto_real)sum + gu_bilinear_ridge(b, n, total, b->set.l2_bias) * param->data[row];
    gu_bilinear_move(b, param, row, step, rate, &g, n);
}

int64_t gu_bilinear_memory(const gu_training *training, int64_t n_users, int64_t n_items, int64_t nnz, bool dense, bool weighted,
                           int64_t k)
{
    const int64_t real = sizeof(gusto_real), ld = gu_padded(k);
    const int64_t state = gu_params_memory(training->optimizer, (n_users + n_items) * (ld + 1), n_users + n_items);
    const double  from = training->crossover < 0 ? DENSE_FROM : training->crossover;
    const bool    whole = training->schedule->whole_users && !weighted;
    if (whole && (training->way == GU_WAY_DENSE ||
                  (training->way == GU_WAY_AUTO && (double)nnz >= from * (double)n_users * (double)n_items)))
        return state + (dense ? 0 : n_users * n_items * real);

    /* A window of batches, at some 48 bytes an entry, and the old rows of one batch. */
    const int64_t batch = training->schedule->cut && training->batch_size < nnz ? training->batch_size : nnz;
    const int64_t window = batch * LEAST_WINDOW > WINDOW_ENTRIES ? batch * LEAST_WINDOW : WINDOW_ENTRIES;
    const int64_t rows = batch < n_users ? batch : n_users;
    const int64_t entries = (int64_t)sizeof(gu_entry) + (weighted ? real : 0) + (dense ? 4 + real : 0);
    return state + nnz * entries + (window < nnz ? window : nnz) * 48 + rows * ld * real;
}
