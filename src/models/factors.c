/* See factors.h. */
#include "models/factors.h"

#include "core/rng.h"
#include "kernels/blas.h"
#include "kernels/kernels.h"

#include <string.h>

gusto_real *gu_state_optional(const gu_state *state, const char *name)
{
    const gusto_tensor *tensor = gu_state_tensor(state, name);
    return tensor ? (gusto_real *)tensor->data : NULL;
}

gusto_status gu_factors_add(gusto_context *context, gu_state *state, int64_t k, double mu, bool user_bias, bool item_bias)
{
    gusto_real *mean = gu_state_add(context, state, "mu", GU_DTYPE_REAL, 1, 1, 1);
    if (!mean || !gu_state_add(context, state, "P", GU_DTYPE_REAL, state->n_users, k, gu_padded(k)) ||
        !gu_state_add(context, state, "Q", GU_DTYPE_REAL, state->n_items, k, gu_padded(k)))
        return GUSTO_ENOMEM;
    mean[0] = (gusto_real)mu;
    const char *const name[] = {"bu", "bi"};
    const bool        wanted[] = {user_bias, item_bias};
    const int64_t     n[] = {state->n_users, state->n_items};
    for (int side = 0; side < 2; side++) {
        if (!wanted[side])
            continue;
        gusto_real *bias = gu_state_add(context, state, name[side], GU_DTYPE_REAL, n[side], 1, 1);
        if (!bias)
            return GUSTO_ENOMEM;
        memset(bias, 0, (size_t)n[side] * sizeof *bias);
    }
    return GUSTO_OK;
}

static void draw(const gusto_context *context, const gusto_tensor *tensor, uint32_t which, double scale, bool absolute)
{
    gusto_real *data = (gusto_real *)tensor->data;
#pragma omp parallel for schedule(static) num_threads(gu_threads(context))
    for (int64_t r = 0; r < tensor->rows; r++) {
        gusto_real *row = data + r * tensor->ld;
        gu_normal_row(context->seed, GU_STREAM_INIT, (uint64_t)which << 32 | (uint64_t)r, tensor->columns, scale, row);
        for (int64_t j = 0; absolute && j < tensor->columns; j++)
            row[j] = row[j] < 0 ? -row[j] : row[j];
    }
}

void gu_factors_draw(const gusto_context *context, const gu_state *state, double scale, bool absolute)
{
    draw(context, gu_state_tensor(state, "P"), 0, scale, absolute);
    draw(context, gu_state_tensor(state, "Q"), 1, scale, absolute);
}

gusto_status gu_factors_expect(gusto_context *context, const gu_state *state, int64_t k, bool user_bias, bool item_bias)
{
    gusto_status status = gu_state_expect(context, state, "mu", 1, 1);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "P", state->n_users, k);
    if (status == GUSTO_OK)
        status = gu_state_expect(context, state, "Q", state->n_items, k);
    if (status == GUSTO_OK && user_bias)
        status = gu_state_expect(context, state, "bu", state->n_users, 1);
    if (status == GUSTO_OK && item_bias)
        status = gu_state_expect(context, state, "bi", state->n_items, 1);
    return status;
}

void gu_factors_predict(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                        const int32_t *items, gusto_real *out)
{
    const gu_kernels   *kernels = gu_kernels_of(context);
    const gu_state     *state = &model->state;
    const gusto_tensor *P = gu_state_tensor(state, "P"), *Q = gu_state_tensor(state, "Q");
    const gusto_real   *bu = gu_state_optional(state, "bu"), *bi = gu_state_optional(state, "bi");
    const gusto_real    mu = gu_state_real(state, "mu")[0];
    for (int64_t j = 0; j < n; j++) {
        const int64_t u = users[j], i = items[j];
        out[j] = mu;
        if (bu && u >= 0)
            out[j] += bu[u];
        if (bi && i >= 0)
            out[j] += bi[i];
        if (u >= 0 && i >= 0)
            out[j] += kernels->dot(P->ld, (const gusto_real *)P->data + u * P->ld, (const gusto_real *)Q->data + i * Q->ld);
    }
}

void gu_factors_predict_seen(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users,
                             const int32_t *items, gusto_real *out)
{
    gu_factors_predict(context, model, n, users, items, out);
    for (int64_t j = 0; j < n; j++)
        if (users[j] < 0 || items[j] < 0)
            out[j] = (gusto_real)model->state.mean;
}

int64_t gu_factors_width(const gusto_model *model)
{
    const gusto_tensor *Q = gu_state_tensor(&model->state, "Q");
    return Q ? Q->columns + 1 : 0;
}

void gu_factors_score_rows(const gusto_context *context, const gusto_model *model, int64_t n, const gusto_real *rows,
                           gusto_real *out)
{
    const gu_kernels   *kernels = gu_kernels_of(context);
    const gu_state     *state = &model->state;
    const gusto_tensor *Q = gu_state_tensor(state, "Q");
    const int64_t       n_items = state->n_items, k = Q->columns;
    const gusto_real    mu = gu_state_real(state, "mu")[0], *bi = gu_state_optional(state, "bi");
    for (int64_t j = 0; j < n; j++) {
        const gusto_real base = mu + rows[j * (k + 1) + k];
        for (int64_t i = 0; i < n_items; i++)
            out[j * n_items + i] = base;
        if (bi)
            kernels->axpy(n_items, 1, bi, out + j * n_items);
    }
    gu_gemm(false, true, n, n_items, k, 1, rows, k + 1, Q->data, Q->ld, 1, out, n_items);
}

void gu_factors_score(const gusto_context *context, const gusto_model *model, int64_t n, const int32_t *users, gusto_real *room,
                      gusto_real *out)
{
    const gusto_tensor *P = gu_state_tensor(&model->state, "P");
    const gusto_real   *bu = gu_state_optional(&model->state, "bu");
    const int64_t       k = P->columns;
    for (int64_t j = 0; j < n; j++) {
        memcpy(room + j * (k + 1), (const gusto_real *)P->data + users[j] * P->ld, (size_t)k * sizeof *room);
        room[j * (k + 1) + k] = bu ? bu[users[j]] : 0;
    }
    gu_factors_score_rows(context, model, n, room, out);
}
