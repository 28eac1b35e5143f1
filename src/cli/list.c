/* gusto list: what there is, from the tables of the library; the manual page is made of this, too. */
#include "cli/common.h"

#include <stdio.h>
#include <string.h>

static void print_bound(char *text, size_t size, const gusto_option *o)
{
    switch (o->kind) {
    case GUSTO_OPTION_BOOL:
        snprintf(text, size, "true, false");
        return;
    case GUSTO_OPTION_NAME:
        text[0] = 0;
        for (int c = 0; o->choice(c); c++) {
            const size_t used = strlen(text);
            snprintf(text + used, size - used, "%s%s", c ? ", " : "", o->choice(c));
        }
        return;
    case GUSTO_OPTION_STRING:
        snprintf(text, size, "text of %.9g .. %.9g bytes", o->low, o->high);
        return;
    case GUSTO_OPTION_INT:
        snprintf(text, size, "%.0f .. %.0f", o->low, o->high);
        return;
    default:
        snprintf(text, size, "%.9g .. %.9g", o->low, o->high);
    }
}

/* value: the default, as text. */
static void print_option(const char *name, const gusto_option *o, const char *value)
{
    char bound[512];
    print_bound(bound, sizeof bound, o);
    printf("    %-26s %s\n    %-26s   default %s; %s\n", name, o->help, "", value, bound);
}

static void print_options(const gusto_option *options, int n)
{
    for (int j = 0; j < n; j++) {
        const gusto_option *o = &options[j];
        char                value[GUSTO_OPTION_TEXT];
        if (o->kind == GUSTO_OPTION_NAME || o->kind == GUSTO_OPTION_STRING)
            snprintf(value, sizeof value, "%s", o->choice((int)o->value));
        else if (o->kind == GUSTO_OPTION_BOOL)
            snprintf(value, sizeof value, "%s", o->value != 0 ? "true" : "false");
        else
            snprintf(value, sizeof value, "%.9g", o->value);
        print_option(o->name, o, value);
    }
}

/* A model has defaults of its own for options that training declares: they are asked of the model, not read in the table. */
static exit_code print_model_options(session *s, const gusto_model *model)
{
    char                name[GUSTO_OPTION_TEXT], value[GUSTO_OPTION_TEXT];
    const gusto_option *option;
    for (int o = 0; gusto_model_option_at(model, o, name, &option); o++) {
        const gusto_status status = gusto_model_get(s->context, model, name, value);
        if (status < 0)
            return failure(s, status);
        print_option(name, option, value);
    }
    return DONE;
}

static exit_code list_model(session *s, const char *name, const char *summary)
{
    gusto_model       *model;
    const gusto_status status = gusto_model_create(s->context, name, &model);
    if (status < 0)
        return failure(s, status);
    printf("  %-28s %s\n", name, summary);
    const exit_code code = print_model_options(s, model);
    gusto_model_destroy(model);
    return code;
}

static exit_code list_models(session *s)
{
    const char *summary, *name;
    exit_code   code = DONE;
    for (int t = 0; code == DONE && (name = gusto_model_name_at(t, &summary)); t++)
        code = list_model(s, name, summary);
    return code;
}

static const char *model_name_at(const void *arg, int t, char *scratch)
{
    (void)scratch;
    (void)arg;
    return gusto_model_name_at(t, NULL);
}

/* The model of that name alone.   Returns whether there is one. */
static bool list_one(session *s, const char *name, exit_code *code)
{
    const char *summary, *found;
    for (int t = 0; (found = gusto_model_name_at(t, &summary)); t++)
        if (strcmp(found, name) == 0) {
            *code = list_model(s, name, summary);
            return true;
        }
    return false;
}

static exit_code list_optimizers(session *s)
{
    (void)s;
    const gusto_optimizer_type *type;
    for (int t = 0; (type = gusto_optimizer_at(t)); t++) {
        printf("  %-28s %s\n    %-26s   learning rate by default %.9g\n", type->name, type->summary, "", type->rate);
        print_options(type->options, type->n_options);
    }
    return DONE;
}

static exit_code list_rates(session *s)
{
    (void)s;
    const gusto_rate_type *type;
    for (int t = 0; (type = gusto_rate_at(t)); t++) {
        printf("  %-28s %s\n", type->name, type->summary);
        print_options(type->options, type->n_options);
    }
    return DONE;
}

static exit_code list_schedules(session *s)
{
    (void)s;
    const gusto_schedule_type *type;
    for (int t = 0; (type = gusto_schedule_at(t)); t++) {
        printf("  %-28s %s\n", type->name, type->summary);
        print_options(type->options, type->n_options);
    }
    return DONE;
}

static exit_code list_metrics(session *s)
{
    (void)s;
    const char *name, *definition;
    bool        cutoff;
    for (int t = 0; (name = gusto_metric_at(t, &definition, &cutoff)); t++) {
        char full[64];
        snprintf(full, sizeof full, "%s%s", name, cutoff ? "@k" : "");
        printf("  %-28s %s\n", full, definition);
    }
    return DONE;
}

static const struct {
    const char *name;
    exit_code (*print)(session *s);
} sections[] = {
    {"models", list_models},       {"optimizers", list_optimizers}, {"rates", list_rates},
    {"schedules", list_schedules}, {"metrics", list_metrics},
};

enum { N_SECTIONS = sizeof sections / sizeof *sections };

static const char *section_name_at(const void *arg, int j, char *scratch)
{
    (void)scratch;
    (void)arg;
    return sections[j].name;
}

static exit_code work(session *s)
{
    bool      found = s->n_args == 0;
    exit_code code = DONE;
    if (s->n_args == 2) {
        int n_models = 0;
        while (model_name_at(NULL, n_models, NULL))
            n_models++;
        if (strcmp(s->args[0], "models") != 0)
            return complain(BAD_USAGE, "\"%s\": only models are listed by name: gusto list models NAME", s->args[1]);
        return list_one(s, s->args[1], &code) ? code
                                              : unknown_name("model", s->args[1], "gusto list", n_models, model_name_at, NULL);
    }
    if (s->n_args == 1 && list_one(s, s->args[0], &code))
        return code;
    for (int j = 0; j < N_SECTIONS && code == DONE; j++) {
        if (s->n_args > 0 && strcmp(s->args[0], sections[j].name) != 0)
            continue;
        found = true;
        printf("%s%s\n", s->n_args == 0 && j > 0 ? "\n" : "", sections[j].name);
        code = sections[j].print(s);
    }
    return found ? code : unknown_name("list of", s->args[0], "gusto list", N_SECTIONS, section_name_at, NULL);
}

static exit_code run(session *s, int argc, const char **argv)
{
    struct poptOption own[] = {POPT_TABLEEND};
    exit_code         code;
    if (session_parse(s, own, false, 0, 2, argc, argv, &code))
        code = work(s);
    session_clear(s, own);
    return code;
}

const command command_list = {"list", "[models [NAME] | optimizers | rates | schedules | metrics | NAME]",
                              "Lists what there is, with every option, default and bound.", run};
