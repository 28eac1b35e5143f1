/* The nearest name, for messages such as: no option "lerning_rate"; did you mean "learning_rate"? */
#include "core/context.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST = 64 };

/* Levenshtein distance by one row of the table; words longer than LONGEST are compared by their beginning. */
static int distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    n = n < LONGEST ? n : LONGEST;
    m = m < LONGEST ? m : LONGEST;

    int row[LONGEST + 1];
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            const int above = row[j];
            int       least = diagonal + (a[i - 1] != b[j - 1]);
            if (above + 1 < least)
                least = above + 1;
            if (row[j - 1] + 1 < least)
                least = row[j - 1] + 1;
            row[j] = least;
            diagonal = above;
        }
    }
    return row[m];
}

void gu_nearest(const char *word, int count, const char *(*name_at)(const void *arg, int j, char *scratch), const void *arg,
                char *nearest)
{
    int least = 0;
    nearest[0] = 0;
    for (int j = 0; j < count; j++) {
        char        scratch[GU_NAME_TEXT];
        const char *name = name_at(arg, j, scratch);
        const char *dot = strrchr(name, '.');
        int         d = distance(word, name);
        if (dot && distance(word, dot + 1) + 1 < d) /* "beta1" means "adam.beta1" */
            d = distance(word, dot + 1) + 1;
        if (j == 0 || d < least) {
            least = d;
            snprintf(nearest, GU_NAME_TEXT, "%s", name);
        }
    }
}
