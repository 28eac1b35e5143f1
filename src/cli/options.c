/* The command line: tables that all subcommands share, put together with the subcommand's own and parsed by popt. */
#include "cli/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fill_tables(session *s, struct poptOption *own, bool reads_ratings)
{
    reading *r = &s->reading;
    r->header = -1;
    const struct poptOption reading_table[N_READING] = {
        {"format", 0, POPT_ARG_STRING, &r->format, 0, "auto, text, mtx, jester or container (default: auto)", "NAME"},
        {"separator", 0, POPT_ARG_STRING, &r->separator, 0, "auto, tab, comma, ::, blanks, or one character (default: auto)",
         "NAME"},
        {"header", 0, POPT_ARG_VAL, &r->header, 1, "the first line names the columns (default: look)", NULL},
        {"no-header", 0, POPT_ARG_VAL, &r->header, 0, "the first line is a rating", NULL},
        {"user-column", 0, POPT_ARG_STRING, &r->user, 0, "by name, or by number from 1 (default: usual names, else 1)", "COLUMN"},
        {"item-column", 0, POPT_ARG_STRING, &r->item, 0, "the same (default: usual names, else 2)", "COLUMN"},
        {"value-column", 0, POPT_ARG_STRING, &r->value, 0, "the same, or none: every value is 1 (default: usual names, else 3)",
         "COLUMN"},
        {"weight-column", 0, POPT_ARG_STRING, &r->weight, 0, "the same (default: usual names, else none)", "COLUMN"},
        {"time-column", 0, POPT_ARG_STRING, &r->time, 0, "the same (default: usual names, else 4)", "COLUMN"},
        {"duplicates", 0, POPT_ARG_STRING, &r->duplicates, 0,
         "(user, item) pairs that occur twice: error, last, mean or sum (default: error)", "NAME"},
        {"missing", 0, POPT_ARG_STRING, &r->missing, 0, "jester: the value that stands for no rating (default: 99)", "VALUE"},
        POPT_TABLEEND};
    const struct poptOption common_table[N_COMMON] = {
        {"threads", 0, POPT_ARG_STRING, &s->threads, 0, "threads to use; results do not depend on it (default: all)", "N"},
        {"seed", 0, POPT_ARG_STRING, &s->seed, 0, "of everything random: same seed, same bytes (default: 1)", "N"},
        {"isa", 0, POPT_ARG_STRING, &s->isa, 0, "auto, reference, avx2 or avx512 (default: auto)", "NAME"},
        {"quiet", 'q', POPT_ARG_NONE, &s->quiet, 0, "no progress, only errors and warnings", NULL},
        {"help", 'h', POPT_ARG_NONE, &s->help, 0, "show this and exit", NULL},
        POPT_TABLEEND};
    memcpy(s->reading_table, reading_table, sizeof reading_table);
    memcpy(s->common_table, common_table, sizeof common_table);

    struct poptOption *t = s->all;
    *t++ = (struct poptOption){NULL, 0, POPT_ARG_INCLUDE_TABLE, own, 0, "Options:", NULL};
    if (reads_ratings)
        *t++ = (struct poptOption){NULL, 0, POPT_ARG_INCLUDE_TABLE, s->reading_table, 0, "How ratings are read:", NULL};
    *t++ = (struct poptOption){NULL, 0, POPT_ARG_INCLUDE_TABLE, s->common_table, 0, "Common options:", NULL};
    *t = (struct poptOption)POPT_TABLEEND;
}

/* All long names of the tables, one after the other. */
static const char *long_name_at(const void *arg, int j, char *scratch)
{
    (void)scratch;
    for (const struct poptOption *table = arg; table->arg; table++)
        for (const struct poptOption *o = table->arg; o->longName || o->shortName; o++)
            if (o->longName && j-- == 0)
                return o->longName;
    return NULL;
}

static exit_code bad_option(session *s, int error)
{
    const char *word = poptBadOption(s->popt, POPT_BADOPTION_NOALIAS);
    if (error != POPT_ERROR_BADOPT)
        return complain(BAD_USAGE, "%s: %s", word, poptStrerror(error));
    int n = 0;
    while (long_name_at(s->all, n, NULL))
        n++;

    char   name[64];
    size_t length = strcspn(word + strspn(word, "-"), "=");
    length = length < sizeof name - 1 ? length : sizeof name - 1;
    memcpy(name, word + strspn(word, "-"), length);
    name[length] = 0;
    return unknown_name("option", name, "--help", n, long_name_at, s->all);
}

static exit_code show_help(session *s)
{
    char usage[128];
    snprintf(usage, sizeof usage, "[OPTION...] %s", s->command->arguments);
    printf("%s\n\n", s->command->summary);
    poptSetOtherOptionHelp(s->popt, usage);
    poptPrintHelp(s->popt, stdout, 0);
    return DONE;
}

static exit_code make_context(session *s)
{
    gusto_status status = gusto_context_create(NULL, &s->context);
    if (status < 0)
        return failure(s, status);
    gusto_context_set_log(s->context, hear, s);

    int64_t threads = 0, seed = 1;
    if (!parse_int("--threads", s->threads, 1, 1024, &threads) || !parse_int("--seed", s->seed, 0, INT64_MAX, &seed))
        return BAD_USAGE;
    if (threads > 0)
        status = gusto_context_set_threads(s->context, (int)threads);
    if (status < 0)
        return failure(s, status);
    gusto_context_set_seed(s->context, (uint64_t)seed);

    if (s->isa) {
        int isa = GUSTO_ISA_AUTO;
        while (isa <= GUSTO_ISA_AVX512 && strcmp(gusto_isa_name((gusto_isa)isa), s->isa) != 0)
            isa++;
        if (isa > GUSTO_ISA_AVX512)
            return complain(BAD_USAGE, "--isa: \"%s\" is none of auto, reference, avx2, avx512", s->isa);
        status = gusto_context_set_isa(s->context, (gusto_isa)isa);
        if (status < 0)
            return failure(s, status);
    }
    return DONE;
}

bool session_parse(session *s, struct poptOption *own, bool reads_ratings, int least, int most, int argc, const char **argv,
                   exit_code *code)
{
    fill_tables(s, own, reads_ratings);
    s->popt = poptGetContext("gusto", argc, argv, s->all, 0);
    if (!s->popt) {
        *code = complain(FAILED, "out of memory");
        return false;
    }
    const int error = poptGetNextOpt(s->popt);
    if (error < -1) {
        *code = bad_option(s, error);
        return false;
    }
    if (s->help) {
        *code = show_help(s);
        return false;
    }

    s->args = poptGetArgs(s->popt);
    s->n_args = count_strings(s->args);
    if (s->n_args < least || (most >= 0 && s->n_args > most)) {
        *code = complain(BAD_USAGE, "%s \"%s\"; usage: gusto %s [OPTION...] %s",
                         s->n_args < least ? "missing argument after" : "too many arguments:",
                         s->n_args > 0 ? s->args[s->n_args - 1] : s->command->name, s->command->name, s->command->arguments);
        return false;
    }
    *code = make_context(s);
    return *code == DONE;
}

/* popt hands over copies of strings, and of lists of strings. */
static void free_arguments(struct poptOption *table)
{
    for (struct poptOption *o = table; o->longName || o->shortName; o++) {
        const unsigned kind = o->argInfo & POPT_ARG_MASK;
        if (kind == POPT_ARG_STRING) {
            free(*(char **)o->arg);
        } else if (kind == POPT_ARG_ARGV) {
            char **list = *(char ***)o->arg;
            for (int j = 0; list && list[j]; j++)
                free(list[j]);
            free(list);
        }
    }
}

void session_clear(session *s, struct poptOption *own)
{
    free_arguments(own);
    free_arguments(s->reading_table);
    free_arguments(s->common_table);
    gusto_context_destroy(s->context);
    poptFreeContext(s->popt);
}

bool reading_options(const session *s, gusto_read_options *out)
{
    static const char *const ways[] = {"error", "last", "mean", "sum"};
    const reading           *r = &s->reading;
    *out = gusto_read_options_default();
    if (r->format)
        out->format = r->format;
    if (r->separator)
        out->separator = r->separator;
    out->header = r->header;
    out->user = r->user;
    out->item = r->item;
    out->value = r->value;
    out->weight = r->weight;
    out->time = r->time;

    int way = 0;
    while (r->duplicates && way < 4 && strcmp(ways[way], r->duplicates) != 0)
        way++;
    if (way == 4) {
        complain(BAD_USAGE, "--duplicates: \"%s\" is none of error, last, mean, sum", r->duplicates);
        return false;
    }
    out->duplicates = (gusto_duplicates)way;

    double missing = (double)out->missing;
    if (!parse_real("--missing", r->missing, -1e30, 1e30, &missing))
        return false;
    out->missing = (gusto_real)missing;
    return true;
}

/* Whether the file, which is no ratings, holds a model. In a context of its own: the message of the failure stays. */
static bool is_model(const char *path)
{
    gusto_context *own;
    gusto_model   *model = NULL;
    if (!looks_like_container(path) || gusto_context_create(NULL, &own) < 0)
        return false;
    const gusto_status status = gusto_model_load(own, path, &model);
    gusto_model_destroy(model);
    gusto_context_destroy(own);
    return status == GUSTO_OK;
}

exit_code read_ratings(session *s, const char *path, gusto_ratings **out)
{
    gusto_read_options options;
    if (!reading_options(s, &options))
        return BAD_USAGE;
    const gusto_status status = gusto_ratings_read(s->context, path, &options, out);
    if (status == GUSTO_EFORMAT && is_model(path))
        return complain(BAD_INPUT, "%s is a model, expected ratings", path);
    return status < 0 ? failure(s, status) : DONE;
}
