/* See params.h. */
#include "train/params.h"

#include "core/memory.h"
#include "core/tiles.h"

#include <math.h>
#include <string.h>

enum { COPY_TILE = 1 << 18 };

gusto_status gu_params_init(gusto_context *context, const gusto_optimizer_type *optimizer, const double *values, double clip,
                            gu_params *out)
{
    *out = (gu_params){.optimizer = optimizer, .clip = clip};
    if (optimizer->plan_size > GUSTO_MAX_PLAN || optimizer->n_slots < 0 || optimizer->n_slots > GUSTO_MAX_SLOTS)
        return gu_error(context, GUSTO_EARG, "optimizer %s: plan_size %zu or n_slots %d is out of bounds", optimizer->name,
                        optimizer->plan_size, optimizer->n_slots);
    out->plan = gu_alloc_zero(context, 1, optimizer->plan_size ? optimizer->plan_size : 1);
    if (!out->plan)
        return GUSTO_ENOMEM;
    optimizer->prepare(context, values, out->plan);
    return GUSTO_OK;
}

void gu_params_clear(const gusto_allocator *allocator, gu_params *params)
{
    for (int j = 0; j < params->n; j++) {
        gu_param *p = &params->param[j];
        if (p->owns_steps)
            gu_free(allocator, p->steps);
        for (int s = 0; s < GUSTO_MAX_SLOTS; s++)
            gu_free(allocator, p->slot[s]);
        gu_free(allocator, p->kept);
    }
    gu_free(allocator, params->plan);
    *params = (gu_params){0};
}

gu_param *gu_params_add(gusto_context *context, gu_params *params, const char *name, int64_t n_rows, int64_t width, int64_t ld,
                        gusto_real *data, const gu_param *share)
{
    gu_param *p = &params->param[params->n++];
    *p = (gu_param){.name = name,
                    .n_rows = n_rows,
                    .width = width,
                    .ld = ld,
                    .data = data,
                    .owns_steps = !share,
                    .unit = 1,
                    .gradient_by = 1};
    p->steps = share ? share->steps : gu_new_zero(context, n_rows, int32_t);
    p->kept = gu_new(context, n_rows * ld, gusto_real);
    bool complete = p->steps && p->kept;
    for (int s = 0; s < params->optimizer->n_slots; s++) {
        p->slot[s] = gu_new_zero(context, n_rows * ld, gusto_real);
        complete = complete && p->slot[s];
    }
    return complete ? p : NULL;
}

void gu_param_set_unit(gu_param *param, double unit, double ratings)
{
    param->unit = (gusto_real)unit;
    param->gradient_by = (gusto_real)(unit / (ratings * ratings));
}

void gu_params_move(const gu_params *params, const gu_kernels *kernels, const gu_param *param, int64_t row, int64_t step,
                    double rate, gusto_real *g)
{
    const int64_t ld = param->ld;
    gusto_real   *x = param->data + row * ld;
    if (param->gradient_by != 1)
        kernels->scale(ld, param->gradient_by, g);
    if (params->clip > 0) {
        const double length = sqrt(kernels->sum_squares(ld, g));
        if (length > params->clip)
            kernels->scale(ld, (gusto_real)(params->clip / length), g);
    }
    gusto_real *slot[GUSTO_MAX_SLOTS];
    for (int s = 0; s < params->optimizer->n_slots; s++)
        slot[s] = param->slot[s] + row * ld;
    if (param->unit != 1)
        kernels->scale(ld, 1 / param->unit, x);
    params->optimizer->update(params->plan, (gusto_real)rate, step, (size_t)ld, x, g, slot);
    if (param->unit != 1)
        kernels->scale(ld, param->unit, x);
}

static void copy(gusto_context *context, int64_t n, const gusto_real *from, gusto_real *to)
{
    const int64_t n_tiles = gu_n_tiles(n, COPY_TILE);
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t t = 0; t < n_tiles; t++)
        memcpy(to + t * COPY_TILE, from + t * COPY_TILE,
               (size_t)(gu_tile_end(n, COPY_TILE, t) - t * COPY_TILE) * sizeof(gusto_real));
}

void gu_params_keep(gusto_context *context, gu_params *params)
{
    for (int j = 0; j < params->n; j++)
        copy(context, params->param[j].n_rows * params->param[j].ld, params->param[j].data, params->param[j].kept);
}

void gu_params_restore(gusto_context *context, gu_params *params)
{
    for (int j = 0; j < params->n; j++)
        copy(context, params->param[j].n_rows * params->param[j].ld, params->param[j].kept, params->param[j].data);
}

bool gu_params_not_finite(gusto_context *context, const gu_params *params, const gu_param **param, int64_t *row)
{
    const gu_kernels *kernels = gu_kernels_of(context);
    for (int j = 0; j < params->n; j++) {
        const gu_param *p = &params->param[j];
        const int64_t   n = p->n_rows * p->ld, n_tiles = gu_n_tiles(n, COPY_TILE);
        int64_t         first = n;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context)) reduction(min : first)
        for (int64_t t = 0; t < n_tiles; t++) {
            const int64_t begin = t * COPY_TILE;
            const int64_t at = kernels->not_finite(gu_tile_end(n, COPY_TILE, t) - begin, p->data + begin);
            if (at >= 0 && begin + at < first)
                first = begin + at;
        }
        if (first < n) {
            *param = p;
            *row = first / p->ld;
            return true;
        }
    }
    return false;
}

int64_t gu_params_memory(const gusto_optimizer_type *optimizer, int64_t n_values, int64_t n_rows)
{
    return n_values * (int64_t)sizeof(gusto_real) * (optimizer->n_slots + 1) + n_rows * (int64_t)sizeof(int32_t);
}
