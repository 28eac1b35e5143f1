/* See options.h. */
#include "core/options.h"

#include "core/memory.h"
#include "core/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

gusto_status gu_options_init(gusto_context *context, const gu_option_group *groups, int n_groups, gu_options *out)
{
    *out = (gu_options){.n_groups = n_groups};
    for (int g = 0; g < n_groups; g++)
        out->n += groups[g].n;

    out->groups = gu_new(context, n_groups, gu_option_group);
    out->value = gu_new(context, out->n, double);
    if (!out->groups || !out->value) {
        gu_options_clear(&context->allocator, out);
        return GUSTO_ENOMEM;
    }

    double *value = out->value;
    for (int g = 0; g < n_groups; g++) {
        out->groups[g] = groups[g];
        for (int j = 0; j < groups[g].n; j++)
            *value++ = groups[g].table[j].value;
    }
    return GUSTO_OK;
}

void gu_options_clear(const gusto_allocator *allocator, gu_options *options)
{
    gu_free(allocator, options->groups);
    gu_free(allocator, options->value);
    *options = (gu_options){0};
}

const gusto_option *gu_options_at(const gu_options *options, int o, char *name)
{
    if (o < 0)
        return NULL;
    for (int g = 0; g < options->n_groups; g++) {
        const gu_option_group *group = &options->groups[g];
        if (o < group->n) {
            const char *dot = group->prefix[0] ? "." : "";
            snprintf(name, GU_OPTION_TEXT, "%s%s%s", group->prefix, dot, group->table[o].name);
            return &group->table[o];
        }
        o -= group->n;
    }
    return NULL;
}

int gu_options_find(const gu_options *options, const char *name)
{
    char candidate[GU_OPTION_TEXT];
    for (int o = 0; o < options->n; o++) {
        gu_options_at(options, o, candidate);
        if (strcmp(candidate, name) == 0)
            return o;
    }
    return -1;
}

const double *gu_options_group(const gu_options *options, const char *prefix, const gusto_option *table)
{
    const double *value = options->value;
    for (int g = 0; g < options->n_groups; g++) {
        if (options->groups[g].table == table && strcmp(options->groups[g].prefix, prefix) == 0)
            break;
        value += options->groups[g].n;
    }
    return value;
}

static const char *full_name(const void *arg, int j, char *scratch)
{
    gu_options_at(arg, j, scratch);
    return scratch;
}

static gusto_status unknown(gusto_context *context, const gu_options *options, const char *name)
{
    char nearest[GU_NAME_TEXT];
    gu_nearest(name, options->n, full_name, options, nearest);
    return gu_error(context, GUSTO_EOPTION, "no option \"%s\"; did you mean \"%s\"?", name, nearest);
}

/* Checks a number against the bounds of its option; says what they are. */
static gusto_status check(gusto_context *context, const gusto_option *option, const char *name, double value)
{
    double low = option->low, high = option->high;
    if (option->kind == GUSTO_OPTION_BOOL) {
        low = 0;
        high = 1;
    }
    if (option->kind == GUSTO_OPTION_NAME) {
        low = 0;
        for (high = 0; option->choice((int)high + 1); high++)
            ;
    }
    char value_text[GU_NUMBER_TEXT], low_text[GU_NUMBER_TEXT], high_text[GU_NUMBER_TEXT];
    gu_format_double(value, value_text);
    if (!(value >= low && value <= high)) {
        gu_format_double(low, low_text);
        gu_format_double(high, high_text);
        return gu_error(context, GUSTO_EOPTION, "option %s: %s is not within %s .. %s", name, value_text, low_text, high_text);
    }
    if (option->kind != GUSTO_OPTION_REAL && value != floor(value))
        return gu_error(context, GUSTO_EOPTION, "option %s: %s is not a whole number", name, value_text);
    return GUSTO_OK;
}

gusto_status gu_options_set_number(gusto_context *context, gu_options *options, const char *name, double value)
{
    const int o = gu_options_find(options, name);
    if (o < 0)
        return unknown(context, options, name);
    char                full[GU_OPTION_TEXT];
    const gusto_option *option = gu_options_at(options, o, full);
    const gusto_status  status = check(context, option, name, value);
    if (status == GUSTO_OK)
        options->value[o] = value;
    return status;
}

static bool parse_bool(const char *text, double *value)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (int w = 0; w < (int)(sizeof words / sizeof *words); w++)
        if (strcmp(text, words[w]) == 0) {
            *value = w % 2;
            return true;
        }
    return false;
}

static bool parse_choice(const gusto_option *option, const char *text, double *value)
{
    const char *choice;
    for (int c = 0; (choice = option->choice(c)); c++)
        if (strcmp(text, choice) == 0) {
            *value = c;
            return true;
        }
    return false;
}

static gusto_status bad_choice(gusto_context *context, const gusto_option *option, const char *name, const char *text)
{
    char        list[GU_MESSAGE / 2] = "";
    size_t      used = 0;
    const char *choice;
    for (int c = 0; (choice = option->choice(c)) && used < sizeof list; c++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", c ? ", " : "", choice);
    return gu_error(context, GUSTO_EOPTION, "option %s: \"%s\" is none of: %s", name, text, list);
}

gusto_status gu_options_set(gusto_context *context, gu_options *options, const char *name, const char *text)
{
    const int o = gu_options_find(options, name);
    if (o < 0)
        return unknown(context, options, name);

    char                full[GU_OPTION_TEXT];
    const gusto_option *option = gu_options_at(options, o, full);
    double              value = 0;
    switch (option->kind) {
    case GUSTO_OPTION_NAME:
        if (!parse_choice(option, text, &value))
            return bad_choice(context, option, name, text);
        break;
    case GUSTO_OPTION_BOOL:
        if (!parse_bool(text, &value))
            return gu_error(context, GUSTO_EOPTION, "option %s: \"%s\" is neither true nor false", name, text);
        break;
    case GUSTO_OPTION_INT:
    case GUSTO_OPTION_REAL:
        if (!gu_parse_real(text, strlen(text), &value))
            return gu_error(context, GUSTO_EOPTION, "option %s: \"%s\" is not a finite number", name, text);
        break;
    }
    return gu_options_set_number(context, options, name, value);
}

void gu_options_text(const gusto_option *option, double value, char *text)
{
    switch (option->kind) {
    case GUSTO_OPTION_NAME:
        snprintf(text, GU_OPTION_TEXT, "%s", option->choice((int)value));
        break;
    case GUSTO_OPTION_BOOL:
        snprintf(text, GU_OPTION_TEXT, "%s", value != 0 ? "true" : "false");
        break;
    case GUSTO_OPTION_INT:
    case GUSTO_OPTION_REAL:
        gu_format_double(value, text);
        break;
    }
}
