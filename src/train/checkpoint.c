/* Checkpoints: everything that the next epoch depends on, in a container.
 *
 * The random numbers need no state, since they are counted by epoch. What is left is the parameters, the optimizer's state, the step counts, the best
 * state so far, the rate's state, and the history. The facts of the fit, as metadata,
 * guard against resuming another. */
#include "train/loop.h"

#include "core/memory.h"

#include <gusto/container.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    NAME = 32,
    HISTORY_COLUMNS = 6,
    ARRAYS = GUSTO_MAX_SLOTS + 3,
    MOST_TENSORS = GU_MAX_PARAMS * ARRAYS + 2,
    STATE = 4 + GUSTO_RATE_STATE
};

/* Lists the arrays of the parameters: name, shape, where they are. */
typedef struct listing {
    int          n;
    char         name[MOST_TENSORS][NAME];
    gusto_tensor tensor[MOST_TENSORS];
} listing;

static void list(listing *l, const char *param, const char *what, gusto_dtype dtype, int64_t rows, int64_t columns,
                 const void *data)
{
    snprintf(l->name[l->n], NAME, "%s%s%s", param, param[0] ? "." : "", what);
    l->tensor[l->n] = (gusto_tensor){l->name[l->n], dtype, rows, columns, columns, data};
    l->n++;
}

static void list_params(listing *l, const gu_params *params)
{
    for (int j = 0; j < params->n; j++) {
        const gu_param *p = &params->param[j];
        list(l, p->name, "value", GU_DTYPE_REAL, p->n_rows, p->ld, p->data);
        list(l, p->name, "kept", GU_DTYPE_REAL, p->n_rows, p->ld, p->kept);
        for (int s = 0; s < params->optimizer->n_slots; s++) {
            static const char *const what[GUSTO_MAX_SLOTS] = {"slot0", "slot1", "slot2"};
            list(l, p->name, what[s], GU_DTYPE_REAL, p->n_rows, p->ld, p->slot[s]);
        }
        if (p->owns_steps)
            list(l, p->name, "steps", GUSTO_I32, p->n_rows, 1, p->steps);
    }
}

static void pack_state(const gu_loop_state *state, double packed[STATE])
{
    packed[0] = (double)state->epoch;
    packed[1] = (double)state->best_epoch;
    packed[2] = (double)state->kept;
    packed[3] = state->best;
    for (int j = 0; j < GUSTO_RATE_STATE; j++)
        packed[4 + j] = state->rate_state[j];
}

static void unpack_state(const double packed[STATE], gu_loop_state *state)
{
    state->epoch = (int64_t)packed[0];
    state->best_epoch = (int64_t)packed[1];
    state->kept = (int64_t)packed[2];
    state->best = packed[3];
    for (int j = 0; j < GUSTO_RATE_STATE; j++)
        state->rate_state[j] = packed[4 + j];
}

static void pack_history(const gu_history *history, double *packed)
{
    for (int64_t e = 0; e < history->n; e++) {
        const gusto_epoch *h = &history->epoch[e];
        const double       row[HISTORY_COLUMNS] = {(double)h->epoch, h->loss,    h->validation,
                                                   h->rate,          h->seconds, h->ratings_per_second};
        memcpy(packed + e * HISTORY_COLUMNS, row, sizeof row);
    }
}

gusto_status gu_checkpoint_write(gusto_context *context, const char *path, const gu_objective *objective,
                                 const gu_loop_state *state, const gu_history *history)
{
    const int       n_metadata = 1 + objective->n_facts;
    listing        *l = gu_new_zero(context, 1, listing);
    double         *packed = gu_new(context, history->n * HISTORY_COLUMNS, double);
    gusto_metadata *metadata = gu_new(context, n_metadata, gusto_metadata);
    if (!l || !packed || !metadata) {
        gu_free(&context->allocator, l);
        gu_free(&context->allocator, packed);
        gu_free(&context->allocator, metadata);
        return GUSTO_ENOMEM;
    }

    double loop_state[STATE];
    pack_state(state, loop_state);
    pack_history(history, packed);
    list_params(l, objective->params);
    list(l, "", "state", GUSTO_F64, STATE, 1, loop_state);
    list(l, "", "history", GUSTO_F64, history->n, HISTORY_COLUMNS, packed);

    metadata[0] = (gusto_metadata){"gusto.kind", "checkpoint"};
    for (int f = 0; f < objective->n_facts; f++)
        metadata[1 + f] = objective->facts[f];
    const gusto_status status = gusto_container_write(context, path, l->tensor, l->n, metadata, n_metadata);
    gu_free(&context->allocator, l);
    gu_free(&context->allocator, packed);
    gu_free(&context->allocator, metadata);
    return status;
}

/* Says how the fit of the file and this one differ. Of another model all else differs, too. */
static gusto_status compare(gusto_context *context, const char *path, const gusto_container *file, const gu_objective *objective)
{
    char   text[GU_MESSAGE / 2] = "";
    size_t used = 0;
    for (int f = 0; f < objective->n_facts && used < sizeof text && (f != 1 || used == 0); f++) {
        const char *name = objective->facts[f].key, *here = objective->facts[f].value;
        const char *there = gusto_container_metadata(file, name);
        if (!there)
            return gu_error(context, GUSTO_EFORMAT, "%s: a checkpoint that does not say its %s: of another version", path, name);
        if (strcmp(here, there) != 0)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s was %s, is %s", used ? "; " : "", name, there, here);
    }
    return used ? gu_error(context, GUSTO_EARG, "%s: a checkpoint of another fit: %s", path, text) : GUSTO_OK;
}

/* A tensor of the file with just that type and shape; NULL with a message otherwise. */
static const void *find(gusto_context *context, const char *path, const gusto_container *file, const gusto_tensor *expected)
{
    gusto_tensor found;
    if (!gusto_container_tensor(file, expected->name, &found)) {
        gu_error(context, GUSTO_EFORMAT, "%s: no tensor %s: not a checkpoint of this fit", path, expected->name);
        return NULL;
    }
    if (found.dtype != expected->dtype || found.rows != expected->rows || found.columns != expected->columns) {
        gu_error(context, GUSTO_EFORMAT, "%s: tensor %s has shape %lld x %lld, expected %lld x %lld", path, expected->name,
                 (long long)found.rows, (long long)found.columns, (long long)expected->rows, (long long)expected->columns);
        return NULL;
    }
    return found.data;
}

static gusto_status read_history(gusto_context *context, const char *path, const gusto_container *file, int64_t n_epochs,
                                 const gu_loop_state *state, gu_history *history)
{
    const gusto_tensor expected = {"history", GUSTO_F64, state->epoch, HISTORY_COLUMNS, HISTORY_COLUMNS, NULL};
    if (state->epoch < 0 || state->epoch > n_epochs)
        return gu_error(context, GUSTO_EARG, "%s: has done %lld epochs of %lld", path, (long long)state->epoch,
                        (long long)n_epochs);
    const double *packed = find(context, path, file, &expected);
    if (!packed)
        return GUSTO_EFORMAT;
    for (int64_t e = 0; e < state->epoch; e++, packed += HISTORY_COLUMNS)
        history->epoch[e] = (gusto_epoch){(int64_t)packed[0], packed[1], packed[2], packed[3], packed[4], packed[5]};
    history->n = state->epoch;
    return GUSTO_OK;
}

static gusto_status read_all(gusto_context *context, const char *path, const gusto_container *file, const gu_objective *objective,
                             int64_t n_epochs, gu_loop_state *state, gu_history *history, listing *l)
{
    const char *kind = gusto_container_metadata(file, "gusto.kind");
    if (!kind || strcmp(kind, "checkpoint") != 0)
        return gu_error(context, GUSTO_EFORMAT, "%s: not a checkpoint", path);
    gusto_status status = compare(context, path, file, objective);
    if (status < 0)
        return status;

    const gusto_tensor expected = {"state", GUSTO_F64, STATE, 1, 1, NULL};
    const double      *packed = find(context, path, file, &expected);
    if (!packed)
        return GUSTO_EFORMAT;
    unpack_state(packed, state);
    status = read_history(context, path, file, n_epochs, state, history);
    if (status < 0)
        return status;

    list_params(l, objective->params);
    for (int t = 0; t < l->n; t++) {
        const gusto_tensor *to = &l->tensor[t];
        const void         *from = find(context, path, file, to);
        if (!from)
            return GUSTO_EFORMAT;
        memcpy((void *)to->data, from, (size_t)(to->rows * to->columns) * gusto_dtype_size(to->dtype));
    }
    return GUSTO_OK;
}

gusto_status gu_checkpoint_read(gusto_context *context, const char *path, const gu_objective *objective, int64_t n_epochs,
                                gu_loop_state *state, gu_history *history)
{
    gusto_container *file;
    gusto_status     status = gusto_container_open(context, path, &file);
    if (status < 0)
        return status;
    listing *l = gu_new_zero(context, 1, listing);
    status = l ? read_all(context, path, file, objective, n_epochs, state, history, l) : GUSTO_ENOMEM;
    gu_free(&context->allocator, l);
    gusto_container_close(file);
    return status;
}
