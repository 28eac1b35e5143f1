/* See by_gradients.h. */
#include "models/by_gradients.h"

#include "core/rng.h"
#include "models/keys.h"
#include "train/bilinear.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { FACTS = 8 };

/* A digest of an array, chained: `digest` is that of what came before. */
static uint64_t digest_of(uint64_t digest, const void *data, int64_t n, size_t size)
{
    return data ? XXH3_64bits_withSeed(data, (size_t)n * size, digest) : digest;
}

static void tell_rows(const gusto_rows *rows, char *text)
{
    uint64_t h = digest_of(0, rows->start, rows->n_rows + INT64_C(1), sizeof *rows->start);
    h = digest_of(h, rows->column, rows->nnz, sizeof *rows->column);
    h = digest_of(h, rows->value, rows->nnz, sizeof *rows->value);
    h = digest_of(h, rows->weight, rows->nnz, sizeof *rows->weight);
    snprintf(text, GU_OPTION_TEXT, "%lld in %d x %d (digest %016llx)", (long long)rows->nnz, rows->n_rows, rows->n_columns,
             (unsigned long long)h);
}

static void tell_pairs(const gu_held_out *pairs, char *text)
{
    uint64_t h = digest_of(0, pairs->user, pairs->n, sizeof *pairs->user);
    h = digest_of(h, pairs->item, pairs->n, sizeof *pairs->item);
    h = digest_of(h, pairs->value, pairs->n, sizeof *pairs->value);
    snprintf(text, GU_OPTION_TEXT, "%lld (digest %016llx)", (long long)pairs->n, (unsigned long long)h);
}

static void tell_features(const gusto_features *features, char *text)
{
    gusto_rows rows;
    strcpy(text, "none");
    if (!features)
        return;
    gusto_features_rows(features, &rows);
    tell_rows(&rows, text);
}

/* What a checkpoint must agree with, as it is called in messages. */
static gusto_status find_facts(gusto_context *context, const gusto_model *model, const gusto_ratings *ratings,
                               const gu_held_out *validation, const gu_state *state, gu_keys *facts)
{
    gusto_rows   rows;
    gusto_status status = gusto_ratings_by_user(context, ratings, &rows);
    if (status == GUSTO_OK)
        status = gu_keys_init(context, model, FACTS, facts);
    if (status < 0)
        return status;
    strcpy(gu_keys_add(facts, "", "model"), model->type->name);
    strcpy(gu_keys_add(facts, "", "precision"), sizeof(gusto_real) == sizeof(double) ? "double" : "single");
    snprintf(gu_keys_add(facts, "", "seed"), GU_OPTION_TEXT, "%llu", (unsigned long long)context->seed);
    gu_keys_options(model, "option ", facts);
    snprintf(gu_keys_add(facts, "", "optimizer of the caller"), GU_OPTION_TEXT, "%s",
             model->optimizer ? model->optimizer->name : "none");
    tell_rows(&rows, gu_keys_add(facts, "", "ratings"));
    tell_pairs(validation, gu_keys_add(facts, "", "ratings to validate on"));
    tell_features(state->user_features, gu_keys_add(facts, "", "features of users"));
    tell_features(state->item_features, gu_keys_add(facts, "", "features of items"));
    return GUSTO_OK;
}

gusto_status gu_by_gradients_train(gusto_context *context, const gusto_model *model, const gu_training *training,
                                   const gusto_ratings *ratings, const gu_held_out *validation, gu_objective *objective,
                                   const gusto_fit_options *fit, gu_state *state)
{
    gu_keys      facts = {0};
    gusto_status status = GUSTO_OK;
    if (validation->n == 0)
        objective->validate = NULL;
    if (fit->checkpoint || fit->resume)
        status = find_facts(context, model, ratings, validation, state, &facts);
    objective->facts = facts.pair;
    objective->n_facts = facts.n;
    if (status == GUSTO_OK)
        status = gu_train(context, training, objective, fit, &state->history);
    gu_keys_clear(&context->allocator, &facts);
    return status;
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
        status = gu_by_gradients_train(context, model, training, ratings, &t.validation, &objective, fit, state);
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
