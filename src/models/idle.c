/* Options that have no effect with the others that were chosen. Whoever sets one means something by it, so a fit refuses: a model says in a table which
 * option waits for which value of another (gu_condition), training adds its own, and this file is the only one that reads them.
 *
 * An option is set where it is not at its default: that holds for options from a file, from C and from the command alike. */
#include "core/memory.h"
#include "models/members.h"

#include <stdio.h>
#include <string.h>

/* What holds for every model that is trained by gradients. Options of an optimizer, a rate and a schedule are groups under its name. */
static const gu_condition by_gradients[] = {
    {"batch_size", "schedule", "entries, users, items, blocks"},
    {"crossover", "way", "auto"},
    {NULL, NULL, NULL},
};
static const char *const deciders[] = {"optimizer", "rate", "schedule"};

/* One option of a model or of its member. */
typedef struct asked {
    const gusto_model *model;
    const char        *prefix; /* "" or "LABEL." */
    const char        *name;   /* behind the prefix */
} asked;

static bool concerns(const gu_condition *condition, const char *name)
{
    const size_t n = strlen(condition->option);
    return condition->option[n - 1] == '.' ? strncmp(name, condition->option, n) == 0 : strcmp(name, condition->option) == 0;
}

/* Whether `text` is one of a list. */
static bool among(const char *text, const char *list)
{
    const size_t n = strlen(text);
    for (const char *at = list; at; at = strchr(at, ','), at = at ? at + 2 : NULL)
        if (strncmp(at, text, n) == 0 && (at[n] == 0 || at[n] == ','))
            return true;
    return false;
}

/* The value of another option beside the one that is asked for. value [GU_OPTION_TEXT]. */
static void value_beside(const asked *a, const char *name, char *value)
{
    char full[GU_OPTION_TEXT];
    snprintf(full, sizeof full, "%s%s", a->prefix, name);
    gu_options_text(&a->model->options, gu_options_find(&a->model->options, full), value);
}

static gusto_status check_condition(gusto_context *context, const asked *a, const gu_model_type *type,
                                    const gu_condition *condition)
{
    char value[GU_OPTION_TEXT];
    if (!condition->by)
        return gu_error(context, GUSTO_EOPTION, "option %s%s has no effect in model %s", a->prefix, a->name, type->name);
    value_beside(a, condition->by, value);
    if (among(value, condition->values))
        return GUSTO_OK;
    return gu_error(context, GUSTO_EOPTION, "option %s%s has no effect with %s%s=%s: it is for %s=%s", a->prefix, a->name,
                    a->prefix, condition->by, value, condition->by, condition->values);
}

/* An option of a group belongs to the optimizer, rate or schedule of that name, whichever there is. */
static gusto_status check_group(gusto_context *context, const asked *a, const gu_model_type *type)
{
    char        group[GU_OPTION_TEXT];
    const char *dot = strchr(a->name, '.');
    if (!dot)
        return GUSTO_OK;
    snprintf(group, sizeof group, "%.*s", (int)(dot - a->name), a->name);
    const bool         found[] = {gusto_optimizer_find(group), gusto_rate_find(group), gusto_schedule_find(group)};
    const gu_condition condition = {a->name, deciders[found[0] ? 0 : found[1] ? 1 : 2], group};
    return check_condition(context, a, type, &condition);
}

/* table: ended by an option that is NULL; NULL: it has no rows. */
static gusto_status check_table(gusto_context *context, const asked *a, const gu_model_type *type, const gu_condition *table)
{
    gusto_status status = GUSTO_OK;
    for (const gu_condition *c = table; c && c->option && status == GUSTO_OK; c++)
        if (concerns(c, a->name))
            status = check_condition(context, a, type, c);
    return status;
}

static gusto_status check_option(gusto_context *context, const asked *a, const gu_model_type *type)
{
    gusto_status status = check_table(context, a, type, type->conditions);
    if (status == GUSTO_OK && type->by_gradients)
        status = check_table(context, a, type, by_gradients);
    return status == GUSTO_OK && type->by_gradients ? check_group(context, a, type) : status;
}

/* Whose option it is: the type of the member whose label it begins with, or the model's own. *prefix [GU_PREFIX_TEXT]. */
static const gu_model_type *owner(const gusto_model *model, const gu_roster *roster, const char *name, char *prefix)
{
    for (int m = 0; m < roster->n; m++) {
        const size_t n = strlen(roster->label[m]);
        if (strncmp(name, roster->label[m], n) == 0 && name[n] == '.') {
            snprintf(prefix, GU_PREFIX_TEXT, "%s.", roster->label[m]);
            return roster->type[m];
        }
    }
    prefix[0] = 0;
    return model->type;
}

gusto_status gusto_model_check(gusto_context *context, const gusto_model *model)
{
    gu_roster    roster;
    gu_options   defaults;
    gusto_status status = gu_roster_of(context, model, &roster);
    if (status == GUSTO_OK)
        status = gu_roster_options(context, model->type, &roster, &defaults);
    if (status < 0)
        return status;
    for (int o = 0; o < model->options.n && status == GUSTO_OK; o++) {
        char name[GU_OPTION_TEXT], prefix[GU_PREFIX_TEXT];
        if (model->options.value[o] == defaults.value[o])
            continue;
        gu_options_at(&model->options, o, name);
        const gu_model_type *type = owner(model, &roster, name, prefix);
        const asked          a = {.model = model, .prefix = prefix, .name = name + strlen(prefix)};
        status = check_option(context, &a, type);
    }
    gu_options_clear(&context->allocator, &defaults);
    return status;
}
