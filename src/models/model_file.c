/* A model as a container: its tensors under their own names, those of its members under "LABEL.NAME", "seen.start" and "seen.item", the
 * dictionaries "user_ids" and "item_ids", features "user_features" and "item_features" (io/features_container.h).
 * Metadata: gusto.kind = model, gusto.model, gusto.seed, gusto.n_users, gusto.n_items, gusto.low, gusto.high, gusto.mean,
 * gusto.user_features and gusto.item_features (how many, if there are any), and option.NAME for every option. */
#include "core/memory.h"
#include "core/number.h"
#include "data/features.h"
#include "io/features_container.h"
#include "io/ids_container.h"
#include "kernels/kernels.h"
#include "models/keys.h"
#include "models/members.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FIXED_KEYS = 12, EXTRA_TENSORS = 2 + 2 * GU_IDS_TENSORS + 2 * GU_FEATURES_TENSORS };

static gusto_status make_keys(gusto_context *context, const gusto_model *model, gu_keys *k)
{
    const gu_state    *state = &model->state;
    const gusto_status status = gu_keys_init(context, model, FIXED_KEYS, k);
    if (status < 0)
        return status;

    strcpy(gu_keys_add(k, "gusto.", "kind"), "model");
    snprintf(gu_keys_add(k, "gusto.", "model"), GU_OPTION_TEXT, "%s", model->type->name);
    snprintf(gu_keys_add(k, "gusto.", "seed"), GU_OPTION_TEXT, "%llu", (unsigned long long)state->seed);
    snprintf(gu_keys_add(k, "gusto.", "n_users"), GU_OPTION_TEXT, "%d", state->n_users);
    snprintf(gu_keys_add(k, "gusto.", "n_items"), GU_OPTION_TEXT, "%d", state->n_items);
    gu_format_real(state->low, gu_keys_add(k, "gusto.", "low"));
    gu_format_real(state->high, gu_keys_add(k, "gusto.", "high"));
    gu_format_double(state->mean, gu_keys_add(k, "gusto.", "mean"));
    if (state->user_features)
        snprintf(gu_keys_add(k, "gusto.", "user_features"), GU_OPTION_TEXT, "%d", state->user_features->rows.n_columns);
    if (state->item_features)
        snprintf(gu_keys_add(k, "gusto.", "item_features"), GU_OPTION_TEXT, "%d", state->item_features->rows.n_columns);
    if (state->optimizer)
        snprintf(gu_keys_add(k, "gusto.", "optimizer"), GU_OPTION_TEXT, "%s", state->optimizer);
    gu_keys_options(model, "option.", k);
    return GUSTO_OK;
}

gusto_status gusto_model_save(gusto_context *context, const gusto_model *model, const char *path)
{
    const gu_state *state = &model->state;
    if (!model->fitted)
        return gu_error(context, GUSTO_EUNFIT, "model %s is not fitted: there is nothing to save", model->type->name);

    int most = EXTRA_TENSORS + state->n_tensors;
    for (int m = 0; m < state->n_members; m++)
        most += state->member[m].model->state.n_tensors;
    gusto_tensor *tensor = gu_new(context, most, gusto_tensor);
    if (!tensor)
        return GUSTO_ENOMEM;
    int n = 0;
    while (gusto_model_tensor_at(model, n, &tensor[n]))
        n++;
    if (state->seen_start) {
        const int64_t nnz = state->seen_start[state->n_users];
        tensor[n++] = (gusto_tensor){"seen.start", GUSTO_I64, state->n_users + INT64_C(1), 1, 1, state->seen_start};
        tensor[n++] = (gusto_tensor){"seen.item", GUSTO_I32, nnz, 1, 1, state->seen_item};
    }
    gu_ids_tensors user_ids, item_ids;
    gu_ids_to_tensors(state->user_ids, "user_ids", &user_ids);
    gu_ids_to_tensors(state->item_ids, "item_ids", &item_ids);
    for (int t = 0; t < user_ids.n; t++)
        tensor[n++] = user_ids.tensor[t];
    for (int t = 0; t < item_ids.n; t++)
        tensor[n++] = item_ids.tensor[t];
    gu_features_tensors user_features, item_features;
    gu_features_to_tensors(state->user_features, "user_features", &user_features);
    gu_features_to_tensors(state->item_features, "item_features", &item_features);
    for (int t = 0; t < user_features.n; t++)
        tensor[n++] = user_features.tensor[t];
    for (int t = 0; t < item_features.n; t++)
        tensor[n++] = item_features.tensor[t];

    gu_keys      k;
    gusto_status status = make_keys(context, model, &k);
    if (status == GUSTO_OK)
        status = gusto_container_write(context, path, tensor, n, k.pair, k.n);
    gu_keys_clear(&context->allocator, &k);
    gu_free(&context->allocator, tensor);
    return status;
}

/* ---- loading ---- */

static gusto_status number(gusto_context *context, const char *path, const gusto_container *file, const char *key, double *out)
{
    const char *text = gusto_container_metadata(file, key);
    if (!text || !gu_parse_real(text, strlen(text), out))
        return gu_error(context, GUSTO_EFORMAT, "%s: metadata %s is missing or no number", path, key);
    return GUSTO_OK;
}

static gusto_status read_description(gusto_context *context, const char *path, const gusto_container *file, gu_state *state)
{
    double       low, high, n_users, n_items;
    gusto_status status = number(context, path, file, "gusto.low", &low);
    if (status == GUSTO_OK)
        status = number(context, path, file, "gusto.high", &high);
    if (status == GUSTO_OK)
        status = number(context, path, file, "gusto.mean", &state->mean);
    if (status == GUSTO_OK)
        status = number(context, path, file, "gusto.n_users", &n_users);
    if (status == GUSTO_OK)
        status = number(context, path, file, "gusto.n_items", &n_items);
    if (status < 0)
        return status;

    const char *seed = gusto_container_metadata(file, "gusto.seed");
    if (!seed || sscanf(seed, "%llu", (unsigned long long *)&state->seed) != 1)
        return gu_error(context, GUSTO_EFORMAT, "%s: metadata gusto.seed is missing or no number", path);
    if (!(n_users >= 0 && n_users <= INT32_MAX && n_items >= 0 && n_items <= INT32_MAX))
        return gu_error(context, GUSTO_EFORMAT, "%s: %g users and %g items", path, n_users, n_items);
    state->n_users = (int32_t)n_users;
    state->n_items = (int32_t)n_items;
    state->low = (gusto_real)low;
    state->high = (gusto_real)high;
    const char *optimizer = gusto_container_metadata(file, "gusto.optimizer");
    if (optimizer && !(state->optimizer = gu_strdup(context, optimizer)))
        return GUSTO_ENOMEM;
    return GUSTO_OK;
}

/* The list of members first: it says which other options there are. */
static gusto_status read_list_of_members(gusto_context *context, const gusto_container *file, gusto_model *model)
{
    if (!model->type->members)
        return GUSTO_OK;
    char key[GU_OPTION_TEXT + 8];
    snprintf(key, sizeof key, "option.%s", model->type->members);
    const char *list = gusto_container_metadata(file, key);
    return list ? gusto_model_set(context, model, model->type->members, list) : GUSTO_OK;
}

/* Sets every option that the file has. One that this version lacks is an error: the model might mean something else. */
static gusto_status read_options(gusto_context *context, const char *path, const gusto_container *file, gusto_model *model)
{
    static const char prefix[] = "option.";
    const char       *key, *value;
    gusto_status      status = read_list_of_members(context, file, model);
    for (int m = 0; status == GUSTO_OK && gusto_container_metadata_at(file, m, &key, &value); m++)
        if (strncmp(key, prefix, sizeof prefix - 1) == 0)
            status = gusto_model_set(context, model, key + sizeof prefix - 1, value);
    if (status < 0 && status != GUSTO_ENOMEM)
        status = gu_error(context, GUSTO_EFORMAT, "%s: %s", path, context->message);
    return status;
}

/* Reals of the other precision. */
static void convert(gusto_dtype dtype, int64_t n, const void *source, gusto_real *target)
{
    const float  *f = source;
    const double *d = source;
    for (int64_t c = 0; c < n; c++)
        target[c] = dtype == GUSTO_F64 ? (gusto_real)d[c] : (gusto_real)f[c];
}

/* What kernels take in whole vectors, also at rank 1. Every other tensor of one column is a vector, dense in memory. */
static bool is_of_factors(const char *name)
{
    static const char *const factors[] = {"P", "Q", "G", "Y"};
    for (size_t f = 0; f < sizeof factors / sizeof *factors; f++)
        if (strcmp(name, factors[f]) == 0)
            return true;
    return false;
}

/* One of the model's tensors, with rows padded and reals in this library's precision. */
static gusto_status read_tensor(gusto_context *context, const gusto_tensor *from, const char *name, gu_state *state)
{
    const bool  real = from->dtype == GUSTO_F32 || from->dtype == GUSTO_F64;
    gusto_dtype dtype = from->dtype;
    if (real)
        dtype = GU_DTYPE_REAL;
    const bool    padded = real && (from->columns > 1 || is_of_factors(name));
    const int64_t ld = padded ? gu_padded(from->columns) : from->columns;
    char         *to = gu_state_add(context, state, name, dtype, from->rows, from->columns, ld);
    if (!to)
        return GUSTO_ENOMEM;

    const size_t size = gusto_dtype_size(dtype), from_size = gusto_dtype_size(from->dtype);
    for (int64_t r = 0; r < from->rows; r++) {
        const void *source = (const char *)from->data + (size_t)(r * from->ld) * from_size;
        void       *target = to + (size_t)(r * ld) * size;
        if (from->dtype == dtype)
            memcpy(target, source, (size_t)from->columns * size);
        else
            convert(from->dtype, from->columns, source, target);
    }
    return GUSTO_OK;
}

static gusto_status read_seen(gusto_context *context, const char *path, const gusto_container *file, gu_state *state)
{
    gusto_tensor start, item;
    if (!gusto_container_tensor(file, "seen.start", &start))
        return GUSTO_OK;
    const int64_t rows = state->n_users + INT64_C(1);
    if (!gusto_container_tensor(file, "seen.item", &item) || start.dtype != GUSTO_I64 || item.dtype != GUSTO_I32 ||
        start.rows != rows || start.columns != 1 || item.columns != 1)
        return gu_error(context, GUSTO_EFORMAT, "%s: tensors seen.start and seen.item do not go with %d users", path,
                        state->n_users);

    const int64_t *from = start.data;
    const int32_t *items = item.data;
    bool           right = from[0] == 0 && from[state->n_users] == item.rows;
    for (int32_t u = 0; right && u < state->n_users; u++)
        right = from[u] <= from[u + 1];
    for (int64_t e = 0; right && e < item.rows; e++)
        right = items[e] >= 0 && items[e] < state->n_items;
    if (!right)
        return gu_error(context, GUSTO_EFORMAT, "%s: tensors seen.start and seen.item hold no rows of items", path);

    state->seen_start = gu_new(context, rows, int64_t);
    state->seen_item = gu_new(context, item.rows, int32_t);
    if (!state->seen_start || !state->seen_item)
        return GUSTO_ENOMEM;
    memcpy(state->seen_start, from, (size_t)rows * sizeof *from);
    memcpy(state->seen_item, items, (size_t)item.rows * sizeof *items);
    return GUSTO_OK;
}

/* Features of users or items, if the file has any. */
static gusto_status read_features(gusto_context *context, const char *path, const gusto_container *file, const char *name,
                                  gusto_ids *ids, int32_t n_rows, gusto_features **out)
{
    char   key[GU_OPTION_TEXT];
    double n_columns = 0;
    snprintf(key, sizeof key, "gusto.%s", name);
    if (!gusto_container_metadata(file, key))
        return GUSTO_OK;
    const gusto_status status = number(context, path, file, key, &n_columns);
    if (status < 0)
        return status;
    if (!(n_columns >= 0 && n_columns <= INT32_MAX))
        return gu_error(context, GUSTO_EFORMAT, "%s: metadata %s is %g", path, key, n_columns);
    return gu_features_from_container(context, file, name, ids, n_rows, (int32_t)n_columns, out);
}

static bool belongs_to_the_frame(const char *name)
{
    static const char *const frame[] = {"seen.", "user_ids", "item_ids", "user_features.", "item_features."};
    for (size_t f = 0; f < sizeof frame / sizeof *frame; f++)
        if (strncmp(name, frame[f], strlen(frame[f])) == 0)
            return true;
    return false;
}

/* The model's own literal for a tensor of the file, NULL if it has none of that name. */
static const char *own_name(const gu_model_type *type, const char *name)
{
    for (int t = 0; type->tensors[t]; t++)
        if (strcmp(type->tensors[t], name) == 0)
            return type->tensors[t];
    return NULL;
}

/* Members that are to be filled: they know what the whole knows of the ratings. */
static gusto_status make_members(gusto_context *context, gusto_model *model)
{
    gu_state    *state = &model->state;
    gu_roster    roster;
    gusto_status status = gu_roster_of(context, model, &roster);
    if (status == GUSTO_OK && roster.n > 0)
        status = gu_members_room(context, &roster, state);
    for (int m = 0; m < roster.n && status == GUSTO_OK; m++) {
        status = gu_roster_make(context, model, &roster, m, &state->member[m].model);
        if (status == GUSTO_OK)
            gu_members_describe(state, m);
    }
    return status;
}

/* Puts a tensor of the file where it belongs: to the model, or to one of its members. */
static gusto_status place_tensor(gusto_context *context, const char *path, const gusto_tensor *tensor, gusto_model *model)
{
    const char  *rest = tensor->name;
    const int    m = gu_members_find(&model->state, tensor->name, &rest);
    gusto_model *owner = m < 0 ? model : model->state.member[m].model;
    const char  *name = own_name(owner->type, rest);
    if (!name)
        return gu_error(context, GUSTO_EFORMAT, "%s: tensor %s is not one of model %s", path, tensor->name, owner->type->name);
    return read_tensor(context, tensor, name, &owner->state);
}

static gusto_status attach_members(gusto_context *context, gusto_model *model)
{
    gusto_status status = GUSTO_OK;
    for (int m = 0; m < model->state.n_members && status == GUSTO_OK; m++) {
        gu_member *member = &model->state.member[m];
        status = member->model->type->attach(context, member->model, &member->model->state);
        member->model->fitted = status == GUSTO_OK;
        if (status < 0)
            gu_error(context, status, "member %s: %s", member->label, context->message);
    }
    return status == GUSTO_OK ? gu_members_settle(context, &model->state) : status;
}

static gusto_status read_state(gusto_context *context, const char *path, const gusto_container *file, gusto_model *model)
{
    gu_state    *state = &model->state;
    gusto_status status = read_description(context, path, file, state);
    if (status == GUSTO_OK)
        status = gu_ids_from_container(context, file, "user_ids", &state->user_ids);
    if (status == GUSTO_OK)
        status = gu_ids_from_container(context, file, "item_ids", &state->item_ids);
    if (status == GUSTO_OK)
        status = read_seen(context, path, file, state);
    if (status < 0)
        return status;
    if ((state->user_ids && gusto_ids_count(state->user_ids) != state->n_users) ||
        (state->item_ids && gusto_ids_count(state->item_ids) != state->n_items))
        return gu_error(context, GUSTO_EFORMAT, "%s: the dictionaries do not go with %d users and %d items", path, state->n_users,
                        state->n_items);
    status = read_features(context, path, file, "user_features", state->user_ids, state->n_users, &state->user_features);
    if (status == GUSTO_OK)
        status = read_features(context, path, file, "item_features", state->item_ids, state->n_items, &state->item_features);

    if (status == GUSTO_OK)
        status = make_members(context, model);
    gusto_tensor tensor;
    for (int t = 0; status == GUSTO_OK && gusto_container_tensor_at(file, t, &tensor); t++)
        if (!belongs_to_the_frame(tensor.name))
            status = place_tensor(context, path, &tensor, model);
    return status;
}

gusto_status gusto_model_load(gusto_context *context, const char *path, gusto_model **out)
{
    *out = NULL;
    gusto_container *file;
    gusto_status     status = gusto_container_open(context, path, &file);
    if (status < 0)
        return status;

    gusto_model *model = NULL;
    const char  *kind = gusto_container_metadata(file, "gusto.kind"), *name = gusto_container_metadata(file, "gusto.model");
    if (!kind || strcmp(kind, "model") != 0 || !name)
        status = gu_error(context, GUSTO_EFORMAT, "%s: not a model, but %s", path, kind ? kind : "a container of another kind");
    if (status == GUSTO_OK)
        status = gusto_model_create(context, name, &model);
    if (status == GUSTO_OK)
        status = read_options(context, path, file, model);
    if (status == GUSTO_OK)
        status = read_state(context, path, file, model);
    if (status == GUSTO_OK && (status = attach_members(context, model)) < 0)
        gu_error(context, status, "%s: %s", path, context->message);
    if (status == GUSTO_OK && (status = model->type->attach(context, model, &model->state)) < 0)
        gu_error(context, status, "%s: %s", path, context->message);
    gusto_container_close(file);

    if (status < 0) {
        gusto_model_destroy(model);
        return status;
    }
    model->fitted = true;
    *out = model;
    return GUSTO_OK;
}
