/* The name that was meant, for messages such as: no option "lerning_rate"; did you mean "learning_rate"? */
#define _POSIX_C_SOURCE 200809L /* strnlen */

#include "core/context.h"

#include <gusto/option.h>

#include <stdio.h>
#include <string.h>

enum { LONGEST = 64, SHORTEST_BEGINNING = 3 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Edits between two words: a letter that is wrong, missing or too many, or two neighbours swapped (optimal string alignment), by three rows of
 * the table. Words longer than LONGEST are compared by their beginning. */
static int distance(const char *a, const char *b)
{
    const size_t n = strnlen(a, LONGEST), m = strnlen(b, LONGEST);
    int          rows[3][LONGEST + 1];
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int       *row = rows[i % 3];
        const int *above = rows[(i - 1) % 3], *second = rows[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], second[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

/* A name that the word begins is one edit away, whatever is missing. */
static int edits(const char *word, const char *name)
{
    const size_t n = strlen(word);
    const int    d = distance(word, name);
    return n >= SHORTEST_BEGINNING && strncmp(word, name, n) == 0 ? least(d, 1) : d;
}

bool gusto_nearest_name(const char *word, int n, const char *(*name_at)(const void *arg, int j, char *scratch), const void *arg,
                        char *nearest)
{
    int bound = ((int)strnlen(word, LONGEST) + 2) / 3;
    nearest[0] = 0;
    for (int j = 0; j < n; j++) {
        char        scratch[GUSTO_OPTION_TEXT];
        const char *name = name_at(arg, j, scratch), *dot = strrchr(name, '.');
        int         d = edits(word, name);
        if (dot) /* "beta1" means "adam.beta1" */
            d = least(d, edits(word, dot + 1) + 1);
        if (d < bound + !nearest[0]) {
            bound = d;
            snprintf(nearest, GUSTO_OPTION_TEXT, "%s", name);
        }
    }
    return nearest[0] != 0;
}

gusto_status gu_unknown(gusto_context *context, gusto_status status, const char *what, const char *word, int n,
                        const char *(*name_at)(const void *arg, int j, char *scratch), const void *arg)
{
    char nearest[GUSTO_OPTION_TEXT];
    if (gusto_nearest_name(word, n, name_at, arg, nearest))
        return gu_error(context, status, "no %s \"%s\"; did you mean \"%s\"?", what, word, nearest);
    return gu_error(context, status, "no %s \"%s\"", what, word);
}
