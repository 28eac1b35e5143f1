/* See half_sweep.h. */
#include "models/half_sweep.h"

#include "core/memory.h"
#include "core/tiles.h"
#include "models/half_row.h"

#include <omp.h>

enum { TILE_ENTRIES = 4096, GRAM_TILES = 64, GRAM_ROWS = 2048 };

const char *gu_half_solver_choice(int t)
{
    static const char *const names[] = {"exact", "cg", "subspace"};
    return t < 3 ? names[t] : NULL;
}

static int64_t longest_row(const gusto_rows *rows)
{
    int64_t most = 0;
    for (int32_t r = 0; r < rows->n_rows; r++)
        if (rows->start[r + 1] - rows->start[r] > most)
            most = rows->start[r + 1] - rows->start[r];
    return most;
}

gusto_status gu_half_solve(gusto_context *context, const gu_half *half, const char *what, gu_half_sums *sums)
{
    const gusto_rows *rows = half->rows;
    const gu_kernels *kernels = gu_kernels_of(context);
    const int         threads = gu_threads(context);
    const int64_t     most = longest_row(rows), size = gu_half_work_size(kernels, half, most);
    const bool        by_parts = half->solver == GU_HALF_SUBSPACE && half->G;
    int64_t           n_tiles = 0, *bound = NULL;
    gusto_real       *memory = gu_new(context, threads * size, gusto_real);
    gusto_status      status =
        memory ? gu_row_tiles(context, rows->n_rows, rows->start, TILE_ENTRIES, &n_tiles, &bound) : GUSTO_ENOMEM;
    gu_half_sums *sum = status == GUSTO_OK ? gu_new_zero(context, n_tiles, gu_half_sums) : NULL;
    int32_t      *failed = sum ? gu_new(context, n_tiles, int32_t) : NULL;
    gusto_real   *parts = failed && by_parts ? gu_new(context, gu_half_parts_size(half), gusto_real) : NULL;
    if (failed && (parts || !by_parts)) {
        if (by_parts)
            gu_half_parts(half, parts);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
        for (int64_t t = 0; t < n_tiles; t++) {
            const gu_half_work w = gu_half_work_at(memory + omp_get_thread_num() * size, half, most);
            failed[t] = -1;
            for (int64_t u = bound[t]; u < bound[t + 1] && failed[t] < 0; u++)
                if ((!half->start || half->start->only[u]) && !gu_half_row_solve(half, kernels, parts, (int32_t)u, &w, &sum[t]))
                    failed[t] = (int32_t)u;
        }
        gu_half_sums all = {0, 0};
        int32_t      first = -1;
        for (int64_t t = 0; t < n_tiles; t++) {
            all.value += sum[t].value;
            all.penalty += sum[t].penalty;
            first = first < 0 ? failed[t] : first;
        }
        if (first >= 0)
            status =
                gu_error(context, GUSTO_ESINGULAR,
                         "%s row %d: its least squares problem has no finite solution; more regularization helps", what, first);
        if (sums)
            *sums = all;
    } else {
        status = GUSTO_ENOMEM;
    }
    gu_free(&context->allocator, memory);
    gu_free(&context->allocator, bound);
    gu_free(&context->allocator, sum);
    gu_free(&context->allocator, failed);
    gu_free(&context->allocator, parts);
    return status;
}

gusto_status gu_half_gram(gusto_context *context, int64_t n, int64_t ld, const gusto_real *Y, double scale, gusto_real *G)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    const int         threads = gu_threads(context);
    const int64_t     share = gu_n_tiles(n, GRAM_TILES), rows = share > GRAM_ROWS ? share : GRAM_ROWS;
    const int64_t     n_tiles = gu_n_tiles(n, rows), size = ld * ld, room = kernels->normal_room(ld);
    const gu_row_list list = {n, NULL, Y, ld, ld};
    gusto_real       *part = gu_new(context, n_tiles * size, gusto_real), *memory = gu_new(context, threads * room, gusto_real);
    if (part && memory) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (n_tiles > 1)
        for (int64_t t = 0; t < n_tiles; t++)
            kernels->normal(&list, t * rows, gu_tile_end(n, rows, t), NULL, NULL, NULL, part + t * size, NULL, NULL,
                            memory + omp_get_thread_num() * room);
        for (int64_t i = 0; i < ld; i++)
            for (int64_t j = i; j < ld; j++) {
                double sum = 0;
                for (int64_t t = 0; t < n_tiles; t++)
                    sum += (double)part[t * size + i * ld + j];
                G[i * ld + j] = G[j * ld + i] = (gusto_real)(scale * sum);
            }
    }
    const bool complete = part && memory;
    gu_free(&context->allocator, part);
    gu_free(&context->allocator, memory);
    return complete ? GUSTO_OK : GUSTO_ENOMEM;
}
