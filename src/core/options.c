/* See options.h. */
#include "core/options.h"

#include "core/memory.h"
#include "core/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

/* Copies the text, and returns what stands for it among the values. */
static double set_string(char *string, const char *text)
{
    snprintf(string, GU_OPTION_TEXT, "%s", text);
    return (double)(XXH3_64bits(string, strlen(string)) >> 11);
}

gusto_status gu_options_init(gusto_context *context, const gu_option_group *groups, int n_groups, gu_options *out)
{
    *out = (gu_options){.n_groups = n_groups};
    int n_strings = 0;
    for (int g = 0; g < n_groups; g++) {
        out->n += groups[g].n;
        for (int j = 0; j < groups[g].n; j++)
            n_strings += groups[g].table[j].kind == GUSTO_OPTION_STRING;
    }

    out->groups = gu_new(context, n_groups, gu_option_group);
    out->value = gu_new(context, out->n, double);
    out->string = gu_alloc(context, n_strings, sizeof *out->string);
    out->prefix = gu_alloc(context, n_groups, sizeof *out->prefix);
    if (!out->groups || !out->value || !out->string || !out->prefix) {
        gu_options_clear(&context->allocator, out);
        return GUSTO_ENOMEM;
    }

    double *value = out->value;
    char(*string)[GU_OPTION_TEXT] = out->string;
    for (int g = 0; g < n_groups; g++) {
        snprintf(out->prefix[g], GU_PREFIX_TEXT, "%s", groups[g].prefix);
        out->groups[g] = (gu_option_group){out->prefix[g], groups[g].table, groups[g].n};
        for (int j = 0; j < groups[g].n; j++) {
            const gusto_option *option = &groups[g].table[j];
            *value++ = option->kind == GUSTO_OPTION_STRING ? set_string(*string++, option->choice(0)) : option->value;
        }
    }
    return GUSTO_OK;
}

void gu_options_clear(const gusto_allocator *allocator, gu_options *options)
{
    gu_free(allocator, options->groups);
    gu_free(allocator, options->value);
    gu_free(allocator, options->prefix);
    gu_free(allocator, options->string);
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
    return gu_unknown(context, GUSTO_EOPTION, "option", name, options->n, full_name, options);
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
    if (option->kind == GUSTO_OPTION_STRING)
        return gu_error(context, GUSTO_EOPTION, "option %s is text, not a number", name);
    const gusto_status status = check(context, option, name, value);
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

/* Where the o-th option, a string, is kept. */
static char *string_of(const gu_options *options, int o)
{
    int before = 0;
    for (int g = 0; g < options->n_groups; g++)
        for (int j = 0; j < options->groups[g].n && o > 0; j++, o--)
            before += options->groups[g].table[j].kind == GUSTO_OPTION_STRING;
    return options->string[before];
}

static gusto_status check_length(gusto_context *context, const gusto_option *option, const char *name, const char *text)
{
    const size_t n = strlen(text);
    if ((double)n >= option->low && (double)n <= option->high && n < GU_OPTION_TEXT)
        return GUSTO_OK;
    return gu_error(context, GUSTO_EOPTION, "option %s: a text of %zu bytes is not within %.0f .. %.0f bytes", name, n,
                    option->low, option->high);
}

gusto_status gu_options_set(gusto_context *context, gu_options *options, const char *name, const char *text)
{
    const int o = gu_options_find(options, name);
    if (o < 0)
        return unknown(context, options, name);

    char                full[GU_OPTION_TEXT];
    const gusto_option *option = gu_options_at(options, o, full);
    double              value = 0;
    gusto_status        status;
    switch (option->kind) {
    case GUSTO_OPTION_STRING:
        status = check_length(context, option, name, text);
        if (status == GUSTO_OK)
            options->value[o] = set_string(string_of(options, o), text);
        return status;
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

const char *gu_options_string(const gu_options *options, const char *name)
{
    return string_of(options, gu_options_find(options, name));
}

void gu_options_text(const gu_options *options, int o, char *text)
{
    const gusto_option *option = gu_options_at(options, o, text);
    const double        value = options->value[o];
    switch (option->kind) {
    case GUSTO_OPTION_STRING:
        snprintf(text, GU_OPTION_TEXT, "%s", string_of(options, o));
        break;
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
