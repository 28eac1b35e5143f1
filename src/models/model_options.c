/* The options of a model: its own, those of training, those of its members, under one roof; and an optimizer of the caller's own. */
#include "core/memory.h"
#include "models/members.h"

#include <stdio.h>
#include <string.h>

static const gusto_option common[] = {
    {"keep_seen", GUSTO_OPTION_BOOL, 1, 0, 1, NULL, "keep who has had what, so that lists can leave it out"},
};

enum { N_COMMON = sizeof common / sizeof *common };

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

gusto_status gu_roster_options(gusto_context *context, const gu_model_type *type, const gu_roster *roster, gu_options *options)
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
        status = gu_roster_options(context, model->type, &roster, &made);
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

/* An option that other models have, such as patience, is asked for of one that makes all its sweeps. */
static gusto_status of_others(gusto_context *context, const gusto_model *model, const char *name)
{
    int                 n;
    const gusto_option *table = gu_training_options(&n);
    for (int o = 0; o < n && !model->type->by_gradients; o++)
        if (strcmp(table[o].name, name) == 0 && gu_options_find(&model->options, name) < 0)
            return gu_error(context, GUSTO_EOPTION, "no option \"%s\": it is of models trained by gradients, and %s is none",
                            name, model->type->name);
    return GUSTO_OK;
}

gusto_status gusto_model_set(gusto_context *context, gusto_model *model, const char *name, const char *text)
{
    gusto_status status = of_others(context, model, name);
    if (status == GUSTO_OK && model->type->check)
        status = model->type->check(context, model, name, text);
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
