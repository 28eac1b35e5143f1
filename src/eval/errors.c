/* See errors.h. Pairs are predicted in tiles of TILE, in the order of the test rows; sums of squares are kept for each tile and
 * added in the order of tiles. */
#include "eval/errors.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "eval/worker.h"

#include <math.h>
#include <omp.h>

enum { TILE = 8192 };

typedef struct pairs {
    int32_t    user[TILE], item[TILE];
    gusto_real prediction[TILE];
} pairs;

typedef struct sums {
    double squared, absolute;
} sums;

/* The row that holds entry e: the last one that starts at or before it. */
static int32_t row_of(const gusto_rows *rows, int64_t e)
{
    int32_t low = 0, high = rows->n_rows - 1;
    while (low < high) {
        const int32_t middle = low + (high - low + 1) / 2;
        if (rows->start[middle] <= e)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static gusto_status measure_tile(gusto_context *context, const gusto_model *model, const gu_test_set *test, bool clip,
                                 int64_t tile, pairs *pair, sums *out)
{
    const gusto_rows *rows = &test->rows;
    const int64_t     begin = tile * TILE, n = gu_tile_end(rows->nnz, TILE, tile) - begin;
    int32_t           u = row_of(rows, begin);
    for (int64_t j = 0; j < n; j++) {
        const int64_t e = begin + j;
        const int32_t i = rows->column[e];
        while (e >= rows->start[u + 1])
            u++;
        pair->user[j] = test->user[u];
        pair->item[j] = test->item_seen[i] || test->described[i] ? test->item[i] : -1;
    }

    const gusto_status status = gusto_model_predict(context, model, n, pair->user, pair->item, pair->prediction);
    if (status < 0)
        return status;

    gusto_real low, high;
    gusto_model_range(model, &low, &high);
    *out = (sums){0};
    for (int64_t j = 0; j < n; j++) {
        double x = pair->prediction[j];
        if (clip)
            x = x < low ? low : x > high ? high : x;
        const double error = x - rows->value[begin + j];
        out->squared += error * error;
        out->absolute += fabs(error);
    }
    return GUSTO_OK;
}

gusto_status gu_errors_measure(gusto_context *context, const gusto_model *model, const gu_test_set *test, bool clip,
                               gu_errors *out)
{
    const int64_t n_tiles = gu_n_tiles(test->rows.nnz, TILE);
    gu_workers    workers;
    gusto_status  status = gu_workers_init(context, n_tiles, &workers);
    if (status < 0)
        return status;

    sums  *sum = gu_new(context, n_tiles, sums);
    pairs *pair = gu_new(context, workers.n, pairs);
    status = GUSTO_ENOMEM;
    if (sum && pair) {
#pragma omp parallel for num_threads(workers.n) schedule(static)
        for (int64_t t = 0; t < n_tiles; t++) {
            const int w = omp_get_thread_num();
            gu_workers_report(context, &workers, w, t, measure_tile(workers.context[w], model, test, clip, t, &pair[w], &sum[t]));
        }
        status = workers.status;
    }
    if (status == GUSTO_OK) {
        sums total = {0};
        for (int64_t t = 0; t < n_tiles; t++) {
            total.squared += sum[t].squared;
            total.absolute += sum[t].absolute;
        }
        out->rmse = sqrt(total.squared / (double)test->rows.nnz);
        out->mae = total.absolute / (double)test->rows.nnz;
    }
    gu_free(&context->allocator, sum);
    gu_free(&context->allocator, pair);
    gu_workers_clear(context, &workers);
    return status;
}
