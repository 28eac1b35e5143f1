/* See by_gradients.h. */
#include "models/by_gradients.h"

#include "core/rng.h"
#include "train/bilinear.h"

#include <string.h>
#include <xxhash.h>

/* What a checkpoint must agree with. */
static uint64_t fingerprint(const gusto_model *model, const gusto_rows *rows, const gu_held_out *validation, uint64_t seed)
{
    uint64_t h = XXH3_64bits_withSeed(model->options.value, (size_t)model->options.n * sizeof(double), seed);
    h = XXH3_64bits_withSeed(rows->start, ((size_t)rows->n_rows + 1) * sizeof *rows->start, h);
    h = XXH3_64bits_withSeed(rows->column, (size_t)rows->nnz * sizeof *rows->column, h);
    h = XXH3_64bits_withSeed(rows->value, (size_t)rows->nnz * sizeof *rows->value, h);
    if (rows->weight)
        h = XXH3_64bits_withSeed(rows->weight, (size_t)rows->nnz * sizeof *rows->weight, h);
    if (validation->n)
        h = XXH3_64bits_withSeed(validation->value, (size_t)validation->n * sizeof *validation->value, h);
    return h;
}

gusto_status gu_by_gradients_train(gusto_context *context, const gusto_model *model, const gu_training *training,
                                   const gusto_ratings *ratings, const gu_held_out *validation, gu_objective *objective,
                                   const gusto_fit_options *fit, gu_history *history)
{
    if (validation->n == 0)
        objective->validate = NULL;
    if (fit->checkpoint || fit->resume) {
        gusto_rows         rows;
        const gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
        if (status < 0)
            return status;
        objective->fingerprint = fingerprint(model, &rows, validation, context->seed);
    }
    return gu_train(context, training, objective, fit, history);
}

int64_t gu_by_gradients_batch(const gu_training *training, int64_t n_rows)
{
    const bool all = training->schedule == gusto_schedule_find("full") || training->batch_size > n_rows;
    return all ? n_rows : training->batch_size;
}

gusto_status gu_by_gradients_rows(gusto_context *context, const char *side, int64_t n_rows, gu_training *training)
{
    const char *name = training->schedule->name;
    if (strcmp(name, "entries") != 0 && strcmp(name, side) != 0 && strcmp(name, "full") != 0)
        return gu_error(context, GUSTO_EOPTION, "schedule %s: batches are whole rows of %s here; there are %s and full", name,
                        side, side);
    if (training->most == 1 || training->way != GU_WAY_AUTO || training->crossover >= 0)
        return gu_error(context, GUSTO_EOPTION,
                        "gradient, way and crossover are for batches of ratings: here they are whole rows of %s, by GEMM", side);
    training->batch_size = gu_by_gradients_batch(training, n_rows);
    return GUSTO_OK;
}

typedef struct trained {
    const gu_by_gradients *how;
    const gusto_model     *model;
    const gu_state        *state;
    gu_held_out            validation;
} trained;

static gusto_status begin(gusto_context *context, void *self, int64_t epoch, int64_t *n_batches)
{
    const gu_by_gradients *how = ((trained *)self)->how;
    return how->begin(context, how->self, epoch, n_batches);
}

static gusto_status step(gusto_context *context, void *self, int64_t j, double rate, double *loss, int64_t *n)
{
    const gu_by_gradients *how = ((trained *)self)->how;
    return how->step(context, how->self, j, rate, loss, n);
}

static gusto_status validate(gusto_context *context, void *self, double *metric)
{
    const trained *t = self;
    if (t->how->finish)
        t->how->finish(context, t->how->self);
    const gusto_model view = {.type = t->model->type, .options = t->model->options, .state = *t->state};
    return t->how->measure(context, t->how->self, &view, &t->validation, metric);
}

gusto_status gu_by_gradients_fit(gusto_context *context, const gusto_model *model, const gu_training *training,
                                 const gusto_ratings *ratings, const gu_by_gradients *how, const gusto_fit_options *fit,
                                 gu_state *state)
{
    trained      t = {.how = how, .model = model, .state = state};
    gusto_status status = fit->validation ? gu_held_out_of(context, fit->validation, state, &t.validation) : GUSTO_OK;
    if (status == GUSTO_OK) {
        gu_objective objective = {.self = &t, .params = how->params, .begin = begin, .step = step, .validate = validate};
        status = gu_by_gradients_train(context, model, training, ratings, &t.validation, &objective, fit, &state->history);
        if (how->finish && (status >= 0 || status == GUSTO_EDIVERGED))
            how->finish(context, how->self);
    }
    gu_held_out_clear(&context->allocator, &t.validation);
    return status;
}

void gu_by_gradients_shuffle(uint64_t seed, int64_t epoch, int64_t n, int32_t *order)
{
    gu_permutation shuffled;
    gu_permutation_init(&shuffled, seed, GU_STREAM_SHUFFLE, (uint64_t)epoch, (uint64_t)n);
    for (int64_t r = 0; r < n; r++)
        order[r] = (int32_t)gu_permutation_at(&shuffled, (uint64_t)r);
}
