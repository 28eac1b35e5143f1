/* Making a model, its options, and what can be asked of it without a context's help. */
#include "core/memory.h"
#include "models/members.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const gusto_option common[] = {
    {"keep_seen", GUSTO_OPTION_BOOL, 1, 0, 1, NULL, "keep who has had what, so that lists can leave it out"},
};

enum { N_COMMON = sizeof common / sizeof *common };

static const char *name_at(const void *arg, int t, char *scratch)
{
    (void)arg;
    (void)scratch;
    return gu_model_type_at(t)->name;
}

static gusto_status find(gusto_context *context, const char *name, const gu_model_type **type)
{
    int t = 0;
    for (; (*type = gu_model_type_at(t)); t++)
        if (strcmp((*type)->name, name) == 0)
            return GUSTO_OK;
    return gu_unknown(context, GUSTO_EARG, "model", name, t, name_at, NULL);
}

/* The groups of a type's own options and those of its training, each under the prefix; without one also those common to all. text: room for
 * prefixes. Returns how many. */
static int type_groups(const gu_model_type *type, const char *prefix, gu_option_group *groups, char (*text)[GU_PREFIX_TEXT])
{
    int n = 0, n_training;
    if (type->n_options)
        groups[n++] = (gu_option_group){"", type->options, type->n_options};
    if (!prefix[0])
        groups[n++] = (gu_option_group){"", common, N_COMMON};
    if (type->by_gradients)
        n += gu_training_groups(gu_training_options(&n_training), groups + n);
    for (int g = 0; g < n && prefix[0]; g++) {
        snprintf(text[g], GU_PREFIX_TEXT, "%s%s%s", prefix, groups[g].prefix[0] ? "." : "", groups[g].prefix);
        groups[g].prefix = text[g];
    }
    return n;
}

static gusto_status set_training_defaults(gusto_context *context, const gu_model_type *type, const char *prefix,
                                          gu_options *options)
{
    gusto_status status = GUSTO_OK;
    for (int d = 0; status == GUSTO_OK && type->training_defaults && type->training_defaults[d][0]; d++) {
        char name[GU_OPTION_TEXT];
        snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] ? "." : "", type->training_defaults[d][0]);
        status = gu_options_set(context, options, name, type->training_defaults[d][1]);
    }
    return status;
}

/* The options of a type and of its members. */
static gusto_status make_options(gusto_context *context, const gu_model_type *type, const gu_roster *roster, gu_options *options)
{
    enum { MOST = GU_MAX_GROUPS + 2 };
    gu_option_group *groups = gu_alloc(context, (1 + roster->n) * MOST, sizeof *groups);
    char(*text)[GU_PREFIX_TEXT] = gu_alloc(context, (1 + roster->n) * MOST, sizeof *text);
    gusto_status status = GUSTO_ENOMEM;
    if (groups && text) {
        int n = type_groups(type, "", groups, NULL);
        for (int m = 0; m < roster->n; m++)
            n += type_groups(roster->type[m], roster->label[m], groups + n, text + n);
        status = gu_options_init(context, groups, n, options);
    }
    if (status == GUSTO_OK)
        status = set_training_defaults(context, type, "", options);
    for (int m = 0; m < roster->n && status == GUSTO_OK; m++)
        status = set_training_defaults(context, roster->type[m], roster->label[m], options);
    gu_free(&context->allocator, groups);
    gu_free(&context->allocator, text);
    return status;
}

/* Options for another list of members; those that are there as before keep their values. */
static gusto_status set_members(gusto_context *context, gusto_model *model, const char *text)
{
    gu_roster    roster;
    gu_options   made;
    gusto_status status = gu_roster_read(context, model->type, text, &roster);
    if (status == GUSTO_OK)
        status = make_options(context, model->type, &roster, &made);
    if (status < 0)
        return status;
    for (int o = 0; o < model->options.n && status == GUSTO_OK; o++) {
        char name[GU_OPTION_TEXT], value[GU_OPTION_TEXT];
        gu_options_at(&model->options, o, name);
        gu_options_text(&model->options, o, value);
        if (gu_options_find(&made, name) >= 0)
            status = gu_options_set(context, &made, name, value);
    }
    if (status == GUSTO_OK)
        status = gu_options_set(context, &made, model->type->members, text);
    if (status < 0) {
        gu_options_clear(&context->allocator, &made);
        return status;
    }
    gu_options_clear(&model->allocator, &model->options);
    model->options = made;
    return GUSTO_OK;
}

gusto_status gusto_model_create(gusto_context *context, const char *name, gusto_model **out)
{
    *out = NULL;
    const gu_model_type *type;
    gusto_status         status = find(context, name, &type);
    if (status < 0)
        return status;
    gu_roster roster = {0};
    for (int o = 0; status == GUSTO_OK && o < type->n_options; o++)
        if (type->members && strcmp(type->options[o].name, type->members) == 0)
            status = gu_roster_read(context, type, type->options[o].choice(0), &roster);
    if (status < 0)
        return status;
    gusto_model *model = gu_new_zero(context, 1, gusto_model);
    if (!model)
        return GUSTO_ENOMEM;
    model->type = type;
    model->allocator = context->allocator;
    status = make_options(context, type, &roster, &model->options);
    if (status < 0) {
        gusto_model_destroy(model);
        return status;
    }
    *out = model;
    return GUSTO_OK;
}

void gusto_model_destroy(gusto_model *model)
{
    if (!model)
        return;
    const gusto_allocator allocator = model->allocator;
    gu_state_clear(&allocator, &model->state);
    gu_options_clear(&allocator, &model->options);
    gu_free(&allocator, model->optimizer_values);
    gu_free(&allocator, model);
}

gusto_status gusto_model_create_like(gusto_context *context, const gusto_model *like, gusto_model **out)
{
    gusto_model *model;
    gusto_status status = gusto_model_create(context, like->type->name, &model);
    *out = NULL;
    if (status == GUSTO_OK && like->type->members) /* first: the others are options of members, too */
        status = set_members(context, model, gu_model_string(like, like->type->members));
    for (int o = 0; o < like->options.n && status == GUSTO_OK; o++) {
        char name[GU_OPTION_TEXT], value[GU_OPTION_TEXT];
        gu_options_at(&like->options, o, name);
        gu_options_text(&like->options, o, value);
        status = gu_options_set(context, &model->options, name, value);
    }
    if (status < 0)
        gusto_model_destroy(model);
    else
        *out = model;
    return status;
}

static void unfit(gusto_model *model)
{
    gu_state_clear(&model->allocator, &model->state);
    model->fitted = false;
}

bool gusto_model_option_at(const gusto_model *model, int o, char *name, const gusto_option **option)
{
    *option = gu_options_at(&model->options, o, name);
    return *option != NULL;
}

gusto_status gusto_model_set(gusto_context *context, gusto_model *model, const char *name, const char *text)
{
    gusto_status status = model->type->check ? model->type->check(context, model, name, text) : GUSTO_OK;
    if (status == GUSTO_OK && model->type->members && strcmp(name, model->type->members) == 0)
        status = set_members(context, model, text);
    else if (status == GUSTO_OK)
        status = gu_options_set(context, &model->options, name, text);
    if (status == GUSTO_OK)
        unfit(model);
    return status;
}

gusto_status gusto_model_set_number(gusto_context *context, gusto_model *model, const char *name, double value)
{
    const gusto_status status = gu_options_set_number(context, &model->options, name, value);
    if (status == GUSTO_OK)
        unfit(model);
    return status;
}

gusto_status gusto_model_get_number(gusto_context *context, const gusto_model *model, const char *name, double *value)
{
    const int o = gu_options_find(&model->options, name);
    if (o < 0)
        return gu_error(context, GUSTO_EOPTION, "no option \"%s\"", name);
    char full[GUSTO_OPTION_TEXT];
    if (gu_options_at(&model->options, o, full)->kind == GUSTO_OPTION_STRING)
        return gu_error(context, GUSTO_EOPTION, "option %s is text, not a number", name);
    *value = model->options.value[o];
    return GUSTO_OK;
}

gusto_status gusto_model_get(gusto_context *context, const gusto_model *model, const char *name, char *text)
{
    const int o = gu_options_find(&model->options, name);
    if (o < 0)
        return gu_error(context, GUSTO_EOPTION, "no option \"%s\"", name);
    gu_options_text(&model->options, o, text);
    return GUSTO_OK;
}

gusto_status gu_model_check_fitted(gusto_context *context, const gusto_model *model)
{
    return model->fitted ? GUSTO_OK : gu_error(context, GUSTO_EUNFIT, "model %s is not fitted", model->type->name);
}

double gu_model_option(const gusto_model *model, const char *name)
{
    return model->options.value[gu_options_find(&model->options, name)];
}

const char *gu_model_string(const gusto_model *model, const char *name)
{
    return gu_options_string(&model->options, name);
}

gusto_status gusto_model_set_optimizer(gusto_context *context, gusto_model *model, const gusto_optimizer_type *type,
                                       const double *values)
{
    if (!model->type->by_gradients)
        return gu_error(context, GUSTO_EUNSUPPORTED, "model %s is not trained by gradients", model->type->name);
    if (type->size != sizeof *type)
        return gu_error(context, GUSTO_EARG, "optimizer %s: size is %zu, expected %zu", type->name, type->size, sizeof *type);
    double *copy = gu_new(context, type->n_options, double);
    if (!copy)
        return GUSTO_ENOMEM;
    for (int j = 0; j < type->n_options; j++) {
        copy[j] = values ? values[j] : type->options[j].value;
        if (!(copy[j] >= type->options[j].low && copy[j] <= type->options[j].high)) {
            gu_free(&context->allocator, copy);
            return gu_error(context, GUSTO_EOPTION, "optimizer %s, option %s: not within %g .. %g", type->name,
                            type->options[j].name, type->options[j].low, type->options[j].high);
        }
    }
    gu_free(&model->allocator, model->optimizer_values);
    model->optimizer_values = copy;
    model->optimizer = type;
    unfit(model);
    return GUSTO_OK;
}

gusto_status gusto_model_memory(gusto_context *context, const gusto_model *model, int32_t n_users, int32_t n_items, int64_t nnz,
                                bool dense, int64_t *bytes)
{
    if (n_users < 0 || n_items < 0 || nnz < 0)
        return gu_error(context, GUSTO_EARG, "a shape must not be negative");
    *bytes = model->type->memory(model, n_users, n_items, nnz, dense);
    if (gu_model_option(model, "keep_seen") != 0)
        *bytes += nnz * (int64_t)sizeof(int32_t) + (n_users + INT64_C(1)) * (int64_t)sizeof(int64_t);
    return GUSTO_OK;
}

const char *gusto_model_name(const gusto_model *model)
{
    return model->type->name;
}

bool gusto_model_is_fitted(const gusto_model *model)
{
    return model->fitted;
}

int32_t gusto_model_n_users(const gusto_model *model)
{
    return model->state.n_users;
}

int32_t gusto_model_n_items(const gusto_model *model)
{
    return model->state.n_items;
}

gusto_ids *gusto_model_user_ids(const gusto_model *model)
{
    return model->state.user_ids;
}

gusto_ids *gusto_model_item_ids(const gusto_model *model)
{
    return model->state.item_ids;
}

uint64_t gusto_model_seed(const gusto_model *model)
{
    return model->state.seed;
}

gu_scale gu_scale_scores(const gusto_model *model)
{
    (void)model;
    return GU_SCALE_SCORES;
}

bool gusto_model_predicts_ratings(const gusto_model *model)
{
    return gu_model_scale(model) != GU_SCALE_SCORES;
}

bool gusto_model_scores_predict(const gusto_model *model)
{
    return gu_model_scale(model) != GU_SCALE_LISTS;
}

void gusto_model_range(const gusto_model *model, gusto_real *low, gusto_real *high)
{
    *low = model->state.low;
    *high = model->state.high;
}

double gusto_model_mean(const gusto_model *model)
{
    return model->state.mean;
}

const gusto_features *gusto_model_user_features(const gusto_model *model)
{
    return model->state.user_features;
}

const gusto_features *gusto_model_item_features(const gusto_model *model)
{
    return model->state.item_features;
}

bool gusto_model_uses_user_features(const gusto_model *model)
{
    return gu_members_use(model, false);
}

bool gusto_model_uses_item_features(const gusto_model *model)
{
    return gu_members_use(model, true);
}

const gusto_epoch *gusto_model_history(const gusto_model *model, int64_t *n)
{
    *n = model->state.history.n;
    return model->state.history.epoch;
}

void gusto_model_seen(const gusto_model *model, gusto_rows *seen)
{
    const gu_state *state = &model->state;
    *seen = (gusto_rows){.n_columns = state->n_items};
    if (!state->seen_start)
        return;
    seen->n_rows = state->n_users;
    seen->nnz = state->seen_start[state->n_users];
    seen->start = state->seen_start;
    seen->column = state->seen_item;
}

bool gusto_model_tensor_at(const gusto_model *model, int t, gusto_tensor *out)
{
    if (t < 0 || t >= model->state.n_tensors)
        return t >= 0 && gu_members_tensor_at(&model->state, t - model->state.n_tensors, out);
    *out = model->state.tensor[t];
    return true;
}

bool gusto_model_tensor(const gusto_model *model, const char *name, gusto_tensor *out)
{
    const gusto_tensor *tensor = gu_state_tensor(&model->state, name);
    if (!tensor)
        return gu_members_tensor(&model->state, name, out);
    *out = *tensor;
    return true;
}
