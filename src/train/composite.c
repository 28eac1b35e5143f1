/* See composite.h. Batches are made ready as in bilinear.c, several at a time; the lists of parts of the current one by one thread a side.
 *
 * Limit: gathered rows, two of each user and item of a batch and two for each pair of row and part. */
#include "train/composite.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "data/rows.h"

#include <math.h>
#include <string.h>

/* PARALLEL_FROM: ratings of a batch from which threads pay for the times that they meet. */
enum { PARALLEL_FROM = 2048, CHUNK = 256, ROW_TILE = 32, MOST_WINDOW = 8, MOST_LD = 8192 / sizeof(gusto_real) };

void gu_part_rows_clear(const gusto_allocator *allocator, gu_part_rows *rows)
{
    gu_free(allocator, rows->start);
    gu_free(allocator, rows->part);
    gu_free(allocator, rows->share);
    *rows = (gu_part_rows){0};
}

/* ---- what is held ---- */

static gusto_status add_params(gusto_context *context, gu_composite *c, int64_t k)
{
    static const char *const name[2][4] = {{"user", "user_bias", "user_part", "user_part_bias"},
                                           {"item", "item_bias", "item_part", "item_part_bias"}};
    gusto_status             status =
        gu_params_init(context, c->training->optimizer, c->training->optimizer_values, c->training->clip, &c->params);
    for (int s = 0; s < 2 && status == GUSTO_OK; s++) {
        gu_composite_side *side = &c->side[s];
        const int64_t      n = side->parts->n_rows, n_parts = side->parts->n_parts;
        gu_params         *p = &c->params;
        if (!(side->own = gu_params_add(context, p, name[s][0], n, k, c->ld, side->at.own, NULL)) ||
            !(side->own_bias = gu_params_add(context, p, name[s][1], n, 1, 1, side->at.own_bias, side->own)))
            return GUSTO_ENOMEM;
        if (n_parts > 0 &&
            (!(side->part = gu_params_add(context, p, name[s][2], n_parts, k, c->ld, side->at.part, NULL)) ||
             !(side->part_bias = gu_params_add(context, p, name[s][3], n_parts, 1, 1, side->at.part_bias, side->part))))
            return GUSTO_ENOMEM;
        if (c->set.unit != 1) {
            gu_param_set_unit(side->own, sqrt(c->set.unit), c->set.unit);
            gu_param_set_unit(side->own_bias, c->set.unit, c->set.unit);
        }
        if (c->set.unit != 1 && n_parts > 0) {
            gu_param_set_unit(side->part, sqrt(c->set.unit), c->set.unit);
            gu_param_set_unit(side->part_bias, c->set.unit, c->set.unit);
        }
    }
    return status;
}

static int64_t most_chunks(int64_t n_parts, int64_t n_pairs)
{
    return n_parts + n_pairs / CHUNK;
}

static gusto_status add_lists(gusto_context *context, const gu_composite *c, gu_composite_side *side)
{
    const int64_t n_parts = side->parts->n_parts, n_pairs = side->parts->start[side->parts->n_rows];
    const int64_t chunks = most_chunks(n_parts, n_pairs);
    side->part_start = gu_new(context, n_parts + 1, int64_t);
    side->row = gu_new(context, n_pairs, int32_t);
    side->share = gu_new(context, n_pairs, gusto_real);
    side->touched = gu_new(context, n_parts, int32_t);
    side->chunk_of = gu_new(context, n_parts + 1, int64_t);
    side->chunk_begin = gu_new(context, chunks + 1, int64_t);
    side->chunk_g = gu_new(context, chunks * c->ld, gusto_real);
    return side->part_start && side->row && side->share && side->touched && side->chunk_of && side->chunk_begin && side->chunk_g
               ? GUSTO_OK
               : GUSTO_ENOMEM;
}

gusto_status gu_composite_init(gusto_context *context, const gu_composite_settings *set, const gu_training *training,
                               const gusto_ratings *ratings, int64_t k, const gu_part_rows parts[2],
                               const gu_composite_arrays at[2], gu_composite *c)
{
    *c = (gu_composite){.set = *set, .training = training, .kernels = gu_kernels_of(context), .ld = gu_padded(k)};
    for (int s = 0; s < 2; s++)
        c->side[s] = (gu_composite_side){.parts = &parts[s], .at = at[s]};
    gusto_rows   rows;
    gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status == GUSTO_OK)
        status = gu_rows_count(context, &rows, &c->side[0].count, &c->side[1].count);
    if (status == GUSTO_OK)
        status = add_params(context, c, k);
    for (int s = 0; s < 2 && status == GUSTO_OK; s++)
        status = add_lists(context, c, &c->side[s]);
    if (status == GUSTO_OK)
        status = gu_batches_init(context, &rows, c->side[0].count, c->side[1].count, training->schedule,
                                 training->schedule_values, training->batch_size, &c->owner.batches);
    if (status < 0)
        gu_composite_clear(&context->allocator, c);
    return status;
}

static void clear_room(const gusto_allocator *allocator, gu_composite *c)
{
    if (c->window)
        for (int w = 0; w < MOST_WINDOW; w++)
            gu_prepared_clear(allocator, &c->window[w]);
    gu_free(allocator, c->window);
    gu_free(allocator, c->rows);
    gu_free(allocator, c->bias_rows);
    gu_free(allocator, c->tile_loss);
    c->window = NULL;
    c->rows = c->bias_rows = NULL;
    c->tile_loss = NULL;
    for (int s = 0; s < 2; s++) {
        gu_free(allocator, c->side[s].g);
        gu_free(allocator, c->side[s].g_bias);
        c->side[s].g = c->side[s].g_bias = NULL;
    }
}

void gu_composite_clear(const gusto_allocator *allocator, gu_composite *c)
{
    clear_room(allocator, c);
    gu_batches_clear(allocator, &c->owner.batches);
    gu_params_clear(allocator, &c->params);
    for (int s = 0; s < 2; s++) {
        gu_composite_side *side = &c->side[s];
        gu_free(allocator, side->count);
        gu_free(allocator, side->part_start);
        gu_free(allocator, side->row);
        gu_free(allocator, side->share);
        gu_free(allocator, side->touched);
        gu_free(allocator, side->chunk_of);
        gu_free(allocator, side->chunk_begin);
        gu_free(allocator, side->chunk_g);
    }
    *c = (gu_composite){0};
}

/* Room for the largest batch of this epoch, kept for the next ones. */
static gusto_status make_room(gusto_context *context, gu_composite *c)
{
    const gu_batches *batches = &c->owner.batches;
    int64_t           largest = 1;
    for (int64_t j = 0; j < batches->n; j++)
        if (batches->start[j + 1] - batches->start[j] > largest)
            largest = batches->start[j + 1] - batches->start[j];
    if (largest > INT32_MAX)
        return gu_error(context, GUSTO_EOVERFLOW, "a batch of %lld ratings: choose a smaller batch_size", (long long)largest);
    if (largest <= c->window_room)
        return GUSTO_OK;
    clear_room(&context->allocator, c);
    c->window_room = largest;
    c->n_window = batches->n < MOST_WINDOW ? batches->n : MOST_WINDOW;
    c->window = gu_new_zero(context, MOST_WINDOW, gu_prepared);
    if (!c->window)
        return GUSTO_ENOMEM;
    for (int64_t w = 0; w < c->n_window; w++)
        if (gu_prepared_room(context, largest, batches->shape.n_items, &c->window[w]) < 0)
            return GUSTO_ENOMEM;
    for (int s = 0; s < 2; s++) {
        gu_composite_side *side = &c->side[s];
        const int64_t      n = side->parts->n_rows < largest ? side->parts->n_rows : largest;
        side->g = gu_new(context, n * c->ld, gusto_real);
        side->g_bias = gu_new(context, n, gusto_real);
        if (!side->g || !side->g_bias)
            return GUSTO_ENOMEM;
    }
    const int64_t users = batches->shape.n_users < largest ? batches->shape.n_users : largest;
    c->rows = gu_new(context, users * c->ld, gusto_real);
    c->bias_rows = gu_new(context, users, gusto_real);
    c->tile_loss = gu_new(context, gu_prepared_most_tiles(largest), double);
    return c->rows && c->bias_rows && c->tile_loss ? GUSTO_OK : GUSTO_ENOMEM;
}

gusto_status gu_composite_begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches)
{
    gu_composite *c = self;
    gusto_status  status = gu_batches_epoch(context, &c->owner.batches, epoch);
    if (status == GUSTO_OK)
        status = make_room(context, c);
    c->window_begin = -1;
    *n_batches = c->owner.batches.n;
    return status;
}

/* ---- composites ---- */

static void compose(const gu_composite *c, const gu_composite_side *side, int64_t r, gusto_real *x, gusto_real *bias)
{
    const gu_part_rows *parts = side->parts;
    const int64_t       begin = parts->start[r], end = parts->start[r + 1], ld = c->ld;
    c->kernels->spmm_row(begin, end, parts->start[parts->n_rows], parts->part, NULL, parts->share, ld, side->at.part, 1,
                         side->at.own + r * ld, x);
    double sum = (double)side->at.own_bias[r];
    for (int64_t e = begin; e < end; e++)
        sum += (double)parts->share[e] * (double)side->at.part_bias[parts->part[e]];
    *bias = (gusto_real)sum;
}

void gu_composite_finish(const gusto_context *context, const gu_composite *c)
{
    for (int s = 0; s < 2; s++) {
        const gu_composite_side *side = &c->side[s];
#pragma omp parallel for schedule(dynamic, ROW_TILE) num_threads(gu_threads(context)) if (side->parts->n_rows >= PARALLEL_FROM)
        for (int64_t r = 0; r < side->parts->n_rows; r++)
            compose(c, side, r, side->at.x + r * c->ld, side->at.bias + r);
    }
}

/* ---- a step ---- */

/* The pairs of the batch's rows by part, in chunks. */
static void list_parts(gu_composite_side *side, int64_t n, const int32_t *rows)
{
    const gu_part_rows *parts = side->parts;
    int64_t            *start = side->part_start;
    memset(start, 0, ((size_t)parts->n_parts + 1) * sizeof *start);
    for (int64_t r = 0; r < n; r++)
        for (int64_t e = parts->start[rows[r]]; e < parts->start[rows[r] + 1]; e++)
            start[parts->part[e] + 1]++;
    for (int32_t t = 0; t < parts->n_parts; t++)
        start[t + 1] += start[t];
    for (int64_t r = 0; r < n; r++)
        for (int64_t e = parts->start[rows[r]]; e < parts->start[rows[r] + 1]; e++) {
            const int64_t at = start[parts->part[e]]++; /* moves each start to its end: undone below */
            side->row[at] = (int32_t)r;
            side->share[at] = parts->share[e];
        }
    for (int32_t t = parts->n_parts; t > 0; t--)
        start[t] = start[t - 1];
    start[0] = 0;

    side->n_touched = side->n_chunks = 0;
    for (int32_t t = 0; t < parts->n_parts; t++) {
        if (start[t] == start[t + 1])
            continue;
        side->touched[side->n_touched] = t;
        side->chunk_of[side->n_touched++] = side->n_chunks;
        for (int64_t at = start[t]; at < start[t + 1]; at += CHUNK)
            side->chunk_begin[side->n_chunks++] = at;
    }
    side->chunk_of[side->n_touched] = side->n_chunks;
    side->chunk_begin[side->n_chunks] = start[parts->n_parts];
}

/* The j-th batch of the epoch, made ready; makes the next ones ready with it. */
static gu_prepared *ready(gusto_context *context, gu_composite *c, int64_t j)
{
    if (c->window_begin < 0 || j >= c->window_begin + c->n_window) {
        c->window_begin = j;
        const int64_t left = c->owner.batches.n - j, n = left < c->n_window ? left : c->n_window;
#pragma omp parallel for schedule(dynamic, 1) num_threads(gu_threads(context)) if (n > 1)
        for (int64_t w = 0; w < n; w++)
            gu_prepare(&c->owner, c->owner.batches.order[j + w], &c->window[w]);
    }
    return &c->window[j - c->window_begin];
}

static void move(const gu_composite *c, const gu_param *param, int64_t row, int64_t step, double rate, gusto_real *g, int64_t n)
{
    if (c->training->most && n > c->training->most)
        c->kernels->scale(param->ld, (gusto_real)((double)c->training->most / (double)n), g);
    gu_params_move(&c->params, c->kernels, param, row, step, rate, g);
}

/* The ridge of a row's own embedding that goes into the gradient of its composite: all of it where no row has parts, so that nobody else takes that
 * gradient and sums are added up in the order of bilinear_sparse.c, to the same bits (mf takes its l2 as its
 * file has it, as a gusto_real); else none. */
static gusto_real ridge_inside(const gu_composite *c, int64_t n)
{
    return c->side[0].part || c->side[1].part ? 0 : (gusto_real)((double)(gusto_real)c->set.l2 * (double)n);
}

/* The own embedding of row r of the batch, which has n ratings there. */
static void move_own(const gu_composite *c, gu_composite_side *side, int64_t r, int64_t row, int64_t n, double rate,
                     gusto_real *g)
{
    const int64_t    ld = c->ld, step = ++side->own->steps[row];
    const gusto_real ridge = (gusto_real)(c->set.l2 * (double)n), bias_ridge = (gusto_real)(c->set.l2_bias * (double)n);
    memcpy(g, side->g + r * ld, (size_t)ld * sizeof *g);
    if (c->side[0].part || c->side[1].part)
        c->kernels->axpy(ld, ridge, side->at.own + row * ld, g);
    move(c, side->own, row, step, rate, g, n);
    gusto_real g_bias = side->g_bias[r] + bias_ridge * side->at.own_bias[row];
    move(c, side->own_bias, row, step, rate, &g_bias, n);
}

/* A part: its chunks together. start: of the rows' entries in the batch. */
static void move_part(const gu_composite *c, gu_composite_side *side, int64_t touched, const int64_t *start, double rate)
{
    const int32_t t = side->touched[touched];
    const int64_t ld = c->ld, first = side->chunk_of[touched];
    gusto_real   *g = side->chunk_g + first * ld;
    for (int64_t h = first + 1; h < side->chunk_of[touched + 1]; h++)
        c->kernels->axpy(ld, 1, side->chunk_g + h * ld, g);
    double  squares = 0, sum = 0;
    int64_t n = 0;
    for (int64_t e = side->part_start[t]; e < side->part_start[t + 1]; e++) {
        const int32_t r = side->row[e];
        const int64_t of_row = start[r + 1] - start[r];
        const double  share = (double)side->share[e];
        n += of_row;
        squares += share * share * (double)of_row;
        sum += share * (double)side->g_bias[r];
    }
    const int64_t step = ++side->part->steps[t];
    c->kernels->axpy(ld, (gusto_real)(c->set.l2_part * squares), side->at.part + t * ld, g);
    move(c, side->part, t, step, rate, g, n);
    gusto_real g_bias = (gusto_real)(sum + c->set.l2_bias * squares * (double)side->at.part_bias[t]);
    move(c, side->part_bias, t, step, rate, &g_bias, n);
}

static double user_tile(const gu_composite *c, const gu_prepared *p, const gu_entry_list *list, int64_t first, int64_t last)
{
    double loss = 0;
    for (int64_t r = first; r < last; r++) {
        double        sums[2];
        const int64_t begin = p->user_start[r], end = p->user_start[r + 1];
        c->kernels->residual_row(list, begin, end, c->rows + r * c->ld, c->set.mu + c->bias_rows[r], ridge_inside(c, end - begin),
                                 p->residual, c->side[0].g + r * c->ld, sums);
        c->side[0].g_bias[r] = (gusto_real)sums[0];
        loss += sums[1];
    }
    return loss;
}

static void item_tile(const gu_composite *c, const gu_prepared *p, int64_t first, int64_t last)
{
    const gu_composite_side *items = &c->side[1];
    for (int64_t r = first; r < last; r++) {
        const int64_t     begin = p->item_start[r], end = p->item_start[r + 1];
        const gusto_real *x = items->at.x + p->item[r] * c->ld;
        items->g_bias[r] = (gusto_real)c->kernels->spmm_row(begin, end, p->n, p->local, p->position, p->residual, c->ld, c->rows,
                                                            ridge_inside(c, end - begin), x, items->g + r * c->ld);
    }
}

gusto_status gu_composite_step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n)
{
    gu_composite       *c = self;
    gu_prepared        *p = ready(context, c, j);
    gu_composite_side  *users = &c->side[0], *items = &c->side[1];
    const int64_t       ld = c->ld;
    const gu_entry_list list = {.n = p->n,
                                .column = p->column,
                                .value = p->value,
                                .weight = p->weight,
                                .Q = items->at.x,
                                .bias = items->at.bias,
                                .ld = ld,
                                .loss = GU_LOSS_SQUARED};
#pragma omp parallel num_threads(gu_threads(context)) if (p->n >= PARALLEL_FROM)
    {
        _Alignas(GU_ALIGN) gusto_real g[MOST_LD];
#pragma omp for schedule(static) nowait
        for (int s = 0; s < 2; s++)
            list_parts(&c->side[s], s ? p->n_items : p->n_users, s ? p->item : p->user);
#pragma omp for schedule(static) nowait
        for (int64_t r = 0; r < p->n_users; r++)
            compose(c, users, p->user[r], c->rows + r * ld, c->bias_rows + r);
#pragma omp for schedule(static)
        for (int64_t r = 0; r < p->n_items; r++)
            compose(c, items, p->item[r], items->at.x + p->item[r] * ld, items->at.bias + p->item[r]);
#pragma omp for schedule(static)
        for (int64_t t = 0; t < p->n_user_tiles; t++)
            c->tile_loss[t] = user_tile(c, p, &list, p->user_tile[t], p->user_tile[t + 1]);
#pragma omp for schedule(static)
        for (int64_t t = 0; t < p->n_item_tiles; t++)
            item_tile(c, p, p->item_tile[t], p->item_tile[t + 1]);

        for (int s = 0; s < 2; s++) {
            gu_composite_side *side = &c->side[s];
            const int64_t      n_rows = s ? p->n_items : p->n_users, *start = s ? p->item_start : p->user_start;
            const int32_t     *row = s ? p->item : p->user;
#pragma omp for schedule(static) nowait
            for (int64_t r = 0; r < n_rows; r++)
                move_own(c, side, r, row[r], start[r + 1] - start[r], rate, g);
#pragma omp for schedule(static)
            for (int64_t h = 0; h < side->n_chunks; h++)
                c->kernels->spmm_row(side->chunk_begin[h], side->chunk_begin[h + 1], side->chunk_begin[side->n_chunks], side->row,
                                     NULL, side->share, ld, side->g, 0, side->g, side->chunk_g + h * ld);
#pragma omp for schedule(static)
            for (int64_t t = 0; t < side->n_touched; t++)
                move_part(c, side, t, start, rate);
        }
    }
    *n = p->n;
    *loss = 0;
    for (int64_t t = 0; t < p->n_user_tiles; t++)
        *loss += c->tile_loss[t];
    return GUSTO_OK;
}

int64_t gu_composite_memory(const gu_training *training, int64_t n_users, int64_t n_items, int64_t nnz, const int64_t n_parts[2],
                            int64_t n_pairs, int64_t k)
{
    const int64_t real = sizeof(gusto_real), ld = gu_padded(k), rows = n_users + n_items + n_parts[0] + n_parts[1];
    const int64_t batch = training->schedule->cut && training->batch_size < nnz ? training->batch_size : nnz;
    const int64_t chunks = most_chunks(n_parts[0] + n_parts[1], n_pairs);
    const int64_t users = batch < n_users ? batch : n_users, items = batch < n_items ? batch : n_items;
    return gu_params_memory(training->optimizer, rows * (ld + 1), rows) + nnz * (int64_t)sizeof(gu_entry) +
           (batch < nnz / MOST_WINDOW ? batch * MOST_WINDOW : nnz) * 48 + (2 * users + items + chunks) * ld * real + n_pairs * 8;
}
