/* Walks the files that make.py has made, line by line, and compares. Every line that is wrong is named; then the test fails. */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include <gusto/gusto.h>

#include "../unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { GOLDEN_TEXT = 512, GOLDEN_FIELDS = 12 };

typedef struct golden {
    FILE       *file;
    const char *name;
    char        text[GOLDEN_TEXT];
    char       *field[GOLDEN_FIELDS]; /* of the line that was read last */
    int         line, n, n_wrong;
} golden;

/* Splits the line at commas, but for those between quotes, which go. */
static inline void golden_split(golden *g)
{
    char *to = g->text;
    bool  quoted = false;
    g->n = 0;
    g->field[g->n++] = to;
    for (const char *from = g->text; *from && *from != '\n'; from++) {
        if (*from == '"')
            quoted = !quoted;
        else if (*from != ',' || quoted)
            *to++ = *from;
        else {
            ck_assert_int_lt(g->n, GOLDEN_FIELDS);
            *to++ = 0;
            g->field[g->n++] = to;
        }
    }
    *to = 0;
}

static inline bool golden_next(golden *g)
{
    if (!fgets(g->text, sizeof g->text, g->file))
        return false;
    const int n = g->n;
    g->line++;
    ck_assert_msg(strchr(g->text, '\n') != NULL, "%s, line %d: longer than %d bytes", g->name, g->line, GOLDEN_TEXT - 2);
    golden_split(g);
    ck_assert_msg(g->line == 1 || g->n == n, "%s, line %d: %d fields, expected %d", g->name, g->line, g->n, n);
    return true;
}

static inline void golden_path(const char *name, char path[GOLDEN_TEXT])
{
    ck_assert_int_lt(snprintf(path, GOLDEN_TEXT, "%s/%s", GOLDEN_FOLDER, name), GOLDEN_TEXT);
}

/* Opens a file whose header names these fields. */
static inline void golden_open(golden *g, const char *name, const char *header)
{
    char path[GOLDEN_TEXT];
    *g = (golden){.name = name};
    golden_path(name, path);
    g->file = fopen(path, "r");
    ck_assert_msg(g->file && fgets(g->text, sizeof g->text, g->file), "%s cannot be read", path);
    g->text[strcspn(g->text, "\n")] = 0;
    ck_assert_str_eq(g->text, header);
    g->line = 1;
    golden_split(g);
}

/* Ends a walk: fails if any line was wrong, or if there were fewer than `least`. */
static inline void golden_close(golden *g, int least)
{
    fclose(g->file);
    ck_assert_msg(g->n_wrong == 0, "%s: %d lines are not what gusto says", g->name, g->n_wrong);
    ck_assert_int_gt(g->line, least);
}

/* Whether a number is that of the line, to `tolerance` of the greater of 1 and itself. A line that is not is told. */
static inline void golden_expect(golden *g, double got, const char *expected, double tolerance)
{
    char        *end;
    const double wanted = strtod(expected, &end);
    ck_assert_msg(*expected && !*end, "%s, line %d: \"%s\" is no number", g->name, g->line, expected);
    if (fabs(got - wanted) <= tolerance * fmax(1, fabs(wanted)))
        return;
    g->n_wrong++;
    fprintf(stderr, "%s, line %d:", g->name, g->line);
    for (int f = 0; f < g->n; f++)
        fprintf(stderr, " %s", g->field[f]);
    fprintf(stderr, ": gusto says %.10g, %.2g off\n", got, got - wanted);
}

/* Calls set for every NAME=VALUE of a field. */
static inline void golden_options(const char *field, void (*set)(void *self, const char *name, const char *value), void *self)
{
    char text[GOLDEN_TEXT];
    ck_assert_int_lt(snprintf(text, sizeof text, "%s", field), GOLDEN_TEXT);
    for (char *at = text; *at;) {
        char *const name = at, *const value = strchr(at, '=');
        ck_assert_msg(value != NULL, "\"%s\" is no option", field);
        at += strcspn(at, " ");
        if (*at)
            *at++ = 0;
        *value = 0;
        set(self, name, value + 1);
    }
}

/* The values of options in the order of their table: defaults but for those of the field. */
typedef struct golden_values {
    const gusto_option *options;
    int                 n;
    double              value[16];
} golden_values;

static inline void golden_set_value(void *self, const char *name, const char *value)
{
    golden_values *v = self;
    for (int o = 0; o < v->n; o++)
        if (strcmp(v->options[o].name, name) == 0) {
            v->value[o] = strtod(value, NULL);
            return;
        }
    ck_abort_msg("there is no option %s", name);
}

static inline golden_values golden_values_of(const gusto_option *options, int n, const char *field)
{
    golden_values v = {.options = options, .n = n};
    ck_assert_int_le(n, 16);
    for (int o = 0; o < n; o++)
        v.value[o] = options[o].value;
    golden_options(field, golden_set_value, &v);
    return v;
}

#endif
